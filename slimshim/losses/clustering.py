"""The clustering loss, and the search for the medoids that it needs.

A clustering is a set of medoids: rows that stand for a cluster each, every row belonging to the
nearest one. The loss compares the true clusters with the worst false ones, found greedily
(facility location) and then improved by swaps (PAM). The search itself has no gradient.

How well a clustering agrees with the labels is scored by scikit-learn, which is not needed for
anything else and is imported on use.
"""

from __future__ import annotations

import importlib
import importlib.util

import numpy as np
import tensorflow as tf

from .._checks import one_of
from ..ops.summary_ops import print_with, scalar_summary
from .pairwise import one_for_each_row, pairwise_distance

HAS_SKLEARN = importlib.util.find_spec("sklearn") is not None

# Margin type -> the function of sklearn.metrics that scores it.
_SKLEARN_SCORES = {
    "nmi": "normalized_mutual_info_score",
    "ami": "adjusted_mutual_info_score",
    "ari": "adjusted_rand_score",
    "vmeasure": "v_measure_score",
}


def cluster_loss(
    labels, embeddings, margin_multiplier, enable_pam_finetuning=True, margin_type="nmi", print_losses=False
):
    """Returns the clustering loss of a batch, a float32 scalar.

    max(F(found) + margin_multiplier * (1 - score(found)) - F(true), 0), F being minus the sum of
    distances to the medoids, and `found` the clustering that makes this greatest, or nearly so.
    It also adds the summaries `losses/score_pred`, `losses/<margin_type>` and `losses/score_gt`.

    Args:
      labels: a tensor of shape [batch_size, 1] or [batch_size].
      embeddings: floats of shape [batch_size, dimensions], best of unit length.
      margin_multiplier: the weight of the structured margin.
      enable_pam_finetuning: whether to improve the greedy solution by swaps.
      margin_type: the score: 'nmi' (normalized mutual information), 'ami' (adjusted), 'ari'
        (adjusted Rand index), 'vmeasure', or 'const' (1 if both clusterings are the same, else 0).
      print_losses: whether each run prints the loss.

    Raises:
      ImportError: if scikit-learn is not installed; 'const' alone does without.
      ValueError: if `margin_type` is none of these, or `labels` has another batch size.

    Source: `tf.contrib.losses.metric_learning.cluster_loss` of TF 1.15; Song et al., "Deep metric
    learning via facility location", arXiv:1612.01213.
    """
    labels = one_for_each_row(tf.reshape(labels, [-1]), embeddings)
    distances = pairwise_distance(embeddings)
    all_ids = tf.range(tf.shape(embeddings)[0])
    medoids = compute_augmented_facility_locations(distances, labels, all_ids, margin_multiplier, margin_type)
    if enable_pam_finetuning:
        medoids = compute_augmented_facility_locations_pam(distances, labels, margin_multiplier, margin_type, medoids)
    energy_found = compute_facility_energy(distances, medoids)
    score_found = compute_clustering_score(labels, get_cluster_assignment(distances, medoids), margin_type)
    energy_true = compute_gt_cluster_score(distances, labels)

    margin = margin_multiplier * (1.0 - score_found)
    loss = tf.maximum(energy_found + margin - energy_true, 0.0, name="clustering_loss")
    if print_losses:
        loss = print_with(loss, "clustering_loss: ", loss)
    scalar_summary("losses/score_pred", energy_found)
    scalar_summary(f"losses/{margin_type}", score_found)
    scalar_summary("losses/score_gt", energy_true)
    return loss


# --- a clustering and its worth ----------------------------------------------------------------


def get_cluster_assignment(pairwise_distances, centroid_ids):
    """Returns, for each row, which of the centroids is nearest: int64 of shape [rows].

    A centroid belongs to itself, even if rounding puts another one as near.

    Args:
      pairwise_distances: floats of shape [rows, rows].
      centroid_ids: int32 row numbers of shape [centroids].
    """
    nearest = tf.argmin(tf.gather(pairwise_distances, centroid_ids), axis=0)
    own_numbers = tf.range(tf.size(centroid_ids, out_type=tf.int64))
    return tf.tensor_scatter_nd_update(nearest, centroid_ids[:, tf.newaxis], own_numbers)


def compute_facility_energy(pairwise_distances, centroid_ids):
    """Returns minus the sum of the distances of all rows to their nearest centroid, a scalar.

    Args:
      pairwise_distances: floats of shape [rows, rows].
      centroid_ids: int32 row numbers of shape [centroids].
    """
    return -tf.reduce_sum(tf.reduce_min(tf.gather(pairwise_distances, centroid_ids), axis=0))


