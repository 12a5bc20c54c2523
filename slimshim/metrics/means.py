"""Running means: of values, of hits, of what lies below a threshold."""

from __future__ import annotations

import tensorflow as tf

from ._streaming import streaming_metric

v1 = tf.compat.v1

__all__ = ["streaming_accuracy", "streaming_mean", "streaming_mean_tensor", "streaming_percentage_less"]


@streaming_metric
def streaming_mean(values, weights=None, metrics_collections=None, updates_collections=None, name=None):
    """Returns (value, update): the weighted mean of all values seen.

    Args:
      values: a tensor of any shape, cast to float32.

    Returns:
      Two float32 scalars; 0 before the first batch.

    Raises:
      ValueError: if the weights cannot be broadcast to the values.

    Source: `tf.compat.v1.metrics.mean`.
    """
    return v1.metrics.mean(
        values=values,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_mean_tensor(values, weights=None, metrics_collections=None, updates_collections=None, name=None):
    """Returns (value, update): the element-wise mean of all tensors seen.

    Args:
      values: a tensor of a fully known shape, the same in every batch.

    Returns:
      Two float32 tensors of that shape; 0 where nothing with weight was seen.

    Raises:
      ValueError: if the weights cannot be broadcast to the values.

    Source: `tf.compat.v1.metrics.mean_tensor`.
    """
    return v1.metrics.mean_tensor(
        values=values,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_accuracy(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the weighted share of predictions that equal their label.

    Args:
      predictions: a tensor of any shape.
      labels: a tensor of the same shape. Predictions of another type are cast to this one's.

    Returns:
      Two float32 scalars; 0 before the first batch.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.compat.v1.metrics.accuracy`, with labels and predictions swapped.
    """
    return v1.metrics.accuracy(
        labels=labels,
        predictions=predictions,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_percentage_less(
    values, threshold, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the weighted share of values below the threshold, in [0, 1].

    Args:
      values: a numeric tensor of any shape.
      threshold: a scalar.

    Returns:
      Two float32 scalars; 0 before the first batch.

    Source: `tf.compat.v1.metrics.percentage_below`.
    """
    return v1.metrics.percentage_below(
        values=values,
        threshold=threshold,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )
