"""Embeddings of `tensorflow.contrib.layers`: sequences and bags of symbols, sparse look-ups.

The look-ups that hash their ids (`scattered_*`) are not here: their hash was an op of TF1's own library.
"""

from __future__ import annotations

import tensorflow as tf

from ..._checks import check
from ...layers.sparse_ops import dense_to_sparse_tensor
from ...ops.scopes import layer_scope
from ...ops.variables import model_variable

v1 = tf.compat.v1

__all__ = [
    "bow_encoder",
    "embed_sequence",
    "embedding_lookup_sparse_with_distributed_aggregation",
    "embedding_lookup_unique",
    "safe_embedding_lookup_sparse",
]

_SIZES_REMEDY = "Must specify vocab size and embedding dimension, unless an existing variable is shared."


def embed_sequence(
    ids,
    vocab_size=None,
    embed_dim=None,
    unique=False,
    initializer=None,
    regularizer=None,
    trainable=True,
    scope=None,
    reuse=None,
):
    """Returns an embedding for each symbol, [batch, length, embed_dim].

    Source: `tf.contrib.layers.embed_sequence` of TF 1.15.

    Args:
      ids: int32 or int64 [batch, length].
      vocab_size: number of symbols; needed unless an existing variable is shared.
      embed_dim: size of an embedding; needed likewise.
      unique: whether each symbol is looked up once and then repeated.
      initializer: initializer of the embeddings. Default: the scope's.
      regularizer: regularizer of the embeddings, or None.
      trainable: whether the embeddings are trained.
      scope: the variable scope. Default: "EmbedSequence".
      reuse: whether the variable is shared; needs `scope`.

    Raises:
      ValueError: if a size is missing.
    """
    sizes = (vocab_size, embed_dim)
    check(reuse or all(sizes), "vocab_size and embed_dim", "positive integers", sizes, _SIZES_REMEDY)
    with layer_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        shape = None if None in sizes else list(sizes)
        embeddings = model_variable(
            "embeddings", shape=shape, initializer=initializer, regularizer=regularizer, trainable=trainable
        )
        look_up = embedding_lookup_unique if unique else v1.nn.embedding_lookup
        return look_up(embeddings, ids)


def bow_encoder(
    ids,
    vocab_size,
    embed_dim,
    sparse_lookup=True,
    initializer=None,
    regularizer=None,
    trainable=True,
    scope=None,
    reuse=None,
):
    """Returns the mean of each row's embeddings, [batch, embed_dim].

    Source: `tf.contrib.layers.bow_encoder` of TF 1.15.

    Args:
      ids: int32 or int64 [batch, length], dense or sparse.
      vocab_size: number of symbols.
      embed_dim: size of an embedding.
      sparse_lookup: whether symbol 0 of dense ids counts as padding. An empty row then has symbol 0's
        embedding. Must be True with sparse ids.
      initializer, regularizer, trainable, reuse: as for `embed_sequence`.
      scope: the variable scope. Default: "bow_encoder".

    Raises:
      ValueError: if a size is missing.
      TypeError: if the ids are sparse and `sparse_lookup` is False.
    """
    check(
        vocab_size and embed_dim,
        "vocab_size and embed_dim",
        "positive integers",
        (vocab_size, embed_dim),
        _SIZES_REMEDY,
    )
    is_sparse = isinstance(ids, (tf.SparseTensor, v1.SparseTensorValue))
    check(sparse_lookup or not is_sparse, "ids", "a dense tensor with sparse_lookup=False", ids, error=TypeError)
    with layer_scope(scope, "bow_encoder", [ids], reuse=reuse):
        embeddings = model_variable(
            "embeddings",
            shape=[vocab_size, embed_dim],
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        if not sparse_lookup:
            return tf.reduce_mean(v1.nn.embedding_lookup(embeddings, ids), axis=1)
        sparse_ids = ids if is_sparse else dense_to_sparse_tensor(ids)
        return safe_embedding_lookup_sparse([embeddings], sparse_ids, combiner="mean", default_id=0)


def embedding_lookup_unique(params, ids, partition_strategy="mod", name=None):
    """Returns the ids' embeddings; as `tf.nn.embedding_lookup`, with each id looked up once.

    Args:
      params: the embeddings: a tensor or variable, or a list of the parts of one.
      ids: an integer tensor of any shape.
      partition_strategy: "mod" or "div", how ids are spread over the parts.
      name: a name for the operations.
    """
    with v1.name_scope(name, "EmbeddingLookupUnique", [ids]):
        ids = tf.convert_to_tensor(ids)
        unique_ids, positions = tf.unique(tf.reshape(ids, [-1]))
        found = v1.nn.embedding_lookup(params, unique_ids, partition_strategy)
        repeated = tf.gather(found, positions)
        result = tf.reshape(repeated, tf.concat([tf.shape(ids), tf.shape(found)[1:]], 0))
        result.set_shape(ids.shape.concatenate(found.shape[1:]))
        return result


def safe_embedding_lookup_sparse(
    embedding_weights,
    sparse_ids,
    sparse_weights=None,
    combiner=None,
    default_id=None,
    name=None,
    partition_strategy="div",
    max_norm=None,
):
    """Returns each row's combined embedding; rows without a valid id have `default_id`'s, or zeros.

    Args:
      embedding_weights: the embeddings: a tensor or variable, or a list of the parts of one.
      sparse_ids: a SparseTensor of ids. Those below 0 are left out.
      sparse_weights: a SparseTensor of weights, or None for 1. Ids with weights of 0 or less are left
        out, unless the combiner is "sum".
      combiner: "mean", "sqrtn" or "sum". Default: "mean".
      default_id: the id for rows without one, or None for zeros.
      name: a name for the operations.
      partition_strategy: "mod" or "div", how ids are spread over the parts.
      max_norm: the L2 norm to which embeddings are clipped, or None.
    """
    return v1.nn.safe_embedding_lookup_sparse(
        embedding_weights,
        sparse_ids,
        sparse_weights,
        combiner or "mean",
        default_id,
        name,
        partition_strategy,
        max_norm,
    )


def embedding_lookup_sparse_with_distributed_aggregation(
    params, sp_ids, sp_weights, partition_strategy="mod", name=None, combiner=None, max_norm=None
):
    """Returns each row's combined embedding; as `tf.compat.v1.nn.embedding_lookup_sparse`.

    The original combined on each parameter server, which changes nothing in the result.

    Args:
      params: the embeddings: a tensor or variable, or a list of the parts of one.
      sp_ids: a SparseTensor of ids; each row has at least one.
      sp_weights: a SparseTensor of weights, or None for 1.
      partition_strategy: "mod" or "div", how ids are spread over the parts.
      name: a name for the operations.
      combiner: "mean", "sqrtn" or "sum". Default: "mean".
      max_norm: the L2 norm to which embeddings are clipped, or None.
    """
    return v1.nn.embedding_lookup_sparse(
        params, sp_ids, sp_weights, partition_strategy, name, combiner or "mean", max_norm
    )
