"""What generators share: weights that are drawn from their names, and digests of large results.

Weights are no part of a golden: both sides draw them here. Speaks Python 3.7 and now.
"""

import zlib

import numpy as np

# Larger weights repeat a block of this length, which is prime: drawing 100 million numbers takes long.
_BLOCK = 1000003


def weight_values(name, shape):
    """Returns the values of the variable `name`: random, but fixed by the name."""
    random = np.random.RandomState(zlib.crc32(name.encode()) & 0x7FFFFFFF)
    leaf = name.rsplit("/", 1)[-1]
    if leaf in ("moving_variance", "gamma"):
        values = random.uniform(0.5, 1.5, shape)
    elif leaf in ("moving_mean", "beta", "biases"):
        values = random.uniform(-0.2, 0.2, shape)
    else:  # He's scale keeps the activations alive through the depth of the net.
        drawn = shape if np.prod(shape) <= _BLOCK else (_BLOCK,)
        values = np.resize(random.standard_normal(drawn), shape) * np.sqrt(2.0 / max(1, int(np.prod(shape[:-1]))))
    return values.astype(np.float32)


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


def digest_row(value):
    """Returns `digest` without the shape as ten numbers; missing elements are 0."""
    found = digest(value)
    picked = found["picked"] + [0.0] * (8 - len(found["picked"]))
    return [found["mean"], found["std"]] + picked
