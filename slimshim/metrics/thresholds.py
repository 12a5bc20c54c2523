"""The cells of a confusion matrix at several thresholds at once, and their ratios."""

from __future__ import annotations

import tensorflow as tf

from ._inputs import aligned, spread_weights
from ._streaming import running_total, streamed, streaming_metric

v1 = tf.compat.v1

__all__ = [
    "EPSILON",
    "confusion_at_thresholds",
    "even_thresholds",
    "streaming_false_negative_rate_at_thresholds",
    "streaming_false_negatives_at_thresholds",
    "streaming_false_positive_rate_at_thresholds",
    "streaming_false_positives_at_thresholds",
    "streaming_precision_at_thresholds",
    "streaming_recall_at_thresholds",
    "streaming_true_negatives_at_thresholds",
    "streaming_true_positives_at_thresholds",
]

EPSILON = 1e-7

# Cell: its variable's name, whether the label is positive, whether the prediction is.
_CELLS = {
    "tp": ("true_positives", True, True),
    "fn": ("false_negatives", True, False),
    "tn": ("true_negatives", False, False),
    "fp": ("false_positives", False, True),
}


def even_thresholds(count):
    """Returns `count` thresholds evenly over [0, 1], the outer two a hair outside of it."""
    inner = [step / (count - 1) for step in range(1, count - 1)]
    return [-EPSILON, *inner, 1.0 + EPSILON]


def confusion_at_thresholds(predictions, labels, thresholds, weights, cells):
    """Returns a dict from each of `cells` to its running total over the thresholds.

    Args:
      predictions: a numeric tensor of any shape; positive is what lies above a threshold.
      labels: a tensor of the same shape, cast to bool.
      thresholds: a sequence of T numbers.
      weights: None, a scalar, or a tensor that broadcasts to the predictions.
      cells: a sequence of "tp", "fn", "tn", "fp".

    Returns:
      A dict from cell to (variable, value after this batch), both float32 of shape [T].
    """
    predictions, labels, weights = aligned(predictions, labels, weights)
    weights = spread_weights(weights, predictions)
    scores = _as_row(predictions if predictions.dtype is tf.float64 else tf.cast(predictions, tf.float32))
    limits = tf.constant(thresholds, scores.dtype)[:, tf.newaxis]
    is_positive, is_above = _as_row(tf.cast(labels, tf.bool)), scores > limits

    totals = {}
    for cell in cells:
        name, positive, above = _CELLS[cell]
        in_cell = tf.logical_and(
            is_positive if positive else tf.logical_not(is_positive),
            is_above if above else tf.logical_not(is_above),
        )
        amounts = tf.cast(in_cell, tf.float32)
        if weights is not None:
            amounts *= _as_row(weights)
        totals[cell] = running_total(name, tf.reduce_sum(amounts, axis=1), [len(thresholds)])
    return totals


def _as_row(tensor):
    return tf.reshape(tensor, [1, -1])


def _count_at_thresholds(cell, predictions, labels, thresholds, weights):
    totals = confusion_at_thresholds(predictions, labels, thresholds, weights, [cell])
    return streamed(lambda total, name: total, [totals[cell]])


@streaming_metric
def streaming_true_positives_at_thresholds(predictions, labels, thresholds, weights=None):
    """Returns (value, update): the weight of positives whose prediction lies above each threshold.

    Args:
      predictions: a float tensor of any shape.
      labels: a tensor of the same shape, cast to bool.
      thresholds: a sequence of T numbers.

    Returns:
      Two float32 tensors of shape [T].

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.contrib.metrics.streaming_true_positives_at_thresholds`, TF 1.15.
    """
    return _count_at_thresholds("tp", predictions, labels, thresholds, weights)


@streaming_metric
def streaming_false_negatives_at_thresholds(predictions, labels, thresholds, weights=None):
    """Returns (value, update): the weight of positives whose prediction is not above each threshold.

    Args:
      predictions: a float tensor of any shape.
      labels: a tensor of the same shape, cast to bool.
      thresholds: a sequence of T numbers.

    Returns:
      Two float32 tensors of shape [T].

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.contrib.metrics.streaming_false_negatives_at_thresholds`, TF 1.15.
    """
    return _count_at_thresholds("fn", predictions, labels, thresholds, weights)


