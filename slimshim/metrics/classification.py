"""Metrics of classifiers: the accuracy of one batch, the best F1 score of a stream."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from ._inputs import within_unit_interval
from ._streaming import streamed, streaming_metric
from .thresholds import EPSILON, confusion_at_thresholds, even_thresholds

v1 = tf.compat.v1

__all__ = ["accuracy", "f1_score"]


def accuracy(predictions, labels, weights=None, name=None):
    """Returns the weighted share of predictions that equal their label, in this batch alone.

    Keeps no state, so it works in graph mode, eagerly and inside a `tf.function`.

    Args:
      predictions: a tensor of any shape, of the labels' type.
      labels: an integer, bool or string tensor of the same shape.
      weights: None, or a tensor that broadcasts to the predictions.
      name: the name scope of the ops, `"accuracy"` by default.

    Returns:
      A float32 scalar.

    Raises:
      ValueError: if the labels are of another type, or predictions and labels of two types.

    Source: `tf.contrib.metrics.accuracy`, TF 1.15.
    """
    for argument, value in (("predictions", predictions), ("labels", labels)):
        check(value is not None, argument, "a tensor", value)
    predictions, labels = tf.convert_to_tensor(predictions), tf.convert_to_tensor(labels)
    is_class = labels.dtype.is_integer or labels.dtype.base_dtype in (tf.bool, tf.string)
    check(is_class, "labels", "a bool, integer or string tensor", labels.dtype)
    same_type = labels.dtype.is_compatible_with(predictions.dtype)
    check(same_type, "predictions", f"a tensor of the labels' type, {labels.dtype.name}", predictions.dtype)
    with v1.name_scope(name, "accuracy", [predictions, labels]):
        hits = tf.cast(tf.equal(predictions, labels), tf.float32)
        if weights is None:
            return tf.reduce_mean(hits)
        weights = tf.cast(weights, tf.float32) * tf.ones_like(hits)
        return tf.reduce_sum(hits * weights) / tf.reduce_sum(weights)


@streaming_metric
def f1_score(
    labels,
    predictions,
    weights=None,
    num_thresholds=200,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """Returns (value, update): the best F1 score over evenly spaced thresholds.

    F1 is the harmonic mean of precision and recall.

    Args:
      labels: a tensor of any shape, cast to bool.
      predictions: a float tensor of the same shape, of values in [0, 1].
      num_thresholds: how many thresholds to try.

    Returns:
      Two float32 scalars in [0, 1]; 0 before the first batch.

    Raises:
      ValueError: if the shapes do not fit.
      tf.errors.InvalidArgumentError: in the session, if a prediction is not in [0, 1].

    Source: `tf.contrib.metrics.f1_score`, TF 1.15.
    """
    with v1.variable_scope(name, "f1", (labels, predictions, weights)):
        totals = confusion_at_thresholds(
            within_unit_interval(predictions), labels, even_thresholds(num_thresholds), weights, ["tp", "fp", "fn"]
        )
        return streamed(_best_f1, totals.values(), metrics_collections, updates_collections)


def _best_f1(tp, fp, fn, name):
    # TF1 says "update" here, and leaves the maximum its automatic name.
    suffix = "update" if name == "update_op" else name
    precision = tf.divide(tp, EPSILON + tp + fp, name=f"precision_{suffix}")
    recall = tf.divide(tp, EPSILON + tp + fn, name=f"recall_{suffix}")
    return tf.reduce_max(2.0 * precision * recall / (precision + recall + EPSILON))
