"""How many: values, and the four cells of a binary confusion matrix."""

from __future__ import annotations

import tensorflow as tf

from ._inputs import aligned_weights, spread_weights
from ._streaming import running_total, streamed, streaming_metric

v1 = tf.compat.v1

__all__ = [
    "count",
    "streaming_false_negatives",
    "streaming_false_positives",
    "streaming_true_negatives",
    "streaming_true_positives",
]


@streaming_metric
def count(values, weights=None, metrics_collections=None, updates_collections=None, name=None):
    """Returns (value, update): how many values were seen, or the sum of their weights.

    Args:
      values: a tensor of any shape.

    Returns:
      Two float32 scalars.

    Raises:
      ValueError: if the weights cannot be broadcast to the values.

    Source: `tf.contrib.metrics.count`, TF 1.15.
    """
    with v1.variable_scope(name, "count", (values, weights)):
        values = tf.convert_to_tensor(values)
        if weights is None:
            amount = tf.cast(tf.size(values), tf.float32)
        else:
            amount = tf.reduce_sum(spread_weights(aligned_weights(weights, values), values))
        # A batch counts once it was computed: values that fail must not be counted.
        with tf.control_dependencies([values]):
            total = running_total("count", tf.identity(amount))
        return streamed(lambda seen, name: seen, [total], metrics_collections, updates_collections)


@streaming_metric
def streaming_true_positives(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the summed weight of positives that were predicted positive.

    Args:
      predictions: a tensor of any shape, cast to bool.
      labels: a tensor of the same shape, cast to bool.

    Returns:
      Two float32 scalars.

    Source: `tf.compat.v1.metrics.true_positives`, with labels and predictions swapped.
    """
    return v1.metrics.true_positives(
        labels=labels,
        predictions=predictions,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_true_negatives(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the summed weight of negatives that were predicted negative.

    Args:
      predictions: a tensor of any shape, cast to bool.
      labels: a tensor of the same shape, cast to bool.

    Returns:
      Two float32 scalars.

    Source: `tf.compat.v1.metrics.true_negatives`, with labels and predictions swapped.
    """
    return v1.metrics.true_negatives(
        labels=labels,
        predictions=predictions,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_false_positives(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the summed weight of negatives that were predicted positive.

    Args:
      predictions: a tensor of any shape, cast to bool.
      labels: a tensor of the same shape, cast to bool.

    Returns:
      Two float32 scalars.

    Source: `tf.compat.v1.metrics.false_positives`, with labels and predictions swapped.
    """
    return v1.metrics.false_positives(
        labels=labels,
        predictions=predictions,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_false_negatives(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the summed weight of positives that were predicted negative.

    Args:
      predictions: a tensor of any shape, cast to bool.
      labels: a tensor of the same shape, cast to bool.

    Returns:
      Two float32 scalars.

    Source: `tf.compat.v1.metrics.false_negatives`, with labels and predictions swapped.
    """
    return v1.metrics.false_negatives(
        labels=labels,
        predictions=predictions,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )
