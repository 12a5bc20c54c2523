"""How two streams move together: covariance and Pearson's r."""

from __future__ import annotations

import collections

import tensorflow as tf

from ._inputs import aligned, spread_weights
from ._streaming import accumulate, metric_variable, published, streaming_metric

v1 = tf.compat.v1

__all__ = ["streaming_covariance", "streaming_pearson_correlation"]

_Moments = collections.namedtuple("_Moments", ["count", "mean_prediction", "mean_label", "comoment"])


@streaming_metric
def streaming_covariance(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the unbiased sample covariance of predictions and labels.

    The moments of a batch are merged into those of the stream, which stays exact where a sum of
    products would cancel. Weights are frequencies: 2 stands for the same pair seen twice.

    Args:
      predictions: a float tensor of any shape.
      labels: a tensor of the same shape.

    Returns:
      Two float32 scalars; NaN until the summed weight is above 1.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.contrib.metrics.streaming_covariance`, TF 1.15; Chan, Golub, LeVeque: Updating
    Formulae and a Pairwise Algorithm for Computing Sample Variances (1979).
    """
    with v1.variable_scope(name, "covariance", (predictions, labels, weights)):
        predictions, labels, weights = aligned(predictions, labels, weights)
        batch = _batch_moments(tf.cast(predictions, tf.float32), tf.cast(labels, tf.float32), weights)
        stream = _Moments(*map(metric_variable, _Moments._fields))
        merged = _merge(stream, batch)
        value = _covariance(stream.count, stream.comoment, "covariance")
        with tf.control_dependencies(merged):  # The means must move too, though nothing reads them here.
            update = _covariance(merged.count, merged.comoment, "update_op")
    return published(value, metrics_collections), published(update, updates_collections)


def _batch_moments(predictions, labels, weights):
    weights = tf.ones_like(labels) if weights is None else spread_weights(weights, labels)
    count = tf.reduce_sum(weights)
    mean_prediction = tf.math.divide_no_nan(tf.reduce_sum(predictions * weights), count)
    mean_label = tf.math.divide_no_nan(tf.reduce_sum(labels * weights), count)
    comoment = tf.reduce_sum((predictions - mean_prediction) * (labels - mean_label) * weights)
    return _Moments(count, mean_prediction, mean_label, comoment)


def _merge(stream, batch):
    """Returns the stream's moments after the batch was added to them."""
    # The steps read the old means before the assignments below, which depend on them.
    step_prediction = batch.mean_prediction - stream.mean_prediction
    step_label = batch.mean_label - stream.mean_label
    count = accumulate(stream.count, batch.count)
    share = tf.math.divide_no_nan(batch.count, count)
    between = step_prediction * step_label * (count - batch.count) * share
    return _Moments(
        count,
        accumulate(stream.mean_prediction, step_prediction * share),
        accumulate(stream.mean_label, step_label * share),
        accumulate(stream.comoment, batch.comoment + between),
    )


def _covariance(count, comoment, name):
    count = tf.convert_to_tensor(count)
    return tf.where(count <= 1.0, float("nan"), comoment / (count - 1.0), name=name)


@streaming_metric
def streaming_pearson_correlation(
    predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): Pearson's correlation coefficient of predictions and labels.

    Args:
      predictions: a float tensor of any shape.
      labels: a tensor of the same shape.

    Returns:
      Two float32 scalars in [-1, 1]; NaN until the summed weight is above 1, and where either
      stream does not vary.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.contrib.metrics.streaming_pearson_correlation`, TF 1.15.
    """
    with v1.variable_scope(name, "pearson_r", (predictions, labels, weights)):
        predictions, labels, weights = aligned(predictions, labels, weights)
        pairs = {
            "covariance": (predictions, labels),
            "variance_predictions": (predictions, predictions),
            "variance_labels": (labels, labels),
        }
        parts = [streaming_covariance(*pair, weights=weights, name=part) for part, pair in pairs.items()]
        values, updates = zip(*parts)
        value = _pearson(*values, name="pearson_r")
        update = _pearson(*updates, name="update_op")
    return published(value, metrics_collections), published(update, updates_collections)


def _pearson(covariance, variance_predictions, variance_labels, name):
    deviations = tf.sqrt(variance_predictions) * tf.sqrt(variance_labels)
    return tf.divide(covariance, deviations, name=name)
