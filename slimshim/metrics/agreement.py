"""How well two sets of class numbers agree: mean intersection over union, Cohen's kappa."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from ._inputs import aligned
from ._streaming import running_total, streamed, streaming_metric

v1 = tf.compat.v1

__all__ = ["cohen_kappa", "streaming_mean_iou"]


@streaming_metric
def streaming_mean_iou(
    predictions, labels, num_classes, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the mean over the classes of intersection over union.

    Args:
      predictions: a tensor of class numbers of any shape, cast to int64.
      labels: a tensor of the same shape, cast to int64.
      num_classes: the number of classes, C.

    Returns:
      value: a float32 scalar; classes that neither labels nor predictions hold do not count.
      update: float64 of shape [C, C], the confusion matrix after this batch.

    Raises:
      ValueError: if the shapes do not fit.
      tf.errors.InvalidArgumentError: in the session, if a class is not in [0, C).

    Source: `tf.compat.v1.metrics.mean_iou`, with labels and predictions swapped.
    """
    return v1.metrics.mean_iou(
        labels=labels,
        predictions=predictions,
        num_classes=num_classes,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def cohen_kappa(
    labels,
    predictions_idx,
    num_classes,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """Returns (value, update): Cohen's kappa, the agreement beyond what chance would give.

    kappa = (observed - expected) / (total - expected), all as summed weights.

    Args:
      labels: class numbers, of shape [N] or [N, 1].
      predictions_idx: class numbers, of shape [N] or [N, 1].
      num_classes: the number of classes, at least 2.

    Returns:
      Two float64 scalars: 1 for perfect agreement, 0 for chance and before the first batch.

    Raises:
      ValueError: if there are fewer than 2 classes or the shapes do not fit.
      tf.errors.InvalidArgumentError: in the session, if a class is not in [0, num_classes).

    Source: `tf.contrib.metrics.cohen_kappa`, TF 1.15; Cohen: A Coefficient of Agreement for
    Nominal Scales (1960).
    """
    check(num_classes >= 2, "`num_classes`", "at least 2", num_classes)
    with v1.variable_scope(name, "cohen_kappa", (labels, predictions_idx, weights)):
        predictions, labels, weights = aligned(predictions_idx, _as_vector(labels), weights)
        table = _agreement_table(labels, predictions, num_classes, weights)
        margins = {
            "po": tf.linalg.diag_part(table),
            "pe_row": tf.reduce_sum(table, axis=0),
            "pe_col": tf.reduce_sum(table, axis=1),
        }
        totals = [running_total(part, amount, [num_classes]) for part, amount in margins.items()]
        return streamed(_kappa, totals, metrics_collections, updates_collections)


def _as_vector(labels):
    labels = tf.convert_to_tensor(labels)
    rank = labels.shape.rank
    check(rank is None or rank <= 2, "labels", "rank 1, or rank 2 with a last dimension of 1", labels.shape)
    return tf.squeeze(labels, [-1]) if rank == 2 else labels


def _agreement_table(labels, predictions, num_classes, weights):
    """Returns the confusion matrix of a batch: int64, or float32 if the weights are not integers."""
    counts = weights is None or weights.dtype.is_integer
    if weights is not None and weights.shape.rank == 0:
        weights = tf.fill(tf.shape(labels), weights)
    return v1.confusion_matrix(
        labels,
        predictions,
        num_classes=num_classes,
        weights=weights,
        dtype=tf.int64 if counts else tf.float32,
        name="counts_in_table",
    )


def _kappa(agreed, predicted, labelled, name):
    agreed, predicted, labelled = (tf.cast(part, tf.float64) for part in (agreed, predicted, labelled))
    total = tf.reduce_sum(predicted)
    expected = tf.reduce_sum(tf.math.divide_no_nan(predicted * labelled, total))
    return tf.math.divide_no_nan(tf.reduce_sum(agreed) - expected, total - expected, name=name)
