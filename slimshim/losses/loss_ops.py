"""Losses of predictions against labels, each added to the losses of the graph or step.

Same public names as ``tf_slim.losses.loss_ops``. Note the order of the arguments: predictions
(or logits) come first, labels second, unlike in `tf.compat.v1.losses`.
"""

from __future__ import annotations

import contextlib

import tensorflow as tf

from .._checks import check, error_text
from .collecting import add_loss, get_losses, get_regularization_losses, get_total_loss
from .weighting import (
    check_ranks_known,
    check_weights_fit,
    compute_weighted_loss,
    float_weights,
    num_present_per_sample,
    weighted_sum,
)

v1 = tf.compat.v1

__all__ = [
    "absolute_difference",
    "add_loss",
    "compute_weighted_loss",
    "cosine_distance",
    "get_losses",
    "get_regularization_losses",
    "get_total_loss",
    "hinge_loss",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]


def absolute_difference(predictions, labels=None, weights=1.0, scope=None):
    """Returns the weighted mean of |predictions - labels|, a float32 scalar.

    Args:
      predictions: a tensor of any shape.
      labels: a tensor of the same shape.
      weights: a number, or a tensor of shape [batch_size] or that of `predictions`; see
        `compute_weighted_loss`.
      scope: the name scope of the ops; `absolute_difference` by default.

    Raises:
      ValueError: if the shapes do not fit, or `weights` is None.

    Source: `tf.contrib.losses.absolute_difference` of TF 1.15.
    """
    with _float_pair(scope, "absolute_difference", predictions, labels, weights) as (scope, predictions, labels):
        return compute_weighted_loss(tf.abs(predictions - labels), weights, scope=scope)


def sigmoid_cross_entropy(logits, multi_class_labels, weights=1.0, label_smoothing=0, scope=None):
    """Returns the weighted mean of the cross-entropies of independent classes, a scalar.

    Args:
      logits: a tensor of shape [batch_size, num_classes].
      multi_class_labels: a tensor of the same shape, of values in [0, 1].
      weights: a number, or a tensor of shape [batch_size] or [batch_size, num_classes]; see
        `compute_weighted_loss`.
      label_smoothing: if above 0, labels become `labels * (1 - s) + s / 2`.
      scope: the name scope of the ops; `sigmoid_cross_entropy_loss` by default.

    Raises:
      ValueError: if the shapes do not fit, or `weights` is None.

    Source: `tf.contrib.losses.sigmoid_cross_entropy` of TF 1.15.
    """
    with _pair(scope, "sigmoid_cross_entropy_loss", logits, multi_class_labels, weights, _LOGITS) as pair:
        scope, logits, labels = pair
        labels = tf.cast(labels, logits.dtype)
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope=scope)


def softmax_cross_entropy(logits, onehot_labels, weights=1.0, label_smoothing=0, scope=None):
    """Returns the weighted mean of the cross-entropies of exclusive classes, a scalar.

    No gradient flows into the labels.

    Args:
      logits: a tensor of shape [batch_size, num_classes].
      onehot_labels: a tensor of the same shape, each row a distribution.
      weights: a number, or a tensor of shape [batch_size]; see `compute_weighted_loss`.
      label_smoothing: if above 0, labels become `labels * (1 - s) + s / num_classes`.
      scope: the name scope of the ops; `softmax_cross_entropy_loss` by default.

    Raises:
      ValueError: if the shapes do not fit, or `weights` is None.

    Source: `tf.contrib.losses.softmax_cross_entropy` of TF 1.15.
    """
    with _pair(scope, "softmax_cross_entropy_loss", logits, onehot_labels, weights, _LOGITS) as pair:
        scope, logits, labels = pair
        labels = tf.cast(labels, logits.dtype)
        if label_smoothing > 0:
            num_classes = tf.cast(tf.shape(labels)[1], logits.dtype)
            labels = labels * (1.0 - label_smoothing) + label_smoothing / num_classes
        losses = tf.nn.softmax_cross_entropy_with_logits(
            labels=tf.stop_gradient(labels), logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, scope=scope)


