"""Metric learning losses: public face of the rooms that hold them.

Same public names as ``tf_slim.losses.metric_learning``.
"""

from __future__ import annotations

from .clustering import (
    HAS_SKLEARN,
    cluster_loss,
    compute_augmented_facility_locations,
    compute_augmented_facility_locations_pam,
    compute_clustering_score,
    compute_facility_energy,
    compute_gt_cluster_score,
    get_cluster_assignment,
    update_1d_tensor,
    update_all_medoids,
    update_medoid_per_cluster,
)
from .embedding_losses import (
    contrastive_loss,
    lifted_struct_loss,
    npairs_loss,
    npairs_loss_multilabel,
    triplet_semihard_loss,
)
from .pairwise import masked_maximum, masked_minimum, pairwise_distance

__all__ = [
    "HAS_SKLEARN",
    "cluster_loss",
    "compute_augmented_facility_locations",
    "compute_augmented_facility_locations_pam",
    "compute_clustering_score",
    "compute_facility_energy",
    "compute_gt_cluster_score",
    "contrastive_loss",
    "get_cluster_assignment",
    "lifted_struct_loss",
    "masked_maximum",
    "masked_minimum",
    "npairs_loss",
    "npairs_loss_multilabel",
    "pairwise_distance",
    "triplet_semihard_loss",
    "update_1d_tensor",
    "update_all_medoids",
    "update_medoid_per_cluster",
]
