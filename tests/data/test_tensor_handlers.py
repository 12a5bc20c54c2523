"""`Tensor`, `LookupTensor`, `SparseTensor`, `BackupHandler`, `ItemHandlerCallback`."""

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from slimshim.data import tfexample_decoder as decoders

from .conftest import make_example

v1 = tf.compat.v1


def decode(features, handler, example):
    decoder = decoders.TFExampleDecoder(features, {"item": handler})
    return decoder.decode(tf.constant(example), ["item"])[0]


FLOATS = st.floats(-1e6, 1e6, width=32)


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(
    array=hnp.arrays(np.float32, hnp.array_shapes(max_dims=3, max_side=4), elements=FLOATS),
    sparse=st.booleans(),
    shape_from=st.sampled_from(["argument", "one feature", "a feature for each size"]),
)
def test_floats_of_any_shape_come_back(array, sparse, shape_from):
    sizes = {f"size{i}": size for i, size in enumerate(array.shape)}
    example = make_example(values=[float(value) for value in array.ravel()], shape=list(array.shape), **sizes)
    features = {
        "values": tf.io.VarLenFeature(tf.float32) if sparse else tf.io.FixedLenFeature([array.size], tf.float32),
        "shape": tf.io.VarLenFeature(tf.int64),
        **{name: tf.io.FixedLenFeature([], tf.int64) for name in sizes},
    }
    how = {
        "argument": {"shape": array.shape},
        "one feature": {"shape_keys": "shape"},
        "a feature for each size": {"shape_keys": list(sizes)},
    }[shape_from]
    got = decode(features, decoders.Tensor("values", **how), example)
    np.testing.assert_array_equal(got, array)


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(values=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=9))
def test_integers_come_back(values):
    example = make_example(values=values)
    got = decode({"values": tf.io.VarLenFeature(tf.int64)}, decoders.Tensor("values"), example)
    np.testing.assert_array_equal(got, np.array(values, np.int64))


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(values=st.lists(st.binary(max_size=6), min_size=1, max_size=9))
def test_strings_come_back(values):
    example = make_example(values=values)
    got = decode({"values": tf.io.VarLenFeature(tf.string)}, decoders.Tensor("values"), example)
    assert got.numpy().tolist() == values


def test_an_absent_feature_is_empty_or_its_default():
    example = make_example(other=1)
    features = {"values": tf.io.VarLenFeature(tf.int64)}
    assert decode(features, decoders.Tensor("values"), example).shape == (0,)
    features = {"values": tf.io.FixedLenFeature([2], tf.int64, default_value=[4, 5])}
    assert decode(features, decoders.Tensor("values"), example).numpy().tolist() == [4, 5]


def test_default_value_fills_the_gaps_of_a_sparse_feature():
    gappy = tf.SparseTensor([[0, 1], [2, 0]], [5, 6], [3, 2])
    handler = decoders.Tensor("values", default_value=-1)
    dense = handler.tensors_to_item({"values": gappy})
    assert dense.numpy().tolist() == [[-1, 5], [-1, -1], [6, -1]]


def test_shape_and_shape_keys_exclude_each_other():
    with pytest.raises(ValueError, match="shape: expected None, since shape_keys is given"):
        decoders.Tensor("values", shape_keys="shape", shape=[2])


def test_subclasses_find_the_attributes_that_tf_slim_has():
    class Doubled(decoders.Tensor):
        def tensors_to_item(self, keys_to_tensors):
            assert (self._tensor_key, self._shape_keys, self._shape) == ("values", None, [2])
            return 2 * super().tensors_to_item(keys_to_tensors) + self._default_value

    got = decode(
        {"values": tf.io.FixedLenFeature([2], tf.int64)},
        Doubled("values", None, [2], 100),
        make_example(values=[1, 2]),
    )
    assert got.numpy().tolist() == [102, 104]


def name_table():
    return tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["cat", "dog"], tf.constant([1, 2], tf.int64)), -1
    )


