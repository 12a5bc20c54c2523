"""Initializers that keep the variance of activations or gradients.

Same public names as ``tf_slim.layers.initializers``. These are slim's own
formulas, not those of ``tf.keras.initializers``: the truncated normal draws
with a standard deviation of ``sqrt(1.3 * factor / n)``.
"""

import math

import tensorflow as tf

from .._checks import error_text

__all__ = [
    "variance_scaling_initializer",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]

_NOT_FLOATING = "Cannot create initializer for non-floating point type."

# How many connections count, from the fan-in and the fan-out of a weight.
_CONNECTIONS = {
    "FAN_IN": lambda fan_in, fan_out: fan_in,
    "FAN_OUT": lambda fan_in, fan_out: fan_out,
    "FAN_AVG": lambda fan_in, fan_out: (fan_in + fan_out) / 2.0,
}

# A normal cut off at two deviations has 0.774 of the variance of a whole one;
# 1.3 is slim's rounded inverse of that.
_TRUNCATION_FACTOR = 1.3


def xavier_initializer(uniform=True, seed=None, dtype=tf.float32):
    """Returns an initializer that keeps the scale of gradients across layers.

    It is `variance_scaling_initializer(factor=1.0, mode='FAN_AVG')`: uniform
    within `sqrt(6 / (fan_in + fan_out))` of zero, or a truncated normal.

    Args:
        uniform: bool, whether to draw uniformly (the default) or normally.
        seed: int or None, the op's seed; see `tf.random.set_seed`.
        dtype: a floating dtype; float32 by default.

    Returns:
        A function `(shape, dtype=dtype, partition_info=None)` that gives a tensor.

    Raises:
        TypeError: if `dtype` is not floating.

    Source: `tf.contrib.layers.xavier_initializer` of TF 1.15; Glorot and Bengio,
    "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010.
    """
    return variance_scaling_initializer(factor=1.0, mode="FAN_AVG", uniform=uniform, seed=seed, dtype=dtype)


xavier_initializer_conv2d = xavier_initializer


def variance_scaling_initializer(factor=2.0, mode="FAN_IN", uniform=False, seed=None, dtype=tf.float32):
    """Returns an initializer whose variance shrinks with the connections.

    With n the number of connections that `mode` counts, the values are
    `truncated_normal(stddev=sqrt(1.3 * factor / n))`, or uniform within
    `sqrt(3 * factor / n)` of zero; both have a variance of `factor / n`.

    The defaults are those of He et al. 2015 (arXiv:1502.01852). `factor=1.0`
    with `mode='FAN_IN', uniform=True` is that of Jia et al. (arXiv:1408.5093);
    with `mode='FAN_AVG'` it is `xavier_initializer`.

    Args:
        factor: float, the multiplier of the variance.
        mode: 'FAN_IN', 'FAN_OUT' or 'FAN_AVG'.
        uniform: bool, whether to draw uniformly or from a truncated normal.
        seed: int or None, the op's seed; see `tf.random.set_seed`.
        dtype: a floating dtype; float32 by default.

    Returns:
        A function `(shape, dtype=dtype, partition_info=None)` that gives a tensor.
        It takes `[..., in, out]` shapes; the leading sizes count as the field of a
        convolution.

    Raises:
        TypeError: if `dtype` is not floating or `mode` is not one of the three.

    Source: `tf.contrib.layers.variance_scaling_initializer` of TF 1.15.
    """
    dtype = _floating(dtype)
    if mode not in _CONNECTIONS:
        raise TypeError(error_text("mode", f"one of {sorted(_CONNECTIONS)}", mode))

    def initializer(shape, dtype=dtype, partition_info=None):
        """Returns a random tensor of this shape and dtype."""
        del partition_info  # Every part of a split weight counts by its own shape.
        dtype = _floating(dtype)
        sizes = _sizes(shape)
        variance = factor / _CONNECTIONS[mode](*_fans(sizes))
        if uniform:
            limit = math.sqrt(3.0 * variance)
            return tf.random.uniform(sizes, -limit, limit, dtype, seed=seed)
        stddev = math.sqrt(_TRUNCATION_FACTOR * variance)
        return tf.random.truncated_normal(sizes, 0.0, stddev, dtype, seed=seed)

    return initializer


def _floating(dtype):
    """Returns `dtype` as a tf.DType after checking that it is floating."""
    dtype = tf.as_dtype(dtype)
    if not dtype.is_floating:
        raise TypeError(f"{_NOT_FLOATING} " + error_text("dtype", "a floating dtype", dtype.name))
    return dtype


def _sizes(shape):
    """Returns `shape` as a list of ints; a weight has no unknown sizes."""
    sizes = tf.TensorShape(shape)
    if not sizes.is_fully_defined():
        raise ValueError(error_text("shape", "a fully known shape", shape))
    return sizes.as_list()


def _fans(sizes):
    """Returns (fan_in, fan_out) of a weight of shape [field..., in, out]."""
    if not sizes:
        return 1.0, 1.0
    field = float(math.prod(sizes[:-2]))
    # A vector counts its own length on both sides.
    fan_in = sizes[-2] if len(sizes) > 1 else sizes[-1]
    return field * fan_in, field * sizes[-1]
