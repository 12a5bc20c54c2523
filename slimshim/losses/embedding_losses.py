"""Losses that draw embeddings of one label together and push other labels away.

None of them is added to the losses collection by itself; see `add_loss`.
"""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text
from ..ops.summary_ops import print_with
from .pairwise import (
    masked_maximum,
    masked_minimum,
    of_same_batch,
    of_same_shape,
    one_for_each_row,
    pairwise_distance,
    safe_sqrt,
    same_label,
    without_diagonal,
)

v1 = tf.compat.v1


def contrastive_loss(labels, embeddings_anchor, embeddings_positive, margin=1.0):
    """Returns the contrastive loss of pairs, a scalar.

    The mean of d^2 over pairs that belong together, and of max(margin - d, 0)^2 over those that
    do not, with d the distance of the pair. Where d is 0 its gradient is 0; TF1 gives NaN there.

    Args:
      labels: a tensor of shape [batch_size]: 1 where the pair belongs together, else 0.
      embeddings_anchor: floats of shape [batch_size, dimensions], best of unit length.
      embeddings_positive: floats of the same shape, the other half of each pair.
      margin: the distance that pairs that do not belong together should keep.

    Raises:
      ValueError: if `labels` is not of rank 1, or the batch sizes or shapes differ.

    Source: `tf.contrib.losses.metric_learning.contrastive_loss` of TF 1.15; Hadsell, Chopra and
    LeCun, "Dimensionality reduction by learning an invariant mapping", CVPR 2006.
    """
    labels = one_for_each_row(labels, embeddings_anchor, "embeddings_anchor")
    embeddings_positive = of_same_shape(
        "embeddings_positive", embeddings_positive, "embeddings_anchor", embeddings_anchor
    )
    squares = tf.reduce_sum(tf.math.squared_difference(embeddings_anchor, embeddings_positive), 1)
    distances = safe_sqrt(squares)
    together = tf.cast(labels, distances.dtype)
    gaps = tf.maximum(margin - distances, 0.0)
    losses = together * tf.square(distances) + (1.0 - together) * tf.square(gaps)
    return tf.reduce_mean(losses, name="contrastive_loss")


def triplet_semihard_loss(labels, embeddings, margin=1.0):
    """Returns the triplet loss with semi-hard negatives, a float32 scalar.

    The mean of max(margin + d(a, p) - d(a, n), 0) over all pairs (a, p) of one label, d being the
    squared distance. The negative n is the nearest one that is farther off than p, or the
    farthest of all where none is. A batch without pairs of one label gives NaN.

    Args:
      labels: a tensor of shape [batch_size].
      embeddings: floats of shape [batch_size, dimensions], best of unit length.
      margin: how much farther than a positive a negative should be.

    Raises:
      ValueError: if `labels` is not of rank 1, or the batch sizes differ.

    Source: `tf.contrib.losses.metric_learning.triplet_semihard_loss` of TF 1.15; Schroff et al.,
    "FaceNet", arXiv:1503.03832.
    """
    is_same = same_label(one_for_each_row(labels, embeddings))
    distances = pairwise_distance(embeddings, squared=True)
    is_other = tf.logical_not(is_same)

    # Axes: anchor, positive, negative.
    to_positive = distances[:, :, tf.newaxis]
    to_negative = distances[:, tf.newaxis, :]
    is_semihard = tf.logical_and(is_other[:, tf.newaxis, :], to_negative > to_positive)
    nearest = masked_minimum(to_negative, tf.cast(is_semihard, tf.float32), dim=2)[:, :, 0]
    farthest = masked_maximum(distances, tf.cast(is_other, tf.float32))
    negatives = tf.where(tf.reduce_any(is_semihard, axis=2), nearest, farthest)

    positive_pairs = without_diagonal(is_same)
    losses = tf.maximum((margin + distances - negatives) * positive_pairs, 0.0)
    return tf.truediv(tf.reduce_sum(losses), tf.reduce_sum(positive_pairs), name="triplet_semihard_loss")


def npairs_loss(labels, embeddings_anchor, embeddings_positive, reg_lambda=0.002, print_losses=False):
    """Returns the n-pairs loss, a float32 scalar.

    The cross-entropy of each anchor's products with all positives, against those of its label,
    plus an L2 penalty on the embeddings. Best with each label in one pair of the batch.

    Args:
      labels: a tensor of shape [pairs].
      embeddings_anchor: floats of shape [pairs, dimensions], not of unit length.
      embeddings_positive: floats of the same shape, not of unit length.
      reg_lambda: the weight of the L2 penalty.
      print_losses: whether each run prints both parts of the loss.

    Raises:
      ValueError: if `labels` is not of rank 1, or the batch sizes differ.

    Source: `tf.contrib.losses.metric_learning.npairs_loss` of TF 1.15; Sohn, "Improved deep metric
    learning with multi-class n-pair loss objective", NIPS 2016.
    """
    labels = one_for_each_row(labels, embeddings_anchor, "embeddings_anchor")
    shared = tf.cast(same_label(labels), tf.float32)
    return _npairs(shared, embeddings_anchor, embeddings_positive, reg_lambda, print_losses)