@pytest.mark.parametrize("mode", ["graph", "eager"])
def test_lookup_tensor_gives_the_tables_values(mode):
    with tf.Graph().as_default() if mode == "graph" else tf.init_scope():
        got = decode(
            {"names": tf.io.VarLenFeature(tf.string)},
            decoders.LookupTensor("names", name_table(), shape=[2, 2]),
            make_example(names=[b"dog", b"cat", b"cow", b"dog"]),
        )
        if mode == "graph":
            with v1.Session() as session:
                session.run(v1.tables_initializer())
                got = session.run(got)
    np.testing.assert_array_equal(got, [[2, 1], [-1, 2]])


def backup_handler():
    features = {
        "names": tf.io.VarLenFeature(tf.string),
        "ids": tf.io.VarLenFeature(tf.int64),
    }
    first = decoders.LookupTensor("names", name_table())
    return features, decoders.BackupHandler(first, decoders.Tensor("ids"))


def test_backup_handler_falls_back_where_the_first_item_is_empty():
    features, handler = backup_handler()
    assert handler.keys == ["names", "ids"]
    with_names = make_example(names=[b"dog"], ids=[7, 8])
    assert decode(features, handler, with_names).numpy().tolist() == [2]
    without = make_example(ids=[7, 8])
    assert decode(features, handler, without).numpy().tolist() == [7, 8]


def test_backup_handler_wants_handlers():
    handler = decoders.Tensor("a")
    with pytest.raises(ValueError, match="handler: expected an ItemHandler"):
        decoders.BackupHandler("a", handler)
    with pytest.raises(ValueError, match="backup: expected an ItemHandler"):
        decoders.BackupHandler(handler, None)


def test_a_callback_makes_the_item():
    handler = decoders.ItemHandlerCallback(["a", "b"], lambda tensors: tensors["a"] * tensors["b"])
    features = {name: tf.io.FixedLenFeature([], tf.int64) for name in "ab"}
    assert int(decode(features, handler, make_example(a=6, b=7))) == 42


def test_an_item_handler_is_abstract_and_keys_become_a_list():
    with pytest.raises(TypeError):
        decoders.ItemHandler("a")
    assert decoders.ItemHandlerCallback("a", len).keys == ["a"]
    assert decoders.ItemHandlerCallback(("a", "b"), len).keys == ("a", "b")


SPARSE_FEATURES = {
    "indices": tf.io.VarLenFeature(tf.int64),
    "values": tf.io.VarLenFeature(tf.float32),
    "shape": tf.io.VarLenFeature(tf.int64),
}


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(
    dense=hnp.arrays(np.float32, st.integers(1, 8), elements=FLOATS).filter(np.any),
    shape_from=st.sampled_from(["argument", "feature"]),
    densify=st.booleans(),
)
def test_a_sparse_tensor_comes_back(dense, shape_from, densify):
    (indices,) = np.nonzero(dense)
    example = make_example(indices=indices.tolist(), values=dense[indices].astype(float).tolist(), shape=[dense.size])
    how = {"shape": [dense.size]} if shape_from == "argument" else {"shape_key": "shape"}
    got = decode(SPARSE_FEATURES, decoders.SparseTensor(densify=densify, **how), example)
    assert isinstance(got, tf.SparseTensor) != densify
    np.testing.assert_array_equal(got if densify else tf.sparse.to_dense(got), dense)


def test_a_sparse_tensors_gaps_take_the_default_and_keys_may_be_others():
    example = make_example(at=[3, 1], what=[0.5, 0.25])
    features = {"at": tf.io.VarLenFeature(tf.int64), "what": tf.io.VarLenFeature(tf.float32)}
    handler = decoders.SparseTensor("at", "what", shape=[5], densify=True, default_value=-1)
    assert handler.keys == ["at", "what"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="out of order"):
        decode(features, handler, example)
    example = make_example(at=[1, 3], what=[0.25, 0.5])
    assert decode(features, handler, example).numpy().tolist() == [-1, 0.25, -1, 0.5, -1]


def test_a_dense_feature_where_a_sparse_one_is_needed_is_named():
    features = {**SPARSE_FEATURES, "indices": tf.io.FixedLenFeature([1], tf.int64)}
    with pytest.raises(ValueError, match="must be of type tf.SparseTensor.*'indices'.*VarLenFeature"):
        decode(features, decoders.SparseTensor(), make_example(indices=1, values=1.0))
