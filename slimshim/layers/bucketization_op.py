"""Which bucket each value falls into.

Same public name as ``tf_slim.layers.bucketization_op``.
"""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text
from ._symbolic import symbolic

__all__ = ["bucketize"]


@symbolic
def bucketize(input_tensor, boundaries, name=None):
    """Returns, for each value, how many of the boundaries are at or below it.

    With the boundaries [0, 10, 100] the value -5 gives 0, 0 gives 1, 150 gives 3.

    Args:
      input_tensor: a tensor of int32, int64, float32 or float64, of any shape.
      boundaries: a sorted list of floats.
      name: a name for the op.

    Returns:
      An int32 tensor of the shape of `input_tensor`.

    Raises:
      TypeError: if `boundaries` is no list.

    Source: `tf.contrib.layers.bucketize` of TF 1.15.
    """
    if not isinstance(boundaries, (list, tuple)):
        raise TypeError(error_text("boundaries", "a sorted list of floats", boundaries))
    return tf.raw_ops.Bucketize(input=tf.convert_to_tensor(input_tensor), boundaries=list(boundaries), name=name)
