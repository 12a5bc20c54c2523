"""The area under a curve from every single prediction, with no grid of thresholds."""

from __future__ import annotations

import collections

import tensorflow as tf

from .._checks import check
from ._inputs import aligned, aligned_weights, binary_labels, require_same_shape, spread_weights
from ._streaming import published, streaming_metric
from .concat import streaming_concat
from .curves import check_curve
from .thresholds import EPSILON

v1 = tf.compat.v1

__all__ = ["AucData", "auc_with_confidence_intervals", "streaming_dynamic_auc"]

AucData = collections.namedtuple("AucData", ["auc", "lower", "upper"])


@streaming_metric
def streaming_dynamic_auc(
    labels,
    predictions,
    curve="ROC",
    metrics_collections=(),
    updates_collections=(),
    name=None,
    weights=None,
):
    """Returns (value, update): the exact area under the ROC or PR curve of all predictions seen.

    Every prediction is kept, and all are sorted for the value. Evaluate the value once, at the end.

    Args:
      labels: a tensor of any shape, of 0 and 1.
      predictions: a numeric tensor of the same shape; any values, only their order matters.
      curve: "ROC" or "PR".

    Returns:
      value: a float64 scalar; 0 where all labels are the same.
      update: an op without a value.

    Raises:
      ValueError: if the curve is unknown or the shapes do not fit.
      tf.errors.InvalidArgumentError: in the session, if a label is neither 0 nor 1.

    Source: `tf.contrib.metrics.streaming_dynamic_auc`, TF 1.15.
    """
    check_curve(curve)
    area_of = _roc_area if curve == "ROC" else _pr_area
    with v1.variable_scope(name, "dynamic_auc"):
        labels, predictions = tf.convert_to_tensor(labels), tf.convert_to_tensor(predictions)
        require_same_shape(predictions, labels)
        weights = spread_weights(aligned_weights(weights, predictions), predictions, tf.float64)
        kept, update = _kept(labels, predictions, weights)
        positives, negatives = _weights_by_score(**kept)
        trivial = tf.equal(tf.minimum(tf.reduce_sum(positives), tf.reduce_sum(negatives)), 0)
        area = tf.where(trivial, tf.zeros((), tf.float64), area_of(positives, negatives))
        return published(area, metrics_collections), published(update, updates_collections)


def _kept(labels, predictions, weights):
    """Returns ({"labels", "preds", "weights"} of all batches as vectors, the op that adds a batch)."""
    data = {"preds": tf.reshape(tf.cast(predictions, tf.float64), [-1]), "labels": binary_labels(labels)}
    if weights is not None:
        data["weights"] = tf.reshape(weights, [-1])
    pairs = {part: streaming_concat(tensor, name=f"concat_{part}") for part, tensor in data.items()}
    values = {part: value for part, (value, _) in pairs.items()}
    return values, tf.group(*(update for _, update in pairs.values()))


def _weights_by_score(labels, preds, weights=None):
    """Returns (weight of the positives, of the negatives) at each distinct score, highest score first."""
    positives = tf.cast(labels, tf.float64)
    weights = tf.ones_like(positives) if weights is None else tf.cast(weights, tf.float64)
    order = tf.argsort(preds, direction="DESCENDING")
    _, score_index = tf.unique(tf.gather(preds, order))

    def by_score(amounts):
        return tf.math.segment_sum(tf.gather(amounts, order), score_index)

    return by_score(weights * positives), by_score(weights * (1.0 - positives))


def _roc_area(positives, negatives):
    return _trapezoids(_cumulative_share(negatives), _cumulative_share(positives))


def _pr_area(positives, negatives):
    found = tf.cumsum(positives)
    precision = tf.math.divide_no_nan(found, tf.cumsum(positives + negatives))
    # Before anything is predicted positive, no such prediction is wrong.
    return _trapezoids(_cumulative_share(positives), _with_first(1.0, precision))


def _cumulative_share(amounts):
    return _with_first(0.0, tf.math.divide_no_nan(tf.cumsum(amounts), tf.reduce_sum(amounts)))


def _with_first(first, rest):
    return tf.concat([tf.constant([first], rest.dtype), rest], 0)