def sparse_softmax_cross_entropy(logits, labels, weights=1.0, scope=None):
    """Returns the weighted mean of the cross-entropies of exclusive classes, a scalar.

    Args:
      logits: a tensor of shape [batch_size, num_classes].
      labels: int32 or int64 class numbers from 0 to `num_classes - 1`, of shape [batch_size] or
        [batch_size, 1].
      weights: a number, or a tensor of shape [batch_size] or [batch_size, 1]; see
        `compute_weighted_loss`.
      scope: the name scope of the ops; `sparse_softmax_cross_entropy_loss` by default.

    Raises:
      ValueError: if the shapes do not fit, or `weights` is None.
      tf.errors.InvalidArgumentError: when run on a CPU, for a label that is no class; it names the
        label and the range. A GPU, or a program that XLA compiled, cannot stop: there the loss is
        NaN.

    Source: `tf.contrib.losses.sparse_softmax_cross_entropy` of TF 1.15.
    """
    with v1.name_scope(scope, "sparse_softmax_cross_entropy_loss", [logits, labels, weights]) as scope:
        logits, labels = tf.convert_to_tensor(logits), tf.convert_to_tensor(labels)
        check(
            _is_one_for_each_row(labels.shape, logits.shape),
            "labels",
            f"one class number for each row of logits, whose shape is {logits.shape}",
            labels.shape,
        )
        labels = tf.reshape(labels, [tf.shape(labels)[0]])
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope=scope)


def log_loss(predictions, labels=None, weights=1.0, epsilon=1e-7, scope=None):
    """Returns the weighted mean of the log losses of predicted probabilities, a float32 scalar.

    -(labels * log(predictions + epsilon) + (1 - labels) * log(1 - predictions + epsilon))

    Args:
      predictions: a tensor of any shape, of values in [0, 1].
      labels: a tensor of the same shape, of values in [0, 1].
      weights: a number, or a tensor of shape [batch_size] or that of `predictions`; see
        `compute_weighted_loss`.
      epsilon: what keeps the logarithm from zero.
      scope: the name scope of the ops; `log_loss` by default.

    Raises:
      ValueError: if the shapes do not fit, or `weights` is None.

    Source: `tf.contrib.losses.log_loss` of TF 1.15.
    """
    with _float_pair(scope, "log_loss", predictions, labels, weights) as (scope, predictions, labels):
        losses = -labels * tf.math.log(predictions + epsilon) - (1 - labels) * tf.math.log(1 - predictions + epsilon)
        return compute_weighted_loss(losses, weights, scope=scope)


def hinge_loss(logits, labels=None, scope=None):
    """Returns the hinge loss of each element, max(0, 1 - (2 * labels - 1) * logits).

    Unlike the other functions this one gives no scalar and adds nothing to the losses.

    Args:
      logits: a float tensor; above 0 means class 1.
      labels: a tensor of the same shape, of zeros and ones.
      scope: the name scope of the ops; `hinge_loss` by default.

    Returns:
      A tensor of the shape of `logits`.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.contrib.losses.hinge_loss` of TF 1.15.
    """
    with _pair(scope, "hinge_loss", logits, labels, None, _LOGITS) as (scope, logits, labels):
        signs = 2 * tf.cast(labels, tf.float32) - 1
        return tf.nn.relu(1 - signs * logits)


def mean_squared_error(predictions, labels=None, weights=1.0, scope=None):
    """Returns the weighted mean of (predictions - labels)**2, a float32 scalar.

    Args:
      predictions: a tensor of any shape.
      labels: a tensor of the same shape.
      weights: a number, or a tensor of shape [batch_size] or that of `predictions`; see
        `compute_weighted_loss`.
      scope: the name scope of the ops; `mean_squared_error` by default.

    Raises:
      ValueError: if the shapes do not fit, or `weights` is None.

    Source: `tf.contrib.losses.mean_squared_error` of TF 1.15.
    """
    with _float_pair(scope, "mean_squared_error", predictions, labels, weights) as (scope, predictions, labels):
        return compute_weighted_loss(tf.math.squared_difference(predictions, labels), weights, scope=scope)


