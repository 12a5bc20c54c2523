"""Writes tests/golden/inception_v2_forward.json: research/slim's InceptionV2 under TF 1.15.

Environment: as for ssd_inception_v2.py beside this file, and the package's `slim` folder (it holds
`nets`) on PYTHONPATH.

Weights are no part of the golden: each is drawn from its name (`weight_values`), on both sides.
"""

import json
import pathlib
import zlib

import numpy as np
import tensorflow.compat.v1 as tf

GOLDEN = pathlib.Path(__file__).resolve().parents[1]
NUM_CLASSES = 11
BATCH, SIZE = 4, 96


def weight_values(name, shape):
    """Returns the values of the variable `name`: random, but fixed by the name."""
    random = np.random.RandomState(zlib.crc32(name.encode()) & 0x7FFFFFFF)
    leaf = name.rsplit("/", 1)[-1]
    if leaf in ("moving_variance", "gamma"):
        values = random.uniform(0.5, 1.5, shape)
    elif leaf in ("moving_mean", "beta", "biases"):
        values = random.uniform(-0.2, 0.2, shape)
    else:  # He's scale keeps the activations alive through the depth of the net.
        values = random.standard_normal(shape) * np.sqrt(2.0 / max(1, int(np.prod(shape[:-1]))))
    return values.astype(np.float32)


def images():
    return np.random.RandomState(0).uniform(-1, 1, (BATCH, SIZE, SIZE, 3)).astype(np.float32)


def digest(value):
    """Returns what tells two tensors apart: shape, mean, spread, and some of the elements."""
    flat = np.ravel(value)
    picked = flat[:: max(1, flat.size // 8)][:8]
    return {
        "shape": list(value.shape),
        "mean": float(flat.mean()),
        "std": float(flat.std()),
        "picked": [float(v) for v in picked],
    }


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
    import tf_slim as slim
    from nets import inception_utils, inception_v2

    content = {}
    for mode in ("train", "inference"):
        end_points, moving = run(
            inception_v2.inception_v2, inception_utils.inception_arg_scope, slim, is_training=mode == "train"
        )
        content[mode] = {"end_points": end_points, "moving": moving}
    (GOLDEN / "inception_v2_forward.json").write_text(json.dumps(content, indent=1) + "\n")
    print({mode: len(c["end_points"]) for mode, c in content.items()})


if __name__ == "__main__":
    main()