def compute_clustering_score(labels, predictions, margin_type):
    """Returns how well two clusterings agree, from 0 to 1: a float32 scalar without a gradient.

    Args:
      labels: a tensor of shape [rows], the true clusters.
      predictions: a tensor of shape [rows], the clusters found.
      margin_type: 'nmi', 'ami', 'ari', 'vmeasure' or 'const'; see `cluster_loss`.

    Raises:
      ValueError: if `margin_type` is none of these.
      ImportError: if it needs scikit-learn, which is not installed.
    """
    return _clustering_scores(labels, predictions[tf.newaxis], margin_type)[0]


def compute_gt_cluster_score(pairwise_distances, labels):
    """Returns minus the sum of the distances of all rows to their label's medoid, a float32 scalar.

    Args:
      pairwise_distances: floats of shape [rows, rows].
      labels: a tensor of shape [rows].
    """
    classes, class_of_row = tf.unique(labels)
    is_same = tf.equal(class_of_row[:, tf.newaxis], class_of_row[tf.newaxis, :])
    travel = tf.reduce_sum(pairwise_distances * tf.cast(is_same, pairwise_distances.dtype), axis=0)
    return -tf.reduce_sum(tf.math.unsorted_segment_min(travel, class_of_row, tf.size(classes)))


# --- greedy search: one medoid more at a time --------------------------------------------------


def compute_augmented_facility_locations(pairwise_distances, labels, all_ids, margin_multiplier, margin_type):
    """Returns the medoids of a greedy search: int32 of shape [number of labels].

    Each step adds the row that makes energy plus margin greatest, given those chosen before.

    Args:
      pairwise_distances: floats of shape [rows, rows].
      labels: a tensor of shape [rows].
      all_ids: int32 of shape [rows], the rows to choose from.
      margin_multiplier: the weight of the margin.
      margin_type: the score behind the margin; see `cluster_loss`.
    """

    def add_one(chosen_ids):
        candidate_ids = _set_difference(all_ids, chosen_ids)
        best = _best_addition(pairwise_distances, labels, chosen_ids, candidate_ids, margin_multiplier, margin_type)
        return [tf.concat([chosen_ids, [best]], 0)]

    num_classes = tf.size(tf.unique(labels)[0])
    return tf.while_loop(
        lambda chosen_ids: tf.size(chosen_ids) < num_classes,
        add_one,
        [tf.zeros([0], tf.int32)],
        shape_invariants=[tf.TensorShape([None])],
    )[0]


def _best_addition(pairwise_distances, labels, chosen_ids, candidate_ids, margin_multiplier, margin_type):
    """Returns the candidate that makes energy plus margin greatest."""
    # The minimum over no medoids is infinite, as it should be.
    so_far = tf.reduce_min(tf.gather(pairwise_distances, chosen_ids), axis=0)
    energies = -tf.reduce_sum(tf.minimum(so_far, tf.gather(pairwise_distances, candidate_ids)), axis=1)
    margins = _margins(
        pairwise_distances,
        labels,
        candidate_ids,
        lambda candidate: tf.concat([chosen_ids, [candidate]], 0),
        margin_type,
    )
    return candidate_ids[tf.argmax(energies + margin_multiplier * margins)]


# --- PAM: swap a medoid for another member of its cluster ---------------------------------------


def compute_augmented_facility_locations_pam(
    pairwise_distances, labels, margin_multiplier, margin_type, chosen_ids, pam_max_iter=5
):
    """Returns medoids improved by swaps: int32 of the shape of `chosen_ids`.

    Args:
      pairwise_distances: floats of shape [rows, rows].
      labels: a tensor of shape [rows].
      margin_multiplier: the weight of the margin.
      margin_type: the score behind the margin; see `cluster_loss`.
      chosen_ids: int32 row numbers, the medoids to begin with.
      pam_max_iter: int, how many times to go over all clusters.
    """
    for _ in range(pam_max_iter):
        predictions = get_cluster_assignment(pairwise_distances, chosen_ids)
        chosen_ids = update_all_medoids(
            pairwise_distances, predictions, labels, chosen_ids, margin_multiplier, margin_type
        )
    return chosen_ids


