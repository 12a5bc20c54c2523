"""Embeddings of `tensorflow.contrib.layers`, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim.legacy.contrib import embeddings

v1 = tf.compat.v1

TABLE = np.random.RandomState(1).uniform(-1, 1, (6, 3)).astype("float32")
IDS = np.array([[1, 2, 0], [5, 5, 3], [0, 0, 0]])
START = v1.constant_initializer(TABLE)


def _module(fn, **kwargs):
    return slim.Module(fn, vocab_size=6, embed_dim=3, initializer=START, **kwargs)


@pytest.mark.parametrize("unique", [False, True])
def test_a_sequence_has_an_embedding_for_each_symbol(unique):
    module = _module(embeddings.embed_sequence, unique=unique)
    np.testing.assert_array_equal(module(tf.constant(IDS)), TABLE[IDS])
    assert [v.name for v in module.variables] == ["EmbedSequence/embeddings:0"]


def test_a_sequence_shares_embeddings_by_scope(graph):
    first = embeddings.embed_sequence(IDS, 6, 3, scope="e")
    second = embeddings.embed_sequence(IDS, scope="e", reuse=True)
    assert first.shape == second.shape == (3, 3, 3)
    assert [v.op.name for v in v1.global_variables()] == ["e/embeddings"]


def test_a_missing_size_is_an_error_unless_the_variable_is_shared(graph):
    with pytest.raises(ValueError, match="Must specify vocab size and embedding dimension"):
        embeddings.embed_sequence(IDS, 6)
    with pytest.raises(ValueError, match="Must specify vocab size and embedding dimension"):
        embeddings.bow_encoder(IDS, 6, None)


def test_a_bag_of_words_is_the_mean_without_padding():
    module = _module(embeddings.bow_encoder)
    expected = [TABLE[[1, 2]].mean(0), TABLE[[5, 5, 3]].mean(0), TABLE[0]]
    np.testing.assert_allclose(module(tf.constant(IDS)), expected, rtol=1e-6)
    sparse = tf.sparse.from_dense(tf.constant(IDS))
    np.testing.assert_allclose(module(sparse), expected, rtol=1e-6)
    assert [v.name for v in module.variables] == ["bow_encoder/embeddings:0"]


def test_a_dense_bag_counts_padding_and_takes_no_sparse_ids():
    module = _module(embeddings.bow_encoder, sparse_lookup=False)
    np.testing.assert_allclose(module(tf.constant(IDS)), TABLE[IDS].mean(1), rtol=1e-6)
    with pytest.raises(TypeError, match="ids: expected a dense tensor"):
        module(tf.sparse.from_dense(tf.constant(IDS)))


def test_a_unique_lookup_gives_what_a_plain_one_gives(graph):
    ids = v1.placeholder(tf.int64, [None, 2, None])
    found = embeddings.embedding_lookup_unique([TABLE[::2], TABLE[1::2]], ids)
    assert found.shape.as_list() == [None, 2, None, 3]
    fed = np.array([[[1, 5], [5, 0]]])
    with v1.Session() as session:
        np.testing.assert_array_equal(session.run(found, {ids: fed}), TABLE[fed])


@pytest.mark.parametrize("combiner", [None, "mean", "sum", "sqrtn"])
def test_sparse_lookups_leave_out_invalid_ids_and_fill_empty_rows(combiner):
    ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0], [2, 0]], tf.constant([4, 1, -1, 2], tf.int64), [4, 2])
    weights = tf.SparseTensor(ids.indices, [2.0, 1.0, 1.0, 3.0], ids.dense_shape)
    found = embeddings.safe_embedding_lookup_sparse(TABLE, ids, weights, combiner)
    total = 2 * TABLE[4] + TABLE[1]
    divisor = {None: 3.0, "mean": 3.0, "sum": 1.0, "sqrtn": 5.0**0.5}[combiner]
    third = TABLE[2] * (3.0 if combiner == "sum" else 1.0)
    np.testing.assert_allclose(found, [total / divisor, np.zeros(3), third, np.zeros(3)], rtol=1e-5)
    filled = embeddings.safe_embedding_lookup_sparse(TABLE, ids, weights, combiner, default_id=5)
    np.testing.assert_allclose(filled[3], TABLE[5], rtol=1e-6)


def test_distributed_aggregation_gives_what_the_plain_lookup_gives():
    ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([4, 1, 3], tf.int64), [2, 2])
    found = embeddings.embedding_lookup_sparse_with_distributed_aggregation([TABLE[::2], TABLE[1::2]], ids, None)
    np.testing.assert_allclose(found, [(TABLE[4] + TABLE[1]) / 2, TABLE[3]], rtol=1e-6)
