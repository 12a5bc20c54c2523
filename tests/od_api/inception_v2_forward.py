"""Prints, as JSON, the digests of research/slim's InceptionV2. Runs under `python -m slimshim run`."""

import json
import pathlib
import runpy

import tf_slim as slim
from object_detection.nets import inception_utils, inception_v2

GENERATOR = pathlib.Path(__file__).parents[1] / "golden" / "generators" / "inception_v2_forward.py"

generator = runpy.run_path(str(GENERATOR))
content = {}
for mode in ("train", "inference"):
    end_points, moving = generator["run"](
        inception_v2.inception_v2, inception_utils.inception_arg_scope, slim, is_training=mode == "train"
    )
    content[mode] = {"end_points": end_points, "moving": moving}
print("RESULT" + json.dumps(content))
