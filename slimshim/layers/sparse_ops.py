"""From dense tensors to sparse ones.

Same public names as ``tf_slim.layers.sparse_ops``.
"""

from __future__ import annotations

import numbers

import tensorflow as tf

from .._checks import error_text

v1 = tf.compat.v1

__all__ = ["dense_to_sparse_tensor", "indicators_to_sparse_ids", "sparse_row_envelope"]


def dense_to_sparse_tensor(dense_tensor, ignore_value=None):
    """Returns a SparseTensor of the cells of a dense tensor that are not `ignore_value`.

    Args:
      dense_tensor: a tensor, of any dtype and of known rank.
      ignore_value: the value of the cells to leave out. Default: 0, False or the empty string.

    Returns:
      A SparseTensor of the same shape, its indices in row-major order.

    Source: `tf.contrib.layers.dense_to_sparse_tensor` of TF 1.15.
    """
    with v1.name_scope("DenseToSparseTensor"):
        dense = tf.convert_to_tensor(dense_tensor)
        indices = tf.where(tf.not_equal(dense, _ignored(dense.dtype, ignore_value)), name="indices")
        return tf.SparseTensor(
            indices=indices,
            values=tf.gather_nd(dense, indices, name="values"),
            dense_shape=tf.shape(dense, out_type=tf.int64, name="dense_shape"),
        )


def indicators_to_sparse_ids(indicators, ignore_value=None, dtype=tf.int64):
    """Returns, for each row, the ids of the classes that its indicators are set for.

    [[0, 0, 1, 0], [1, 0, 1, 1]] gives the rows [2] and [0, 2, 3].

    Args:
      indicators: a tensor of shape [d0, ..., dn, num_classes].
      ignore_value: the value that means "not set". Default: 0, False or the empty string.
      dtype: the ids' dtype, an integer one.

    Returns:
      A SparseTensor of shape [d0, ..., dn, max_ids], with max_ids the most ids of any row. The
      ids of a row are rising, from 0 to num_classes - 1.

    Raises:
      ValueError: if `dtype` is not integer.

    Source: `tf.contrib.layers.indicators_to_sparse_ids` of TF 1.15.
    """
    dtype = tf.as_dtype(dtype)
    if not dtype.is_integer:
        raise ValueError(error_text("dtype", "an integer dtype", dtype.name))
    with v1.name_scope(None, "indicators_to_sparse_ids", [indicators, ignore_value]):
        indicators = tf.convert_to_tensor(indicators, name="indicators")
        is_set = tf.not_equal(indicators, _ignored(indicators.dtype, ignore_value))
        cells = tf.where(is_set)
        # How many cells of the row are set up to each cell: the place of its id in the row, from 1.
        ranks = tf.cumsum(tf.cast(is_set, tf.int64), axis=-1)
        places = tf.gather_nd(ranks, cells) - 1
        most_ids = tf.reduce_max(tf.concat([tf.reshape(ranks, [-1]), [0]], axis=0))
        row_shape = tf.shape(indicators, out_type=tf.int64)[:-1]
        return tf.SparseTensor(
            indices=tf.concat([cells[:, :-1], places[:, tf.newaxis]], axis=1, name="indices"),
            values=tf.cast(cells[:, -1], dtype, name="values"),
            dense_shape=tf.concat([row_shape, most_ids[tf.newaxis]], axis=0, name="dense_shape"),
        )


def sparse_row_envelope(sparse_input, row_axis=0, col_axis=1, name=None):
    """Returns the length of each row of a SparseTensor: its last filled column plus one.

    Indices [[0, 0], [2, 0], [2, 1], [2, 2]] of shape [3, 3] give [1, 0, 3].

    Args:
      sparse_input: a SparseTensor of rank 2 or more.
      row_axis: int, the axis that counts as rows.
      col_axis: int, the axis that counts as columns.
      name: a name for the op.

    Returns:
      An int64 tensor of shape [rows].

    Raises:
      ValueError: if the axes are no ints, or are the same.

    Source: `tf.contrib.layers.sparse_row_envelope` of TF 1.15.
    """
    for argument, axis in (("row_axis", row_axis), ("col_axis", col_axis)):
        if not isinstance(axis, numbers.Integral):
            raise ValueError(error_text(argument, "an int", axis))
    if row_axis == col_axis:
        raise ValueError(error_text("col_axis", f"another axis than row_axis={row_axis}", col_axis))
    with v1.name_scope(name, "sparse_row_envelope", [sparse_input]):
        lengths = tf.math.unsorted_segment_max(
            sparse_input.indices[:, col_axis] + 1,
            sparse_input.indices[:, row_axis],
            tf.cast(sparse_input.dense_shape[row_axis], tf.int32),
            name=name,
        )
        # The greatest of no columns is the least int.
        return tf.maximum(lengths, tf.zeros_like(lengths))


def _ignored(dtype, ignore_value):
    """Returns the value to leave out, as a scalar of `dtype`."""
    if ignore_value is None:
        return tf.zeros([], dtype)  # Also False for bools and "" for strings.
    # Through a tensor of its own kind: TF1 lets the user write -1 for floats as well.
    return tf.cast(ignore_value, dtype, name="ignore_value")
