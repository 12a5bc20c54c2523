"""Writes tests/golden/inception_v2_forward.json: research/slim's InceptionV2 under TF 1.15.

To make it again: `python3 tests/golden/regenerate.py inception_v2_forward`.
Weights are no part of the golden: each is drawn from its name (`weight_values`), on both sides.
"""

import pathlib
import sys

import numpy as np
import tensorflow.compat.v1 as tf

GOLDEN = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(GOLDEN / "shared"))

from by_name import digest, weight_values  # noqa: E402
from golden_files import write_json  # noqa: E402

NUM_CLASSES = 11
BATCH, SIZE = 4, 96


def images():
    return np.random.RandomState(0).uniform(-1, 1, (BATCH, SIZE, SIZE, 3)).astype(np.float32)


def run(net, arg_scope_fn, slim, is_training):
    """Returns (end points as digests, moving averages after the step as digests)."""
    with tf.Graph().as_default(), tf.Session() as session:
        with slim.arg_scope(arg_scope_fn()):
            _, end_points = net(
                tf.constant(images()), num_classes=NUM_CLASSES, is_training=is_training, dropout_keep_prob=1.0
            )
        session.run([v.assign(weight_values(v.op.name, v.shape.as_list())) for v in tf.global_variables()])
        values = session.run(end_points)
        session.run(tf.get_collection(tf.GraphKeys.UPDATE_OPS))
        names = [v for v in tf.global_variables() if "Mixed_4b/Branch_0" in v.op.name and "moving" in v.op.name]
        moved = session.run({v.op.name: v for v in names})
    return {name: digest(v) for name, v in values.items()}, {name: digest(v) for name, v in moved.items()}


def main():
    import research_slim
    import tf_slim as slim

    research_slim.make_importable()
    from nets import inception_utils, inception_v2

    content = {}
    for mode in ("train", "inference"):
        end_points, moving = run(
            inception_v2.inception_v2, inception_utils.inception_arg_scope, slim, is_training=mode == "train"
        )
        content[mode] = {"end_points": end_points, "moving": moving}
    write_json("inception_v2_forward.json", content)
    print({mode: len(c["end_points"]) for mode, c in content.items()})


if __name__ == "__main__":
    main()
