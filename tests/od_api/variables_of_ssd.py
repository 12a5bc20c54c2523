"""Prints, as JSON, what SSD-InceptionV2's training graph holds. Runs under `python -m slimshim run`.

Uses the golden's own generator, so that both sides build and describe the model in one way.
"""

import json
import pathlib
import runpy

import tensorflow.compat.v1 as tf

GENERATOR = pathlib.Path(__file__).parents[1] / "golden" / "generators" / "ssd_inception_v2.py"

generator = runpy.run_path(str(GENERATOR))
with tf.Graph().as_default() as graph:
    losses = generator["build_training_graph"]()
    print("RESULT" + json.dumps({"losses": sorted(losses), **generator["describe"](graph)}))
