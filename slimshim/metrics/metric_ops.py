"""The streaming metrics under tf_slim's path, `tf_slim.metrics.metric_ops`."""

from __future__ import annotations

from .aggregation import aggregate_metric_map, aggregate_metrics
from .agreement import cohen_kappa, streaming_mean_iou
from .concat import next_array_size as _next_array_size  # noqa: F401  tf_slim's own name for it.
from .concat import streaming_concat
from .correlation import streaming_covariance, streaming_pearson_correlation
from .counts import (
    count,
    streaming_false_negatives,
    streaming_false_positives,
    streaming_true_negatives,
    streaming_true_positives,
)
from .curves import precision_recall_at_equal_thresholds, streaming_auc, streaming_curve_points
from .errors import (
    streaming_mean_absolute_error,
    streaming_mean_cosine_distance,
    streaming_mean_relative_error,
    streaming_mean_squared_error,
    streaming_root_mean_squared_error,
)
from .exact_auc import auc_with_confidence_intervals, streaming_dynamic_auc
from .means import (
    streaming_accuracy,
    streaming_mean,
    streaming_mean_tensor,
    streaming_percentage_less,
)
from .operating_points import (
    precision_at_recall,
    recall_at_precision,
    streaming_sensitivity_at_specificity,
    streaming_specificity_at_sensitivity,
)
from .rates import (
    streaming_false_negative_rate,
    streaming_false_positive_rate,
    streaming_precision,
    streaming_recall,
)
from .thresholds import (
    streaming_false_negative_rate_at_thresholds,
    streaming_false_negatives_at_thresholds,
    streaming_false_positive_rate_at_thresholds,
    streaming_false_positives_at_thresholds,
    streaming_precision_at_thresholds,
    streaming_recall_at_thresholds,
    streaming_true_negatives_at_thresholds,
    streaming_true_positives_at_thresholds,
)
from .top_k import (
    sparse_recall_at_top_k,
    streaming_recall_at_k,
    streaming_sparse_average_precision_at_k,
    streaming_sparse_average_precision_at_top_k,
    streaming_sparse_precision_at_k,
    streaming_sparse_precision_at_top_k,
    streaming_sparse_recall_at_k,
)

__all__ = [
    "aggregate_metric_map",
    "aggregate_metrics",
    "auc_with_confidence_intervals",
    "cohen_kappa",
    "count",
    "precision_at_recall",
    "precision_recall_at_equal_thresholds",
    "recall_at_precision",
    "sparse_recall_at_top_k",
    "streaming_accuracy",
    "streaming_auc",
    "streaming_concat",
    "streaming_covariance",
    "streaming_curve_points",
    "streaming_dynamic_auc",
    "streaming_false_negative_rate",
    "streaming_false_negative_rate_at_thresholds",
    "streaming_false_negatives",
    "streaming_false_negatives_at_thresholds",
    "streaming_false_positive_rate",
    "streaming_false_positive_rate_at_thresholds",
    "streaming_false_positives",
    "streaming_false_positives_at_thresholds",
    "streaming_mean",
    "streaming_mean_absolute_error",
    "streaming_mean_cosine_distance",
    "streaming_mean_iou",
    "streaming_mean_relative_error",
    "streaming_mean_squared_error",
    "streaming_mean_tensor",
    "streaming_pearson_correlation",
    "streaming_percentage_less",
    "streaming_precision",
    "streaming_precision_at_thresholds",
    "streaming_recall",
    "streaming_recall_at_k",
    "streaming_recall_at_thresholds",
    "streaming_root_mean_squared_error",
    "streaming_sensitivity_at_specificity",
    "streaming_sparse_average_precision_at_k",
    "streaming_sparse_average_precision_at_top_k",
    "streaming_sparse_precision_at_k",
    "streaming_sparse_precision_at_top_k",
    "streaming_sparse_recall_at_k",
    "streaming_specificity_at_sensitivity",
    "streaming_true_negatives",
    "streaming_true_negatives_at_thresholds",
    "streaming_true_positives",
    "streaming_true_positives_at_thresholds",
]
