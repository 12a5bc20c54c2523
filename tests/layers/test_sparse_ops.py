"""Sparse tensors from dense ones, against loops over NumPy arrays."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from slimshim.layers import bucketization_op, sparse_ops

v1 = tf.compat.v1
_SHAPES = arrays.array_shapes(min_dims=2, max_dims=4, max_side=4)
_INTS = arrays.arrays(np.int32, _SHAPES, elements=st.integers(-1, 1))


@settings(max_examples=40, deadline=None)
@given(dense=_INTS, ignored=st.sampled_from([None, -1, 1]))
def test_dense_to_sparse_keeps_all_cells_but_the_ignored_value(dense, ignored):
    sparse = sparse_ops.dense_to_sparse_tensor(dense, ignored)
    cells = np.argwhere(dense != (ignored or 0))
    np.testing.assert_array_equal(sparse.indices, cells)
    np.testing.assert_array_equal(sparse.values, dense[tuple(cells.T)])
    assert tuple(sparse.dense_shape.numpy()) == dense.shape


@settings(max_examples=40, deadline=None)
@given(indicators=_INTS, ignored=st.sampled_from([None, -1]))
def test_ids_of_a_row_are_where_its_indicators_are_set(indicators, ignored):
    sparse = sparse_ops.indicators_to_sparse_ids(indicators, ignored, dtype=tf.int32)
    rows = {row: np.flatnonzero(indicators[row] != (ignored or 0)) for row in np.ndindex(indicators.shape[:-1])}
    expected = [(*row, place, id_) for row, ids in rows.items() for place, id_ in enumerate(ids)]
    found = [(*index, value) for index, value in zip(sparse.indices.numpy().tolist(), sparse.values.numpy())]
    assert found == expected
    most = max((len(ids) for ids in rows.values()), default=0)
    assert tuple(sparse.dense_shape.numpy()) == (*indicators.shape[:-1], most)


@pytest.mark.parametrize(
    "dense, ignored, kept",
    [
        (["a", "", "b"], None, [b"a", b"b"]),
        (["a", "-", ""], "-", [b"a", b""]),
        ([True, False], None, [True]),
        ([0.5, 0.0], None, [0.5]),
    ],
)
def test_the_value_to_ignore_depends_on_the_dtype(dense, ignored, kept):
    assert sparse_ops.dense_to_sparse_tensor(dense, ignored).values.numpy().tolist() == kept


def test_sparse_ops_work_on_shapes_known_in_the_run_alone(graph):
    dense = v1.placeholder(tf.int32, [None, None])
    outputs = sparse_ops.dense_to_sparse_tensor(dense), sparse_ops.indicators_to_sparse_ids(dense)
    with v1.Session() as session:
        plain, ids = session.run(outputs, {dense: [[0, 7], [7, 7]]})
    assert plain.indices.tolist() == [[0, 1], [1, 0], [1, 1]]
    assert ids.values.tolist() == [1, 0, 1] and ids.dense_shape.tolist() == [2, 2]


def test_ids_need_an_integer_dtype():
    with pytest.raises(ValueError, match="dtype: expected an integer dtype"):
        sparse_ops.indicators_to_sparse_ids([[1]], dtype=tf.float32)


def test_the_envelope_is_the_last_filled_column_plus_one():
    sparse = tf.SparseTensor([[0, 0, 1], [2, 1, 3], [2, 0, 0]], [1, 2, 3], [4, 2, 5])
    assert sparse_ops.sparse_row_envelope(sparse).numpy().tolist() == [1, 0, 2, 0]
    assert sparse_ops.sparse_row_envelope(sparse, 1, 2).numpy().tolist() == [2, 4]
    assert sparse_ops.sparse_row_envelope(sparse, row_axis=2, col_axis=0).numpy().tolist() == [3, 1, 0, 3, 0]


@pytest.mark.parametrize(
    "axes, message", [((1, 1), "col_axis: expected another axis"), ((0, 1.5), "col_axis: expected an int")]
)
def test_envelope_axes_must_be_two_ints(axes, message):
    with pytest.raises(ValueError, match=message):
        sparse_ops.sparse_row_envelope(tf.sparse.from_dense([[1]]), *axes)


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "float64"])
def test_bucketize_counts_boundaries_at_or_below(dtype):
    values = np.array([[-5, 0, 9], [10, 11, 150]], dtype)
    buckets = bucketization_op.bucketize(values, [0.0, 10.0, 100.0])
    assert buckets.dtype == tf.int32
    np.testing.assert_array_equal(buckets, np.digitize(values, [0, 10, 100]))


def test_boundaries_must_be_a_list():
    with pytest.raises(TypeError, match="boundaries: expected a sorted list"):
        bucketization_op.bucketize([1.0], 3.0)