def _trapezoids(x, y):
    return tf.reduce_sum((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2.0)


@streaming_metric
def auc_with_confidence_intervals(
    labels,
    predictions,
    weights=None,
    alpha=0.95,
    logit_transformation=True,
    metrics_collections=(),
    updates_collections=(),
    name=None,
):
    """Returns (AucData(auc, lower, upper), update): the exact ROC AUC with its confidence interval.

    The interval comes from the placement values: of each positive, the share of negatives that it
    outranks, and of each negative the other way round. Every prediction is kept.

    Args:
      labels: a tensor of any shape, of 0 and 1.
      predictions: a numeric tensor of the same shape; any values, only their order matters.
      alpha: the level of confidence, in (0, 1).
      logit_transformation: whether the interval is normal for the logit of the AUC, which keeps
        it inside [0, 1], or for the AUC itself.

    Returns:
      value: `AucData` of three float32 scalars; all 0 unless both labels were seen with a
        summed weight of at least 1.
      update: an op without a value.

    Raises:
      ValueError: if alpha is not in (0, 1) or the shapes do not fit.
      tf.errors.InvalidArgumentError: in the session, if a label is neither 0 nor 1.

    Source: `tf.contrib.metrics.auc_with_confidence_intervals`, TF 1.15; Pepe: The Statistical
    Evaluation of Medical Tests for Classification and Prediction (2003), placement values.
    """
    check(0 < alpha < 1, "alpha", "a number between 0 and 1", alpha)
    with v1.variable_scope(name, "auc_with_confidence_intervals", (labels, predictions, weights)):
        predictions, labels, weights = aligned(predictions, labels, weights)
        weights = spread_weights(1.0 if weights is None else weights, predictions)
        kept, update = _kept(labels, predictions, weights)
        interval = _auc_interval(*_weights_by_score(**kept), alpha, logit_transformation)
        valid = _has_both_labels(**kept)
        data = AucData(*(tf.where(valid, tf.cast(part, tf.float32), 0.0) for part in interval))
        return published(data, metrics_collections), published(update, updates_collections)


def _has_both_labels(labels, weights, preds):
    del preds
    has_both = tf.logical_and(tf.reduce_any(tf.equal(labels, 0)), tf.reduce_any(tf.equal(labels, 1)))
    return tf.logical_and(has_both, tf.reduce_sum(weights) >= 1.0)


def _auc_interval(positives, negatives, alpha, logit_transformation):
    """Returns (AUC, lower, upper) from the weights at each score, highest score first."""
    outranked = tf.cumsum(negatives, exclusive=True, reverse=True) + negatives / 2.0
    outranking = tf.cumsum(positives, exclusive=True) + positives / 2.0
    auc, variance_of_positives = _weighted_moments(_share_of(outranked, negatives), positives)
    _, variance_of_negatives = _weighted_moments(_share_of(outranking, positives), negatives)
    deviation = tf.sqrt(variance_of_positives + variance_of_negatives)

    quantile = tf.math.ndtri(tf.constant((1.0 - alpha) / 2.0, tf.float64))
    interval = _logit_interval if logit_transformation else _plain_interval
    certain = tf.logical_or(tf.equal(auc, 0.0), tf.equal(auc, 1.0))
    lower, upper = (tf.where(certain, auc, bound) for bound in interval(auc, deviation * -quantile))
    return auc, lower, upper


def _share_of(amounts, whole):
    return tf.math.divide_no_nan(amounts, tf.reduce_sum(whole))


def _weighted_moments(placements, weights):
    """Returns the (mean, variance of the mean) of the placement values."""
    total = tf.reduce_sum(weights)
    mean = tf.math.divide_no_nan(tf.reduce_sum(weights * placements), total)
    spread = tf.reduce_sum(weights * tf.square(placements - mean))
    return mean, spread / (total - 1.0 + EPSILON) / (total + EPSILON)


def _plain_interval(auc, reach):
    return auc - reach, auc + reach


def _logit_interval(auc, reach):
    rest = 1.0 - auc + EPSILON
    logit, logit_reach = tf.math.log(auc / rest), reach / (auc * rest)
    return tf.sigmoid(logit - logit_reach), tf.sigmoid(logit + logit_reach)
