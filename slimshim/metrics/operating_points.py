"""One number read off a curve, at the point where another number is as asked."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from ._streaming import streamed, streaming_metric
from .thresholds import EPSILON, confusion_at_thresholds, even_thresholds

v1 = tf.compat.v1

__all__ = [
    "precision_at_recall",
    "recall_at_precision",
    "streaming_sensitivity_at_specificity",
    "streaming_specificity_at_sensitivity",
]


@streaming_metric
def streaming_specificity_at_sensitivity(
    predictions,
    labels,
    sensitivity,
    weights=None,
    num_thresholds=200,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """Returns (value, update): the specificity where the sensitivity is nearest the one asked for.

    Args:
      predictions: a float tensor of any shape, of values in [0, 1].
      labels: a tensor of the same shape, cast to bool.
      sensitivity: the number in [0, 1] to be near to.
      num_thresholds: how many thresholds to look at.

    Returns:
      Two float32 scalars.

    Raises:
      ValueError: if the sensitivity is not in [0, 1] or the shapes do not fit.
      tf.errors.InvalidArgumentError: if a prediction that the graph holds as a constant is not in [0, 1].

    Source: `tf.compat.v1.metrics.specificity_at_sensitivity`, with labels and predictions swapped.
    """
    return v1.metrics.specificity_at_sensitivity(
        labels=labels,
        predictions=predictions,
        sensitivity=sensitivity,
        weights=weights,
        num_thresholds=num_thresholds,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_sensitivity_at_specificity(
    predictions,
    labels,
    specificity,
    weights=None,
    num_thresholds=200,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """Returns (value, update): the sensitivity where the specificity is nearest the one asked for.

    Args:
      predictions: a float tensor of any shape, of values in [0, 1].
      labels: a tensor of the same shape, cast to bool.
      specificity: the number in [0, 1] to be near to.
      num_thresholds: how many thresholds to look at.

    Returns:
      Two float32 scalars.

    Raises:
      ValueError: if the specificity is not in [0, 1] or the shapes do not fit.
      tf.errors.InvalidArgumentError: if a prediction that the graph holds as a constant is not in [0, 1].

    Source: `tf.compat.v1.metrics.sensitivity_at_specificity`, with labels and predictions swapped.
    """
    return v1.metrics.sensitivity_at_specificity(
        labels=labels,
        predictions=predictions,
        specificity=specificity,
        weights=weights,
        num_thresholds=num_thresholds,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def recall_at_precision(
    labels,
    predictions,
    precision,
    weights=None,
    num_thresholds=200,
    metrics_collections=None,
    updates_collections=None,
    name=None,
    strict_mode=False,
):
    """Returns (value, update): the recall at the threshold that fits the precision asked for.

    Args:
      labels: a tensor of any shape, cast to bool.
      predictions: a float tensor of the same shape, of values in [0, 1].
      precision: the number in [0, 1] to be near to.
      num_thresholds: how many thresholds to look at.
      strict_mode: False for the threshold whose precision is nearest. True for the one whose
        precision is least but not below; the recall is 0 where there is none.

    Returns:
      Two float32 scalars.

    Raises:
      ValueError: if the precision is not in [0, 1] or the shapes do not fit.

    Source: `tf.contrib.metrics.recall_at_precision`, TF 1.15.
    """
    _check_share("precision", precision)
    choose = _least_admissible if strict_mode else _nearest

    def recall(tp, fn, fp, tn, name):
        index, found = choose(tf.divide(tp, tp + fp + EPSILON), precision)
        there = tf.divide(tp[index], tp[index] + fn[index] + EPSILON)
        return tf.where(found, there, 0.0, name=name)

    with v1.variable_scope(name, "recall_at_precision", (predictions, labels, weights)):
        totals = _whole_confusion(predictions, labels, weights, num_thresholds)
        return streamed(recall, totals, metrics_collections, updates_collections)


@streaming_metric
def precision_at_recall(
    labels,
    predictions,
    target_recall,
    weights=None,
    num_thresholds=200,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """Returns (value, update): the precision at the highest threshold that reaches the recall.

    Args:
      labels: a tensor of any shape, cast to bool.
      predictions: a float tensor of the same shape, of values in [0, 1].
      target_recall: the number in [0, 1] to reach.
      num_thresholds: how many thresholds to look at.

    Returns:
      Two float32 scalars. Where no threshold reaches the recall, the precision at the last one.

    Raises:
      ValueError: if the recall is not in [0, 1] or the shapes do not fit.

    Source: `tf.contrib.metrics.precision_at_recall`, TF 1.15.
    """
    _check_share("target_recall", target_recall)

    def precision(tp, fn, fp, tn, name):
        recalls = tf.divide(tp, tp + fn + EPSILON)
        # Recall falls as the threshold rises, so the admissible thresholds come first.
        index = tf.reduce_sum(tf.cast(recalls >= target_recall, tf.int32)) - 1
        return tf.divide(tp[index] + EPSILON, tp[index] + fp[index] + EPSILON, name=name)

    with v1.variable_scope(name, "precision_at_recall", (predictions, labels, weights)):
        totals = _whole_confusion(predictions, labels, weights, num_thresholds)
        return streamed(precision, totals, metrics_collections, updates_collections)


def _check_share(argument, value):
    check(0 <= value <= 1, f"`{argument}`", "a number in the range [0, 1]", value)


def _whole_confusion(predictions, labels, weights, num_thresholds):
    cells = ["tp", "fn", "fp", "tn"]
    totals = confusion_at_thresholds(predictions, labels, even_thresholds(num_thresholds), weights, cells)
    return totals.values()


def _nearest(values, target):
    """Returns (the first index of the value nearest the target, True)."""
    return tf.argmin(tf.abs(values - target), output_type=tf.int32), True


def _least_admissible(values, target):
    """Returns (the first index of the least value not below the target, whether there is one)."""
    gaps = values - target
    # The values carry an epsilon in their denominators, so the target may be missed by as much.
    gaps_or_inf = tf.where(gaps + EPSILON >= 0, gaps, float("inf"))
    index = tf.argmin(gaps_or_inf, output_type=tf.int32)
    return index, values[index] >= target
