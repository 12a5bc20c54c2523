"""How far off: the running mean errors of a regression."""

from __future__ import annotations

import tensorflow as tf

from ._streaming import streaming_metric

v1 = tf.compat.v1

__all__ = [
    "streaming_mean_absolute_error",
    "streaming_mean_cosine_distance",
    "streaming_mean_relative_error",
    "streaming_mean_squared_error",
    "streaming_root_mean_squared_error",
]


@streaming_metric
def streaming_mean_absolute_error(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the weighted mean of `|predictions - labels|`.

    Args:
      predictions: a float tensor of any shape.
      labels: a tensor of the same shape and type.

    Returns:
      Two float32 scalars; 0 before the first batch.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.compat.v1.metrics.mean_absolute_error`, with labels and predictions swapped.
    """
    return v1.metrics.mean_absolute_error(
        labels=labels,
        predictions=predictions,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_mean_relative_error(
    predictions, labels, normalizer, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the weighted mean of `|predictions - labels| / normalizer`.

    Args:
      predictions: a float tensor of any shape.
      labels: a tensor of the same shape and type.
      normalizer: a tensor of the same shape; where it is 0, the error counts as 0.

    Returns:
      Two float32 scalars; 0 before the first batch.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.compat.v1.metrics.mean_relative_error`, with labels and predictions swapped.
    """
    return v1.metrics.mean_relative_error(
        labels=labels,
        predictions=predictions,
        normalizer=normalizer,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_mean_squared_error(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the weighted mean of `(predictions - labels)²`.

    Args:
      predictions: a float tensor of any shape.
      labels: a tensor of the same shape and type.

    Returns:
      Two float32 scalars; 0 before the first batch.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.compat.v1.metrics.mean_squared_error`, with labels and predictions swapped.
    """
    return v1.metrics.mean_squared_error(
        labels=labels,
        predictions=predictions,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_root_mean_squared_error(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the root of the weighted mean of `(predictions - labels)²`.

    Args:
      predictions: a float tensor of any shape.
      labels: a tensor of the same shape and type.

    Returns:
      Two float32 scalars; 0 before the first batch.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.compat.v1.metrics.root_mean_squared_error`, with labels and predictions swapped.
    """
    return v1.metrics.root_mean_squared_error(
        labels=labels,
        predictions=predictions,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_mean_cosine_distance(
    predictions, labels, dim, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): 1 minus the weighted mean of the dot products along `dim`.

    Args:
      predictions: a float tensor of vectors of length 1.
      labels: a tensor of the same shape and type, also of vectors of length 1.
      dim: the dimension along which the vectors lie.

    Returns:
      Two float32 scalars; 1 before the first batch.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.compat.v1.metrics.mean_cosine_distance`, with labels and predictions swapped.
    """
    return v1.metrics.mean_cosine_distance(
        labels=labels,
        predictions=predictions,
        dim=dim,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )
