"""Vectors scaled to a length."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from ..ops.arg_scope import add_arg_scope
from ..ops.scopes import layer_scope
from ._symbolic import symbolic

v1 = tf.compat.v1

__all__ = ["poincare_normalize", "unit_norm"]


@add_arg_scope
@symbolic
def unit_norm(inputs, dim, epsilon=1e-07, scope=None):
    """Returns `inputs` with the vectors along axis `dim` at length 1: `x / sqrt(epsilon + sum(x²))`.

    Source: TF 1.15 `tf.contrib.layers.unit_norm`.

    Args:
      inputs: a floating tensor of known rank.
      dim: the axis, an int from 0.
      epsilon: a float, added to the squared length.
      scope: the variable scope. Default: "UnitNorm", made unique.

    Raises:
      ValueError: if the rank is unknown, or `dim` is out of range.
    """
    with layer_scope(scope, "UnitNorm", [inputs]):
        inputs = tf.convert_to_tensor(inputs)
        rank = inputs.shape.rank
        check(bool(rank), "inputs", "a tensor of known rank, at least 1", inputs, "Tell the rank with set_shape.")
        check(0 <= dim < rank, "dim", f"an axis from 0 to {rank - 1}", dim)
        lengths = tf.sqrt(epsilon + tf.reduce_sum(tf.square(inputs), dim, keepdims=True))
        return tf.divide(inputs, lengths, name="div")


@symbolic
def poincare_normalize(x, axis=1, epsilon=1e-05, name=None):
    """Returns `x` with vectors that are longer than `1 - epsilon` brought to that length, others as they are.

    Vectors are then within the Poincaré ball, where hyperbolic embeddings live.

    Source: tf_slim 1.1 `poincare_normalize`; Nickel and Kiela, arXiv:1705.08039.

    Args:
      x: a floating tensor.
      axis: the axis of the vectors; a list of axes takes their elements as one vector.
      epsilon: a float, the distance to keep from the ball's surface.
      name: the name scope. Default: "poincare_normalize".
    """
    with v1.name_scope(name, "poincare_normalize", [x]) as scope:
        x = tf.convert_to_tensor(x, name="x")
        inverse_length = tf.math.rsqrt(tf.reduce_sum(tf.square(x), axis, keepdims=True))
        return tf.multiply(x, tf.minimum((1.0 - epsilon) * inverse_length, 1.0), name=scope)
