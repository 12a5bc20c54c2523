"""Ratios of the cells of a binary confusion matrix."""

from __future__ import annotations

import tensorflow as tf

from ._streaming import published, streaming_metric

v1 = tf.compat.v1

__all__ = [
    "streaming_false_negative_rate",
    "streaming_false_positive_rate",
    "streaming_precision",
    "streaming_recall",
]


@streaming_metric
def streaming_precision(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): tp / (tp + fp), the share of predicted positives that are positive.

    Args:
      predictions: a tensor of any shape, cast to bool.
      labels: a tensor of the same shape, cast to bool.

    Returns:
      Two float32 scalars; 0 while nothing was predicted positive.

    Source: `tf.compat.v1.metrics.precision`, with labels and predictions swapped.
    """
    return v1.metrics.precision(
        labels=labels,
        predictions=predictions,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_recall(predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None):
    """Returns (value, update): tp / (tp + fn), the share of positives that were predicted positive.

    Args:
      predictions: a tensor of any shape, cast to bool.
      labels: a tensor of the same shape, cast to bool.

    Returns:
      Two float32 scalars; 0 while no positive was seen.

    Source: `tf.compat.v1.metrics.recall`, with labels and predictions swapped.
    """
    return v1.metrics.recall(
        labels=labels,
        predictions=predictions,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_false_positive_rate(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): fp / (fp + tn), the share of negatives that were predicted positive.

    Args:
      predictions: a tensor of any shape, cast to bool.
      labels: a tensor of the same shape, cast to bool.

    Returns:
      Two float32 scalars; 0 while no negative was seen.

    Source: `tf.contrib.metrics.streaming_false_positive_rate`, TF 1.15.
    """
    with v1.variable_scope(name, "false_positive_rate", (predictions, labels, weights)):
        wrong = v1.metrics.false_positives(labels, predictions, weights)
        right = v1.metrics.true_negatives(labels, predictions, weights)
        return _streamed_share(wrong, right, metrics_collections, updates_collections)


@streaming_metric
def streaming_false_negative_rate(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): fn / (fn + tp), the share of positives that were predicted negative.

    Args:
      predictions: a tensor of any shape, cast to bool.
      labels: a tensor of the same shape, cast to bool.

    Returns:
      Two float32 scalars; 0 while no positive was seen.

    Source: `tf.contrib.metrics.streaming_false_negative_rate`, TF 1.15.
    """
    with v1.variable_scope(name, "false_negative_rate", (predictions, labels, weights)):
        wrong = v1.metrics.false_negatives(labels, predictions, weights)
        right = v1.metrics.true_positives(labels, predictions, weights)
        return _streamed_share(wrong, right, metrics_collections, updates_collections)


def _streamed_share(part, rest, metrics_collections, updates_collections):
    """Returns (value, update) of part / (part + rest), each a (value, update) pair itself."""
    value = _share(part[0], rest[0], "value")
    update = _share(part[1], rest[1], "update_op")
    return published(value, metrics_collections), published(update, updates_collections)


def _share(part, rest, name):
    whole = part + rest
    return tf.where(whole > 0, tf.math.divide_no_nan(part, whole), 0.0, name=name)