def mean_pairwise_squared_error(predictions, labels=None, weights=1.0, scope=None):
    """Returns how much the differences within each sample differ, summed over the batch.

    With d = predictions - labels and n the number of elements of a sample, each sample counts
    `2 * sum(d**2) / n - 2 * sum(d)**2 / n**2`, the mean of (d_i - d_j)**2 over its pairs (i, j).

    Args:
      predictions: a tensor of shape [batch_size, d0, ... dN].
      labels: a tensor of the same shape.
      weights: a number, or a tensor of shape [1] or [batch_size].
      scope: the name scope of the ops; `mean_pairwise_squared_error` by default.

    Returns:
      A float32 scalar; 0 where every weight is 0.

    Raises:
      ValueError: if the shapes do not fit, or `weights` is None.

    Source: `tf.contrib.losses.mean_pairwise_squared_error` of TF 1.15.
    """
    name = "mean_pairwise_squared_error"
    with _float_pair(scope, name, predictions, labels, weights) as (_, predictions, labels):
        weights = float_weights(weights)
        diffs = predictions - labels
        check_ranks_known(predictions=diffs, weights=weights)
        sample_axes = list(range(1, diffs.shape.rank))
        counts = num_present_per_sample(diffs, weights)
        # TF1 calls these ops "value" as well; the loss itself is "value_2" in its collection.
        squares = tf.math.divide_no_nan(tf.reduce_sum(tf.square(diffs), sample_axes), counts, name="value")
        square_of_sum = tf.square(tf.reduce_sum(diffs, sample_axes))
        square_of_sum = tf.math.divide_no_nan(square_of_sum, tf.square(counts), name="value")
        per_sample = 2.0 * squares - 2.0 * square_of_sum
        check_weights_fit(per_sample, weights)
        total = weighted_sum(per_sample, weights)
        loss = tf.where(tf.reduce_sum(counts) > 0, total, tf.zeros_like(total), name="value")
        add_loss(loss)
        return loss


def cosine_distance(predictions, labels=None, axis=None, weights=1.0, scope=None, dim=None):
    """Returns the weighted mean of 1 - sum(predictions * labels) along an axis, a float32 scalar.

    Args:
      predictions: a tensor of any shape, of unit length along `axis`.
      labels: a tensor of the same shape, of unit length along `axis`.
      axis: int, the axis of the vectors.
      weights: a number, or a tensor of shape [batch_size] or that of `predictions` without
        `axis`; see `compute_weighted_loss`.
      scope: the name scope of the ops; `cosine_distance_loss` by default.
      dim: the older name of `axis`.

    Raises:
      ValueError: if neither or both of `axis` and `dim` are given, the shapes do not fit, or
        `weights` is None.

    Source: `tf.contrib.losses.cosine_distance` of TF 1.15.
    """
    if axis is not None and dim is not None:
        raise ValueError(error_text("dim", "None, since axis is given too", dim))
    axis = dim if axis is None else axis
    check(axis is not None, "axis", "an int, the axis of the vectors", axis)
    with _float_pair(scope, "cosine_distance_loss", predictions, labels, weights) as (scope, predictions, labels):
        losses = 1 - tf.reduce_sum(predictions * labels, axis=[axis])
        return compute_weighted_loss(losses, weights, scope=scope)


_LOGITS = "logits"


@contextlib.contextmanager
def _pair(scope, default_scope, predictions, labels, weights, first_argument="predictions"):
    """Opens the loss's name scope; yields it and both tensors, checked to be of one shape."""
    check(labels is not None, "labels", "a tensor", labels)
    with v1.name_scope(scope, default_scope, [predictions, labels, weights]) as opened:
        predictions, labels = tf.convert_to_tensor(predictions), tf.convert_to_tensor(labels)
        check(
            predictions.shape.is_compatible_with(labels.shape),
            "labels",
            f"the shape of {first_argument}, {predictions.shape}",
            labels.shape,
        )
        yield opened, predictions, labels


@contextlib.contextmanager
def _float_pair(scope, default_scope, predictions, labels, weights):
    """As `_pair`, with both tensors as float32, in which TF1 slim computes these losses."""
    with _pair(scope, default_scope, predictions, labels, weights) as (opened, predictions, labels):
        yield opened, tf.cast(predictions, tf.float32), tf.cast(labels, tf.float32)


def _is_one_for_each_row(labels_shape, logits_shape):
    """Returns whether labels of one shape can belong to logits of the other, as far as both are known."""
    if labels_shape.rank is None or logits_shape.rank is None:
        return True
    rest = tf.TensorShape([1] * (labels_shape.rank - 1))
    fits = labels_shape.rank > 0 and logits_shape.rank == 2
    return fits and (logits_shape[:1] + rest).is_compatible_with(labels_shape)
