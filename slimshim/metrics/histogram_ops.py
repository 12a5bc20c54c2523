"""The area under the ROC curve from two histograms of scores."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from ..ops.variables import variable
from ._inputs import without_extra_one
from ._streaming import streaming_metric

v1 = tf.compat.v1

__all__ = ["auc_using_histogram"]


@streaming_metric
def auc_using_histogram(boolean_labels, scores, score_range, nbins=100, collections=None, check_shape=True, name=None):
    """Returns (AUC, update): the area under the ROC curve, from histograms of the scores.

    Two counts for each bin are all that is kept. The finer the bins, the nearer the result to the
    exact area; scores in one bin count as ties.

    Args:
      boolean_labels: a bool tensor of shape [N], True for the positives.
      scores: a numeric tensor of shape [N].
      score_range: two numbers of the scores' type, the least and the greatest score. Scores beyond
        go to the outer bins.
      nbins: the number of bins.
      collections: the collections of the two variables; None for LOCAL_VARIABLES.
      check_shape: whether the session checks that both tensors have rank 1.
      name: the variable scope, `"auc_using_histogram"` by default.

    Returns:
      AUC: a float32 scalar; NaN until both labels were seen.
      update: an op without a value.

    Raises:
      ValueError: if the labels are not bool.
      tf.errors.InvalidArgumentError: in the session, if a tensor has not rank 1 or the range is empty.

    Source: `tf.contrib.metrics.auc_using_histogram`, TF 1.15.
    """
    if collections is None:
        collections = [v1.GraphKeys.LOCAL_VARIABLES]
    with v1.variable_scope(name, "auc_using_histogram", [boolean_labels, scores, score_range]):
        labels, scores = _checked(boolean_labels, scores, check_shape)
        score_range = tf.convert_to_tensor(score_range, name="score_range")
        batch = {"hist_true_acc": labels, "hist_false_acc": tf.logical_not(labels)}
        with v1.variable_scope(None, "hist_accumulate"):
            totals = {histogram: _empty_histogram(histogram, nbins, collections) for histogram in batch}
            updates = [
                totals[histogram].assign_add(_histogram(scores, chosen, score_range, nbins))
                for histogram, chosen in batch.items()
            ]
            update = tf.group(*updates, name="update_op")
        return _area(totals["hist_true_acc"], totals["hist_false_acc"]), update


def _checked(labels, scores, check_shape):
    labels = tf.convert_to_tensor(labels, name="boolean_labels")
    scores = tf.convert_to_tensor(scores, name="scores")
    check(labels.dtype == tf.bool, "boolean_labels", "a tensor of dtype bool", labels.dtype)
    labels, scores = without_extra_one(labels, scores), without_extra_one(scores, labels)
    if not check_shape:
        return labels, scores
    checks = [
        v1.Assert(tf.equal(tf.rank(tensor), 1), [f"{argument} should have rank 1. Found shape:", tf.shape(tensor)])
        for argument, tensor in (("boolean_labels", labels), ("scores", scores))
    ]
    with tf.control_dependencies(checks):
        return tf.identity(labels), tf.identity(scores)


def _histogram(scores, chosen, score_range, nbins):
    chosen_scores = tf.boolean_mask(tf.reshape(scores, [-1]), tf.reshape(chosen, [-1]))
    return tf.histogram_fixed_width(chosen_scores, score_range, nbins=nbins, dtype=tf.int64)


def _empty_histogram(name, nbins, collections):
    return variable(
        name,
        shape=[nbins],
        dtype=tf.int64,
        initializer=tf.zeros_initializer(),
        regularizer=None,
        trainable=False,
        collections=collections,
        use_resource=True,
    )


def _area(positives, negatives):
    """Returns the area under the curve that goes from the highest bin to the lowest."""
    rise, run = _shares_from_the_top(positives), _shares_from_the_top(negatives)
    # A bin's trapezoid has the height of the curve at the middle of its rise.
    middle = tf.cumsum(rise) - rise / 2.0
    return tf.cast(tf.reduce_sum(run * middle), tf.float32, name="auc")


def _shares_from_the_top(histogram):
    counts = tf.convert_to_tensor(histogram)
    return tf.reverse(counts / tf.reduce_sum(counts), [0])
