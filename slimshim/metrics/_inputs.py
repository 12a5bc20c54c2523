"""What comes into a metric, made fit: ranks matched, shapes checked, weights spread."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text

v1 = tf.compat.v1

# How far a softmax may overshoot 1. TF1's own check never ran in the session, so programs rely on it.
_ROUNDING = 1e-5


def aligned(predictions, labels, weights=None):
    """Returns (predictions, labels, weights) as tensors whose ranks fit.

    A last dimension of 1 that only the labels or only the predictions have is dropped. The weights
    then gain or lose one, unless they are a scalar.

    Raises:
      ValueError: if the shapes of predictions and labels cannot be the same.
    """
    predictions = tf.convert_to_tensor(predictions)
    labels = tf.convert_to_tensor(labels)
    predictions, labels = without_extra_one(predictions, labels), without_extra_one(labels, predictions)
    require_same_shape(predictions, labels)
    return predictions, labels, aligned_weights(weights, predictions)


def aligned_weights(weights, values):
    """Returns the weights as a tensor of rank 0 or of the rank of `values`; None for None."""
    if weights is None:
        return None
    weights = tf.convert_to_tensor(weights)
    if weights.shape.rank == 0:
        return weights
    if weights.shape.rank is not None and values.shape.rank is not None:
        return _with_rank_moved_by(weights, values.shape.rank - weights.shape.rank)
    return _with_dynamic_rank_moved(weights, tf.rank(values) - tf.rank(weights))


def _with_rank_moved_by(weights, step):
    if step == 1:
        return tf.expand_dims(weights, -1)
    if step == -1:
        return tf.squeeze(weights, [-1])
    return weights


def _with_dynamic_rank_moved(weights, step):
    rank = tf.rank(weights)
    is_tensor = tf.greater(rank, 0)
    dropped, added = (tf.cast(tf.logical_and(is_tensor, tf.equal(step, wanted)), tf.int32) for wanted in (-1, 1))
    shape = tf.shape(weights)[: rank - dropped]
    return tf.reshape(weights, tf.concat([shape, tf.ones([added], tf.int32)], 0))


def without_extra_one(tensor, other):
    """Returns `tensor` without its last dimension if that is 1 and `other` has one dimension less."""
    rank, other_rank = tensor.shape.rank, other.shape.rank
    if rank == 0 or (rank is not None and tensor.shape[-1] not in (1, None)):
        return tensor
    if rank is not None and other_rank is not None:
        return tf.squeeze(tensor, [-1]) if rank == other_rank + 1 else tensor
    has_extra = tf.equal(tf.rank(tensor), tf.rank(other) + 1)
    return tf.cond(has_extra, lambda: tf.squeeze(tensor, [-1]), lambda: tensor)


def require_same_shape(predictions, labels):
    """Raises ValueError if the static shapes of predictions and labels cannot be the same."""
    if not predictions.shape.is_compatible_with(labels.shape):
        raise ValueError(
            error_text(
                "labels",
                "the shape of predictions",
                labels.shape,
                f"Shapes {predictions.shape} and {labels.shape} are incompatible.",
            )
        )


def spread_weights(weights, values, dtype=tf.float32):
    """Returns the weights in the shape of `values`, as `dtype`; None for None.

    Args:
      weights: None, a scalar, or a tensor of the rank of `values` whose dimensions are 1 or equal.
      values: the tensor whose shape to take.
      dtype: the type of the result.

    Raises:
      ValueError: if the static shapes do not fit. Where only the session knows them, running
        raises `tf.errors.InvalidArgumentError`.
    """
    if weights is None:
        return None
    weights = tf.cast(tf.convert_to_tensor(weights), dtype)
    _require_broadcastable(weights.shape, values.shape)
    fits = v1.assert_rank_in(weights, (0, tf.rank(values)), message="weights can not be broadcast to values.")
    with tf.control_dependencies([fits]):
        return tf.broadcast_to(weights, tf.shape(values))


def _require_broadcastable(shape, wanted):
    if shape.rank is None or wanted.rank is None or shape.rank == 0:
        return
    fits = shape.rank == wanted.rank and all(
        size in (1, None) or other in (size, None) for size, other in zip(shape, wanted)
    )
    if not fits:
        raise ValueError(
            error_text(
                "weights",
                f"a scalar, or rank {wanted.rank} with each dimension 1 or that of {wanted}",
                shape,
                "The weights can not be broadcast to values.",
            )
        )


def within_unit_interval(predictions):
    """Returns the predictions clipped to [0, 1], checked in the session to lie there but for rounding."""
    predictions = tf.convert_to_tensor(predictions)
    if not predictions.dtype.is_floating:
        predictions = tf.cast(predictions, tf.float32)
    low, high = (tf.constant(bound, predictions.dtype) for bound in (-_ROUNDING, 1.0 + _ROUNDING))
    message = "predictions must be in [0, 1]"
    checks = [
        v1.assert_greater_equal(predictions, low, message=message),
        v1.assert_less_equal(predictions, high, message=message),
    ]
    with tf.control_dependencies(checks):
        return tf.clip_by_value(predictions, 0.0, 1.0)


def binary_labels(labels):
    """Returns the labels as a vector of int64, checked in the session to be 0 or 1."""
    labels = tf.reshape(tf.cast(labels, tf.int64), [-1])
    zero, one = tf.zeros((), tf.int64), tf.ones((), tf.int64)
    checks = [
        v1.assert_greater_equal(labels, zero, message="labels must be 0 or 1, at least one is <0"),
        v1.assert_less_equal(labels, one, message="labels must be 0 or 1, at least one is >1"),
    ]
    with tf.control_dependencies(checks):
        return tf.identity(labels)
