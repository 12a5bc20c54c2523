"""Curves over thresholds and the areas under them."""

from __future__ import annotations

import collections

import tensorflow as tf

from .._checks import check
from ._inputs import aligned, within_unit_interval
from ._streaming import published, running_total, streamed_value, streaming_metric
from .thresholds import confusion_at_thresholds, even_thresholds

v1 = tf.compat.v1

__all__ = [
    "PrecisionRecallData",
    "check_curve",
    "precision_recall_at_equal_thresholds",
    "streaming_auc",
    "streaming_curve_points",
]

PrecisionRecallData = collections.namedtuple(
    "PrecisionRecallData", ["tp", "fp", "tn", "fn", "precision", "recall", "thresholds"]
)

# Keeps a curve's first and last point defined. Larger than the thresholds' own epsilon, as in TF1.
_EPSILON = 1e-6


def check_curve(curve):
    """Raises ValueError unless `curve` is "ROC" or "PR"."""
    if curve not in ("ROC", "PR"):
        raise ValueError(f"curve must be either ROC or PR, {curve} unknown")


@streaming_metric
def streaming_auc(
    predictions,
    labels,
    weights=None,
    num_thresholds=200,
    metrics_collections=None,
    updates_collections=None,
    curve="ROC",
    name=None,
):
    """Returns (value, update): the area under the ROC or PR curve, by the trapezoid rule.

    Args:
      predictions: a float tensor of any shape, of values in [0, 1].
      labels: a tensor of the same shape, cast to bool.
      num_thresholds: how many thresholds make the curve. `streaming_dynamic_auc` is exact.
      curve: "ROC" or "PR".

    Returns:
      Two float32 scalars.

    Raises:
      ValueError: if the curve is unknown or the shapes do not fit.
      tf.errors.InvalidArgumentError: if a prediction that the graph holds as a constant is not in [0, 1].

    Source: `tf.compat.v1.metrics.auc`, with labels and predictions swapped.
    """
    return v1.metrics.auc(
        labels=labels,
        predictions=predictions,
        weights=weights,
        num_thresholds=num_thresholds,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        curve=curve,
        name=name,
    )


@streaming_metric
def streaming_curve_points(
    labels=None,
    predictions=None,
    weights=None,
    num_thresholds=200,
    metrics_collections=None,
    updates_collections=None,
    curve="ROC",
    name=None,
):
    """Returns (points, update): the points of the ROC or PR curve, one for each threshold.

    Args:
      labels: a tensor of any shape, cast to bool.
      predictions: a float tensor of the same shape, of values in [0, 1].
      num_thresholds: how many thresholds make the curve.
      curve: "ROC" for (false positive rate, recall), "PR" for (recall, precision).

    Returns:
      points: float32 of shape [num_thresholds, 2].
      update: an op without a value.

    Raises:
      ValueError: if the curve is unknown or the shapes do not fit.

    Source: `tf.contrib.metrics.streaming_curve_points`, TF 1.15.
    """
    check_curve(curve)
    points_of = _roc_points if curve == "ROC" else _pr_points
    with v1.variable_scope(name, "curve_points", (labels, predictions, weights)):
        cells = ["tp", "fn", "tn", "fp"]
        totals = confusion_at_thresholds(predictions, labels, even_thresholds(num_thresholds), weights, cells)
        points = streamed_value(points_of, totals.values(), metrics_collections)
        update = tf.group(*(updated for _, updated in totals.values()))
        return points, published(update, updates_collections)


def _roc_points(tp, fn, tn, fp, name):
    return tf.stack([tf.divide(fp, fp + tn + _EPSILON), _smooth_share(tp, fn)], axis=1, name=name)


def _pr_points(tp, fn, tn, fp, name):
    return tf.stack([_smooth_share(tp, fn), _smooth_share(tp, fp)], axis=1, name=name)


def _smooth_share(part, rest):
    return tf.divide(part + _EPSILON, part + rest + _EPSILON)


@streaming_metric
def precision_recall_at_equal_thresholds(
    labels, predictions, weights=None, num_thresholds=None, use_locking=None, name=None
):
    """Returns (data, update): the confusion matrix, precision and recall at evenly spaced thresholds.

    Each prediction is counted once, in the bucket between two thresholds. So time grows with the
    number of predictions alone, however many thresholds there are. The sums are float64, exact
    for streams of many millions.

    Args:
      labels: a bool tensor of any shape.
      predictions: a float tensor of the same shape, of values in [0, 1].
      num_thresholds: how many thresholds; None for 201, which makes steps of 0.005.
      use_locking: unused; the variables lock by themselves.

    Returns:
      data: a `PrecisionRecallData` of seven tensors of shape [num_thresholds] and of the
        predictions' type: tp, fp, tn, fn, precision, recall, thresholds.
      update: an op without a value.

    Raises:
      TypeError: if the labels are not bool.
      ValueError: if the shapes do not fit.
      tf.errors.InvalidArgumentError: in the session, if a prediction is not in [0, 1].

    Source: `tf.contrib.metrics.precision_recall_at_equal_thresholds`, TF 1.15.
    """
    del use_locking
    num_thresholds = 201 if num_thresholds is None else num_thresholds
    labels = tf.convert_to_tensor(labels)
    check(labels.dtype == tf.bool, "labels", "a tensor of type tf.bool", labels.dtype, error=TypeError)
    default_name = "precision_recall_at_equal_thresholds"
    with v1.variable_scope(name, default_name, (labels, predictions, weights)):
        predictions, labels, weights = aligned(within_unit_interval(predictions), labels, weights)
        totals = _bucket_totals(predictions, labels, weights, num_thresholds)
        return _data_of_buckets(totals, predictions.dtype), tf.group(*(updated for _, updated in totals))


def _bucket_totals(predictions, labels, weights, count):
    """Returns the running weight (of positives, of negatives) in each bucket of predictions."""
    weights = tf.cast(1.0 if weights is None else weights, tf.float64)
    positives = tf.cast(labels, tf.float64)
    buckets = tf.reshape(tf.cast(tf.floor(predictions * (count - 1)), tf.int32), [-1])

    def in_buckets(amounts):
        return tf.math.unsorted_segment_sum(tf.reshape(amounts, [-1]), buckets, count)

    batch = {"tp_buckets": in_buckets(positives * weights), "fp_buckets": in_buckets((1.0 - positives) * weights)}
    with v1.name_scope("variables"):
        return [running_total(name, amount, [count]) for name, amount in batch.items()]


def _data_of_buckets(totals, dtype):
    """Returns the `PrecisionRecallData` of the bucket totals, as `dtype`."""

    def data(positives, negatives, name):
        tp = tf.cumsum(positives, reverse=True, name="tp")
        fp = tf.cumsum(negatives, reverse=True, name="fp")
        tn, fn = fp[0] - fp, tp[0] - tp
        precision, recall = (tp / tf.maximum(tf.constant(1e-7, tf.float64), tp + other) for other in (fp, fn))
        thresholds = tf.linspace(tf.constant(0.0, tf.float64), 1.0, tp.shape[0])
        return PrecisionRecallData(*(tf.cast(part, dtype) for part in (tp, fp, tn, fn, precision, recall, thresholds)))

    return streamed_value(data, totals)