@streaming_metric
def streaming_false_positives_at_thresholds(predictions, labels, thresholds, weights=None):
    """Returns (value, update): the weight of negatives whose prediction lies above each threshold.

    Args:
      predictions: a float tensor of any shape.
      labels: a tensor of the same shape, cast to bool.
      thresholds: a sequence of T numbers.

    Returns:
      Two float32 tensors of shape [T].

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.contrib.metrics.streaming_false_positives_at_thresholds`, TF 1.15.
    """
    return _count_at_thresholds("fp", predictions, labels, thresholds, weights)


@streaming_metric
def streaming_true_negatives_at_thresholds(predictions, labels, thresholds, weights=None):
    """Returns (value, update): the weight of negatives whose prediction is not above each threshold.

    Args:
      predictions: a float tensor of any shape.
      labels: a tensor of the same shape, cast to bool.
      thresholds: a sequence of T numbers.

    Returns:
      Two float32 tensors of shape [T].

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.contrib.metrics.streaming_true_negatives_at_thresholds`, TF 1.15.
    """
    return _count_at_thresholds("tn", predictions, labels, thresholds, weights)


@streaming_metric
def streaming_precision_at_thresholds(
    predictions, labels, thresholds, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the precision at each threshold.

    Args:
      predictions: a float tensor of any shape, of values in [0, 1].
      labels: a tensor of the same shape, cast to bool.
      thresholds: a sequence of T numbers.

    Returns:
      Two float32 tensors of shape [T]; 0 where nothing was predicted positive.

    Raises:
      ValueError: if the shapes do not fit.
      tf.errors.InvalidArgumentError: if a prediction that the graph holds as a constant is not in [0, 1].

    Source: `tf.compat.v1.metrics.precision_at_thresholds`, with labels and predictions swapped.
    """
    return v1.metrics.precision_at_thresholds(
        labels=labels,
        predictions=predictions,
        thresholds=thresholds,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_recall_at_thresholds(
    predictions, labels, thresholds, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the recall at each threshold.

    Args:
      predictions: a float tensor of any shape, of values in [0, 1].
      labels: a tensor of the same shape, cast to bool.
      thresholds: a sequence of T numbers.

    Returns:
      Two float32 tensors of shape [T]; 0 while no positive was seen.

    Raises:
      ValueError: if the shapes do not fit.
      tf.errors.InvalidArgumentError: if a prediction that the graph holds as a constant is not in [0, 1].

    Source: `tf.compat.v1.metrics.recall_at_thresholds`, with labels and predictions swapped.
    """
    return v1.metrics.recall_at_thresholds(
        labels=labels,
        predictions=predictions,
        thresholds=thresholds,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_false_positive_rate_at_thresholds(
    predictions, labels, thresholds, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): fp / (fp + tn) at each threshold.

    Args:
      predictions: a float tensor of any shape.
      labels: a tensor of the same shape, cast to bool.
      thresholds: a sequence of T numbers.

    Returns:
      Two float32 tensors of shape [T]; 0 while no negative was seen.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.contrib.metrics.streaming_false_positive_rate_at_thresholds`, TF 1.15.
    """
    with v1.variable_scope(name, "false_positive_rate_at_thresholds", (predictions, labels, weights)):
        totals = confusion_at_thresholds(predictions, labels, thresholds, weights, ["fp", "tn"])
        return streamed(_share_named("fpr_"), totals.values(), metrics_collections, updates_collections)


@streaming_metric
def streaming_false_negative_rate_at_thresholds(
    predictions, labels, thresholds, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): fn / (fn + tp) at each threshold.

    Args:
      predictions: a float tensor of any shape.
      labels: a tensor of the same shape, cast to bool.
      thresholds: a sequence of T numbers.

    Returns:
      Two float32 tensors of shape [T]; 0 while no positive was seen.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.contrib.metrics.streaming_false_negative_rate_at_thresholds`, TF 1.15.
    """
    with v1.variable_scope(name, "false_negative_rate_at_thresholds", (predictions, labels, weights)):
        totals = confusion_at_thresholds(predictions, labels, thresholds, weights, ["fn", "tp"])
        return streamed(_share_named("fnr_"), totals.values(), metrics_collections, updates_collections)


def _share_named(prefix):
    def share(part, rest, name):
        return tf.divide(part, EPSILON + part + rest, name=prefix + name)

    return share
