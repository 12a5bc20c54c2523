"""Activations that are no plain function of one element."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from ..ops.arg_scope import add_arg_scope
from ..ops.scopes import layer_scope
from ._symbolic import symbolic

__all__ = ["maxout"]


@add_arg_scope
@symbolic
def maxout(inputs, num_units, axis=-1, scope=None):
    """Returns the maxima over groups of features, with `num_units` left along `axis`.

    With the last axis of size k, unit i is the maximum of features `i * k / num_units` up to
    `(i + 1) * k / num_units`. With another axis the groups are those of TF1, which reshapes to
    `num_units` there and to the group's size at the end.

    Source: TF 1.15 `tf.contrib.layers.maxout`; Goodfellow et al., arXiv:1302.4389.

    Args:
      inputs: a tensor of known rank, with a known size along `axis`.
      num_units: the number of units, an int; divides the number of features.
      axis: the axis of the features; negative counts from the end.
      scope: the variable scope. Default: "MaxOut", made unique.

    Returns:
      A tensor of the shape of `inputs`, but with `num_units` along `axis`.

    Raises:
      ValueError: if `num_units` does not divide the number of features, or that number is unknown.
    """
    with layer_scope(scope, "MaxOut", [inputs]):
        inputs = tf.convert_to_tensor(inputs)
        check(inputs.shape.rank is not None, "inputs", "a tensor of known rank", inputs)
        shape = inputs.shape.as_list()
        features = shape[axis]
        check(features is not None, "inputs", f"a known number of features in axis {axis}", inputs)
        check(
            features % num_units == 0,
            "num_units",
            f"a divisor of the {features} features",
            num_units,
            f"number of features({features}) is not a multiple of num_units({num_units}).",
        )
        shape[axis] = num_units
        actual = tf.shape(inputs)
        sizes = [actual[i] if size is None else size for i, size in enumerate(shape)]
        outputs = tf.reduce_max(tf.reshape(inputs, sizes + [features // num_units]), -1)
        outputs.set_shape(shape)
        return outputs
