"""A parsed feature is dense or sparse, as its parser made it; handlers want one or the other."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text


def dense(tensor):
    """Returns `tensor` as a dense one; gaps become zeros."""
    return tf.sparse.to_dense(tensor) if isinstance(tensor, tf.SparseTensor) else tensor


def values(tensor):
    """Returns the values of a sparse tensor, or a dense tensor as it is."""
    return tensor.values if isinstance(tensor, tf.SparseTensor) else tensor


def sparse(keys_to_tensors, key):
    """Returns the feature `key`, which must be sparse.

    Raises:
      ValueError: if it is dense.
    """
    tensor = keys_to_tensors[key]
    if not isinstance(tensor, tf.SparseTensor):
        remedy = f"Parse the feature {key!r} with tf.io.VarLenFeature."
        text = error_text(key, "a sparse feature", tensor, remedy)
        raise ValueError(f"The tensor must be of type tf.SparseTensor. {text}")
    return tensor


def filler(dtype, default_value):
    """Returns `default_value`, or the empty string where the default number would fill strings."""
    if dtype == tf.string and isinstance(default_value, (int, float)):
        return ""
    return default_value
