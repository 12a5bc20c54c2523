"""What `tensorflow.contrib.slim` showed besides slim's own names: what it had imported itself.

Programs write `slim.losses` and mean `tensorflow.contrib.losses`, or take `slim.deprecated`.
"""

from __future__ import annotations

import functools
import importlib
import logging

from ..._tf.reexported import all_util
from .embeddings import (
    bow_encoder,
    embed_sequence,
    embedding_lookup_sparse_with_distributed_aggregation,
    embedding_lookup_unique,
    safe_embedding_lookup_sparse,
)
from .framework import deprecated, deprecated_arg_values, zero_initializer

make_all = all_util.make_all

_logger = logging.getLogger(__name__)

# Name in slim -> the module's old path, which the import hook serves.
_MODULES = {
    "bucketization_op": "tensorflow.contrib.layers.python.ops.bucketization_op",
    "checkpoint_utils": "tensorflow.contrib.framework.python.framework.checkpoint_utils",
    "contrib_framework": "tensorflow.contrib.framework",
    "contrib_sparse_ops": "tensorflow.contrib.layers.python.ops.sparse_ops",
    "contrib_variables": "tensorflow.contrib.framework.python.ops.variables",
    "embedding_ops": "tensorflow.contrib.layers.python.layers.embedding_ops",
    "encoders": "tensorflow.contrib.layers.python.layers.encoders",
    "fc": "tensorflow.contrib.layers.python.layers.feature_column",
    "feature_column": "tensorflow.contrib.layers.python.layers.feature_column",
    "feature_column_ops": "tensorflow.contrib.layers.python.layers.feature_column_ops",
    "gen_sparse_feature_cross_op": "tensorflow.contrib.layers.ops.gen_sparse_feature_cross_op",
    "loader": "tensorflow.contrib.util.loader",
    "lookup": "tensorflow.contrib.lookup",
    "loss_ops": "tensorflow.contrib.losses.python.losses.loss_ops",
    "losses": "tensorflow.contrib.losses",
    "metric_ops": "tensorflow.contrib.metrics.python.ops.metric_ops",
    "metrics": "tensorflow.contrib.metrics",
    "sparse_feature_cross_op": "tensorflow.contrib.layers.python.ops.sparse_feature_cross_op",
    "target_column": "tensorflow.contrib.layers.python.layers.target_column",
}

__all__ = [
    "bow_encoder",
    "deprecated",
    "deprecated_arg_values",
    "embed_sequence",
    "embedding_lookup_sparse_with_distributed_aggregation",
    "embedding_lookup_unique",
    "experimental",
    "make_all",
    "safe_embedding_lookup_sparse",
    "zero_initializer",
    *_MODULES,
]


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(_MODULES[name])


def experimental(func):
    """Returns the function with a warning in the log at each call: it may change or go.

    Args:
      func: any function or method.
    """

    @functools.wraps(func)
    def warned(*args, **kwargs):
        name = f"{func.__qualname__} (from {func.__module__})"
        _logger.warning("%s is experimental and may change or be removed at any time, and without warning.", name)
        return func(*args, **kwargs)

    return warned
