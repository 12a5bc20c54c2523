"""Metrics of the k best classes of each example."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from ._inputs import spread_weights
from ._streaming import running_total, streamed, streaming_metric

v1 = tf.compat.v1

__all__ = [
    "sparse_recall_at_top_k",
    "streaming_recall_at_k",
    "streaming_sparse_average_precision_at_k",
    "streaming_sparse_average_precision_at_top_k",
    "streaming_sparse_precision_at_k",
    "streaming_sparse_precision_at_top_k",
    "streaming_sparse_recall_at_k",
]


@streaming_metric
def streaming_recall_at_k(
    predictions, labels, k, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the weighted share of examples whose label is among the k best classes.

    Args:
      predictions: float32 scores of shape [N, C].
      labels: int32 or int64 class numbers of shape [N]. One that is not in [0, C) is a miss.
      k: how many classes may hold the label. With k above C, every label in [0, C) is a hit.

    Returns:
      Two float32 scalars; 0 before the first batch.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.contrib.metrics.streaming_recall_at_k`, TF 1.15.
    """
    hits = tf.cast(v1.math.in_top_k(predictions, labels, k), tf.float32)
    return v1.metrics.mean(hits, weights, metrics_collections, updates_collections, name or f"recall_at_{k:d}")


@streaming_metric
def streaming_sparse_recall_at_k(
    predictions,
    labels,
    k,
    class_id=None,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """Returns (value, update): the share of labels that are among their example's k best classes.

    Args:
      predictions: float scores of shape [D1, … DN, C].
      labels: an int64 tensor or SparseTensor of shape [D1, … DN, L], or [D1, … DN] for one label
        each. What is not in [0, C) is never found.
      k: how many classes count as predicted, at most C.
      class_id: the one class to look at, or None for all.

    Returns:
      Two float64 scalars; NaN while no label was seen.

    Raises:
      ValueError: if k is above C or the shapes do not fit.

    Source: `tf.compat.v1.metrics.recall_at_k`, with labels and predictions swapped.
    """
    return v1.metrics.recall_at_k(
        labels=labels,
        predictions=_with_k_classes(predictions, k),
        k=k,
        class_id=class_id,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_sparse_precision_at_k(
    predictions,
    labels,
    k,
    class_id=None,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """Returns (value, update): the share of the k best classes that are labels of their example.

    Args:
      predictions: float scores of shape [D1, … DN, C].
      labels: an int64 tensor or SparseTensor of shape [D1, … DN, L], or [D1, … DN] for one label
        each. What is not in [0, C) is never found.
      k: how many classes count as predicted, at most C.
      class_id: the one class to look at, or None for all.

    Returns:
      Two float64 scalars; NaN while nothing was predicted.

    Raises:
      ValueError: if k is above C or the shapes do not fit.

    Source: `tf.compat.v1.metrics.precision_at_k`, with labels and predictions swapped.
    """
    return v1.metrics.precision_at_k(
        labels=labels,
        predictions=_with_k_classes(predictions, k),
        k=k,
        class_id=class_id,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_sparse_precision_at_top_k(
    top_k_predictions,
    labels,
    class_id=None,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """Returns (value, update): the share of the predicted classes that are labels of their example.

    Args:
      top_k_predictions: int64 class numbers of shape [D1, … DN, k].
      labels: an int64 tensor or SparseTensor of shape [D1, … DN, L], or [D1, … DN] for one label
        each.
      class_id: the one class to look at, or None for all.

    Returns:
      Two float64 scalars; NaN while nothing was predicted.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.compat.v1.metrics.precision_at_top_k`, with labels and predictions swapped.
    """
    return v1.metrics.precision_at_top_k(
        labels=labels,
        predictions_idx=top_k_predictions,
        class_id=class_id,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def sparse_recall_at_top_k(
    labels,
    top_k_predictions,
    class_id=None,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """Returns (value, update): the share of labels that are among their example's predicted classes.

    Args:
      labels: an int64 tensor or SparseTensor of shape [D1, … DN, L], or [D1, … DN] for one label
        each.
      top_k_predictions: int64 class numbers of shape [D1, … DN, k].
      class_id: the one class to look at, or None for all.

    Returns:
      Two float64 scalars; NaN while no label was seen.

    Raises:
      ValueError: if the shapes do not fit.

    Source: `tf.compat.v1.metrics.recall_at_top_k`.
    """
    return v1.metrics.recall_at_top_k(
        labels=labels,
        predictions_idx=top_k_predictions,
        class_id=class_id,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_sparse_average_precision_at_k(
    predictions, labels, k, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the weighted mean over the examples of the average precision at k.

    Args:
      predictions: float scores of shape [D1, … DN, C].
      labels: an int64 tensor or SparseTensor of shape [D1, … DN, L], or [D1, … DN] for one label
        each. What is not in [0, C) is left out.
      k: how many classes count as predicted, from 1 to C.

    Returns:
      Two float64 scalars; 0 before the first batch.

    Raises:
      ValueError: if k is not in [1, C] or the shapes do not fit.

    Source: `tf.compat.v1.metrics.average_precision_at_k`, with labels and predictions swapped.
    """
    return v1.metrics.average_precision_at_k(
        labels=labels,
        predictions=_with_k_classes(predictions, k),
        k=k,
        weights=weights,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        name=name,
    )


@streaming_metric
def streaming_sparse_average_precision_at_top_k(
    top_k_predictions, labels, weights=None, metrics_collections=None, updates_collections=None, name=None
):
    """Returns (value, update): the weighted mean over the examples of the average precision.

    The average precision of one example is the sum, over the positions whose class is a label, of
    the precision up to there, divided by the most positions that could have been right: the lesser
    of k and the number of labels.

    Args:
      top_k_predictions: int64 class numbers of shape [D1, … DN, k], the best class first.
      labels: an int64 tensor or SparseTensor of shape [D1, … DN, L], or [D1, … DN] for one label
        each. Negative labels of a tensor are left out.

    Returns:
      Two float64 scalars; 0 before the first batch, NaN once an example had no label.

    Raises:
      ValueError: if k is not known or the shapes do not fit.

    Source: `tf.contrib.metrics.streaming_sparse_average_precision_at_top_k`, TF 1.15.
    """
    with v1.name_scope(name, "average_precision_at_top_k", (top_k_predictions, labels, weights)) as scope:
        precision = _average_precision(_ranked_classes(top_k_predictions), labels)
        weights = spread_weights(1.0 if weights is None else weights, precision, tf.float64)
        totals = [
            running_total("total", tf.reduce_sum(precision * weights)),
            running_total("max", tf.reduce_sum(weights)),
        ]

        def mean(total, most, name):
            return tf.math.divide_no_nan(total, most, name=scope if name == "update_op" else "mean")

        return streamed(mean, totals, metrics_collections, updates_collections)


def _ranked_classes(top_k_predictions):
    classes = tf.cast(top_k_predictions, tf.int64)
    known = classes.shape.rank is not None and classes.shape.rank > 0 and classes.shape[-1] is not None
    check(known, "top_k_predictions", "a tensor whose last dimension, k, is known", classes.shape)
    return classes


def _average_precision(classes, labels):
    """Returns the average precision of each example, float64 of shape [D1, … DN]."""
    labels = _with_label_dimension(labels, classes)
    is_label = tf.cast(_is_among(classes, labels), tf.float64)
    k = classes.shape[-1]
    precision_there = tf.cumsum(is_label, axis=-1) / tf.range(1, k + 1, dtype=tf.float64)
    most_hits = tf.cast(tf.minimum(_label_count(labels), k), tf.float64)
    return tf.reduce_sum(precision_there * is_label, axis=-1) / most_hits


def _with_label_dimension(labels, classes):
    """Returns the int64 labels in the rank of `classes`: one label each gets a dimension of its own."""
    if isinstance(labels, v1.SparseTensorValue):
        labels = tf.SparseTensor.from_value(labels)
    is_sparse = isinstance(labels, tf.SparseTensor)
    labels = tf.cast(labels, tf.int64)
    expand = tf.sparse.expand_dims if is_sparse else tf.expand_dims
    rank, wanted = labels.shape.rank, classes.shape.rank
    if rank is None:
        lacks_one = tf.equal(tf.rank(classes), tf.rank(labels) + 1)
        return tf.cond(lacks_one, lambda: expand(labels, -1), lambda: labels)
    check(rank in (wanted, wanted - 1), "labels", f"rank {wanted} or {wanted - 1}", labels.shape)
    return labels if rank == wanted else expand(labels, -1)


def _is_among(classes, labels):
    if isinstance(labels, tf.SparseTensor):
        labels = tf.sparse.to_dense(labels, default_value=-1)
    return tf.reduce_any(tf.equal(classes[..., tf.newaxis], labels[..., tf.newaxis, :]), axis=-1)


def _label_count(labels):
    if isinstance(labels, tf.SparseTensor):
        return tf.sets.size(labels)
    return tf.reduce_sum(tf.cast(labels >= 0, tf.int32), axis=-1)


def _with_k_classes(predictions, k):
    """Returns `predictions`, once it is known that they hold at least k classes."""
    predictions = tf.convert_to_tensor(predictions)
    classes = predictions.shape[-1] if predictions.shape.rank else None
    check(classes is None or k <= classes, "k", f"at most the number of classes, {classes}", k)
    return predictions