def npairs_loss_multilabel(sparse_labels, embeddings_anchor, embeddings_positive, reg_lambda=0.002, print_losses=False):
    """Returns the n-pairs loss for pairs that have several labels each, a float32 scalar.

    As `npairs_loss`, with each anchor's targets in proportion to the number of labels that it
    shares with each positive.

    Args:
      sparse_labels: a list of one SparseTensor of shape [num_classes] for each pair, with ones
        where the pair has the label.
      embeddings_anchor: floats of shape [pairs, dimensions], not of unit length.
      embeddings_positive: floats of the same shape, not of unit length.
      reg_lambda: the weight of the L2 penalty.
      print_losses: whether each run prints both parts of the loss.

    Raises:
      TypeError: if `sparse_labels` holds anything but SparseTensors.
      ValueError: if the batch sizes differ.

    Source: `tf.contrib.losses.metric_learning.npairs_loss_multilabel` of TF 1.15.
    """
    for labels in sparse_labels:
        if not isinstance(labels, tf.SparseTensor):
            raise TypeError(error_text("sparse_labels", "a list of SparseTensors", sparse_labels))
    with v1.name_scope("NpairsLossMultiLabel"):
        shared = of_same_batch("sparse_labels", _shared_labels(sparse_labels), "embeddings_anchor", embeddings_anchor)
        return _npairs(shared, embeddings_anchor, embeddings_positive, reg_lambda, print_losses)


def lifted_struct_loss(labels, embeddings, margin=1.0):
    """Returns the lifted structured loss, a float32 scalar.

    Each pair (i, j) of one label counts max(J, 0)^2 with J = d(i, j) + log of the sum of
    exp(margin - d(i, k)) and exp(margin - d(j, k)) over all k of other labels. The loss is half
    their mean. A batch without pairs of one label gives NaN.

    Args:
      labels: a tensor of shape [batch_size].
      embeddings: floats of shape [batch_size, dimensions], not of unit length.
      margin: the distance that other labels should keep.

    Raises:
      ValueError: if `labels` is not of rank 1, or the batch sizes differ.

    Source: `tf.contrib.losses.metric_learning.lifted_struct_loss` of TF 1.15; Song et al., "Deep
    metric learning via lifted structured feature embedding", arXiv:1511.06452.
    """
    is_same = same_label(one_for_each_row(labels, embeddings))
    distances = pairwise_distance(embeddings)
    is_other = tf.logical_not(is_same)
    gaps = margin - distances

    # The greatest exponent of each pair is taken out, so that exp cannot overflow.
    others = tf.cast(is_other, tf.float32)
    greatest = masked_maximum(gaps, others)
    greatest = tf.maximum(greatest, tf.transpose(greatest))
    exponents = gaps[:, tf.newaxis, :] - greatest[:, :, tf.newaxis]
    # That bounds negatives alone. The rest could still become infinite, and infinity times 0 is NaN.
    exponents = tf.where(is_other[:, tf.newaxis, :], exponents, tf.zeros_like(exponents))
    sums = tf.reduce_sum(tf.exp(exponents) * others[:, tf.newaxis, :], axis=2)
    pair_losses = greatest + tf.math.log(sums + tf.transpose(sums)) + distances

    positive_pairs = without_diagonal(is_same)
    # Each pair is there twice, as (i, j) and (j, i).
    num_pairs = tf.reduce_sum(positive_pairs) / 2.0
    losses = tf.square(tf.maximum(pair_losses * positive_pairs, 0.0))
    return tf.truediv(0.25 * tf.reduce_sum(losses), num_pairs, name="liftedstruct_loss")


def _npairs(shared, anchors, positives, reg_lambda, print_losses):
    """Returns the n-pairs loss, `shared` being how many labels each anchor shares with each positive."""
    positives = of_same_shape("embeddings_positive", positives, "embeddings_anchor", anchors)
    squares = [tf.reduce_mean(tf.reduce_sum(tf.square(x), 1)) for x in (anchors, positives)]
    l2loss = tf.multiply(0.25 * reg_lambda, squares[0] + squares[1], name="l2loss")
    targets = shared / tf.reduce_sum(shared, 1, keepdims=True)
    similarities = tf.matmul(anchors, positives, transpose_b=True)
    xent_loss = tf.nn.softmax_cross_entropy_with_logits(logits=similarities, labels=tf.stop_gradient(targets))
    xent_loss = tf.reduce_mean(xent_loss, name="xentropy")
    if print_losses:
        xent_loss = print_with(xent_loss, "cross entropy:", xent_loss, "l2loss:", l2loss)
    return l2loss + xent_loss


def _shared_labels(sparse_labels):
    """Returns the [pairs, pairs] float matrix of how many labels two pairs share."""
    has_label = tf.stack([tf.cast(tf.sparse.to_dense(labels), tf.float32) for labels in sparse_labels])
    # Row by row, since all pairs of pairs and classes at once need not fit in memory.
    return tf.map_fn(lambda row: tf.reduce_sum(tf.minimum(row, has_label), axis=1), has_label)