def update_all_medoids(pairwise_distances, predictions, labels, chosen_ids, margin_multiplier, margin_type):
    """Returns the medoids after each cluster in turn has changed its own for the better.

    Args:
      pairwise_distances: floats of shape [rows, rows].
      predictions: ints of shape [rows], the cluster of each row.
      labels: a tensor of shape [rows].
      chosen_ids: int32 row numbers, the medoid of each cluster.
      margin_multiplier: the weight of the margin.
      margin_type: the score behind the margin; see `cluster_loss`.
    """
    predictions = tf.cast(predictions, tf.int32)

    def update_one(cluster, medoids):
        members = tf.where(tf.equal(predictions, cluster))[:, 0]
        within = tf.gather(tf.gather(pairwise_distances, members), members, axis=1)
        medoids = update_medoid_per_cluster(
            pairwise_distances, within, labels, medoids, members, cluster, margin_multiplier, margin_type
        )
        return cluster + 1, medoids

    num_classes = tf.size(tf.unique(labels)[0])
    chosen_ids = tf.convert_to_tensor(chosen_ids)
    return tf.while_loop(
        lambda cluster, medoids: cluster < num_classes,
        update_one,
        [tf.constant(0), chosen_ids],
        shape_invariants=[tf.TensorShape([]), chosen_ids.shape],
    )[1]


def update_medoid_per_cluster(
    pairwise_distances,
    pairwise_distances_subset,
    labels,
    chosen_ids,
    cluster_member_ids,
    cluster_idx,
    margin_multiplier,
    margin_type,
):
    """Returns the medoids with that of one cluster replaced by its best member.

    Args:
      pairwise_distances: floats of shape [rows, rows].
      pairwise_distances_subset: the distances within the cluster, of shape [members, members] or
        TF1's [members, 1, 1, members].
      labels: a tensor of shape [rows].
      chosen_ids: int32 row numbers, the medoid of each cluster.
      cluster_member_ids: int row numbers of the cluster's members, [members] or [members, 1].
      cluster_idx: int, the cluster.
      margin_multiplier: the weight of the margin.
      margin_type: the score behind the margin; see `cluster_loss`.
    """
    members = tf.cast(tf.reshape(cluster_member_ids, [-1]), tf.int32)
    within = tf.reshape(pairwise_distances_subset, [tf.size(members), tf.size(members)])
    margins = _margins(
        pairwise_distances,
        labels,
        members,
        lambda candidate: update_1d_tensor(chosen_ids, cluster_idx, candidate),
        margin_type,
    )
    best = members[tf.argmax(margin_multiplier * margins - tf.reduce_sum(within, axis=0))]
    return update_1d_tensor(chosen_ids, cluster_idx, best)


def update_1d_tensor(y, index, value):
    """Returns the vector `y` with `y[index]` replaced by `value`.

    Args:
      y: a tensor of rank 1.
      index: an int scalar.
      value: a tensor of one element.
    """
    return tf.tensor_scatter_nd_update(y, [[index]], tf.reshape(value, [1]))


# --- shared -------------------------------------------------------------------------------------


def _margins(pairwise_distances, labels, candidate_ids, medoids_with, margin_type):
    """Returns 1 - score of the clustering that each candidate would give: floats [candidates]."""

    @tf.autograph.experimental.do_not_convert  # There is nothing to convert, and converting is slow.
    def assignment(candidate):
        return get_cluster_assignment(pairwise_distances, medoids_with(candidate))

    predictions = tf.map_fn(assignment, candidate_ids, fn_output_signature=tf.int64)
    return 1.0 - _clustering_scores(labels, predictions, margin_type)


def _set_difference(ids, without):
    """Returns the ids that are not in `without`, in their order."""
    return tf.raw_ops.ListDiff(x=ids, y=without)[0]


def _clustering_scores(labels, predictions, margin_type):
    """Returns how well each row of `predictions` agrees with `labels`: float32 of shape [rows]."""
    one_of("margin_type", margin_type, [*_SKLEARN_SCORES, "const"])
    if margin_type == "const":
        is_equal = tf.equal(tf.cast(labels, tf.int64), tf.cast(predictions, tf.int64))
        return tf.cast(tf.reduce_all(is_equal, axis=1), tf.float32)
    if not HAS_SKLEARN:
        raise ImportError(
            f"margin_type={margin_type!r} needs scikit-learn, which is not installed. Install it with "
            "`pip install scikit-learn`, or use margin_type='const'."
        )
    # A score of chance level is 0, and so is a worse one.
    return tf.maximum(0.0, _sklearn_scores(labels, predictions, margin_type))


def _sklearn_scores(labels, predictions, margin_type):
    """Returns the scores, computed by Python when the op runs: all in one call, since each is small."""

    def scores(labels, predictions):
        score = getattr(importlib.import_module("sklearn.metrics"), _SKLEARN_SCORES[margin_type])
        return np.array([score(labels, row) for row in predictions], np.float32)

    computed = tf.numpy_function(scores, [labels, predictions], tf.float32, name=margin_type)
    return tf.ensure_shape(computed, [None])
