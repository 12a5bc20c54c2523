"""Moments of a batch that is spread over the replicas of a `tf.distribute` strategy."""

from __future__ import annotations

import tensorflow as tf


def global_moments(context, values, axes, weights=None):
    """Returns (mean, variance, count) over the batches of all replicas, each of shape [channels] or scalar.

    The mean is known before the squares are summed, as in `tf.nn.moments`, so that no digits are
    lost where the mean is large. Replicas may have batches of different sizes, or empty ones.

    Args:
      context: what `replicas_in_sync` gave.
      values: this replica's batch, a floating tensor.
      axes: the axes to reduce.
      weights: a weight for each value, of a shape that broadcasts to that of `values`, or None.

    Returns:
      The moments, and the number of values that each is of (with weights: their sum).
    """
    if weights is None:
        total, count = tf.reduce_sum(values, axes), _count(values, axes)
    else:
        weights = tf.broadcast_to(weights, tf.shape(values))
        total, count = tf.reduce_sum(values * weights, axes), tf.reduce_sum(weights, axes)
    total, count = context.all_reduce(tf.distribute.ReduceOp.SUM, [total, count])
    mean = total / count
    # No gradient through the mean here: deviations from it sum up to zero.
    squares = tf.square(values - _unreduced(tf.stop_gradient(mean), values, axes))
    if weights is not None:
        squares *= weights
    variance = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.reduce_sum(squares, axes)) / count
    return mean, variance, count


def _count(values, axes):
    return tf.cast(tf.reduce_prod(tf.gather(tf.shape(values), axes)), values.dtype)


def _unreduced(mean, values, axes):
    """Returns `mean` in a shape that broadcasts to that of `values`."""
    return tf.reshape(mean, [1 if axis in axes else -1 for axis in range(values.shape.rank)])
