"""Layers that put the same values into another shape or encoding."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check, error_text
from ..ops.arg_scope import add_arg_scope
from ..ops.scopes import layer_scope
from . import utils
from ._channels import check_either
from ._symbolic import symbolic

v1 = tf.compat.v1

__all__ = [
    "dense_to_sparse",
    "flatten",
    "images_to_sequence",
    "one_hot_encoding",
    "sequence_to_images",
]


@add_arg_scope
@symbolic
def flatten(inputs, outputs_collections=None, scope=None):
    """Returns `inputs` as a matrix of shape [batch, k], with all but the first axis made one.

    Source: TF 1.15 `tf.contrib.layers.flatten`.

    Args:
      inputs: a tensor of known rank, at least 1. A vector becomes a column.
      outputs_collections: collections for the result.
      scope: the name scope. Default: "Flatten".

    Raises:
      ValueError: if the rank is unknown or 0.
    """
    with v1.name_scope(scope, "Flatten", [inputs]) as opened:
        inputs = tf.convert_to_tensor(inputs)
        check(
            (inputs.shape.rank or 0) > 0,
            "inputs",
            "a tensor of known rank, at least 1",
            inputs,
            "Tell an undefined rank with set_shape.",
        )
        batch, *sizes = inputs.shape.as_list()
        with v1.name_scope("flatten"):
            length = _product(sizes)
            if batch is None and length:
                shape = [-1, length]
            else:  # In an empty tensor nothing tells what -1 would be.
                shape = [tf.shape(inputs)[0] if batch is None else batch, -1 if length is None else length]
            outputs = tf.reshape(inputs, shape)
        outputs.set_shape([batch, length])
        return utils.collect_named_outputs(outputs_collections, opened, outputs)


def _product(sizes):
    """Returns the product of `sizes`, or None if one of them is unknown."""
    product = 1
    for size in sizes:
        if size is None:
            return None
        product *= size
    return product


@add_arg_scope
def _inner_flatten(inputs, new_rank, output_collections=None, scope=None):
    """Returns `inputs` with its innermost axes made one, so that it has rank `new_rank`.

    Private in TF1 too, where feature columns and its own tests reach for it.

    Args:
      inputs: a tensor or `SparseTensor` of rank `new_rank` or more.
      new_rank: the rank of the result, an int.
      output_collections: collections for the result.
      scope: the name scope. Default: "InnerFlatten".

    Raises:
      ValueError: if the rank of `inputs` is less.
    """
    with v1.name_scope(scope, "InnerFlatten", [inputs, new_rank]) as opened:
        if isinstance(inputs, tf.SparseTensor):
            outputs = _flatten_sparse(inputs, new_rank)
        else:
            outputs = _flatten_dense(tf.convert_to_tensor(inputs), new_rank)
    return utils.collect_named_outputs(output_collections, opened, outputs)


def _rank_expected(new_rank, inputs):
    return error_text("inputs", f"rank {new_rank} or more", inputs)


def _flatten_sparse(inputs, new_rank):
    rank = inputs.dense_shape.shape.as_list()[0]
    if rank is not None and rank < new_rank:
        raise ValueError("Inputs has rank less than new_rank. " + _rank_expected(new_rank, inputs))
    outer, inner = inputs.dense_shape[: new_rank - 1], inputs.dense_shape[new_rank - 1 :]
    return tf.sparse.reshape(inputs, tf.concat([outer, [tf.reduce_prod(inner)]], 0))


def _flatten_dense(inputs, new_rank):
    rank = inputs.shape.rank
    if rank is not None and rank < new_rank:
        raise ValueError("inputs has rank less than new_rank. " + _rank_expected(new_rank, inputs))
    outputs = tf.reshape(inputs, tf.concat([tf.shape(inputs)[: new_rank - 1], [-1]], 0))
    if rank is not None:
        sizes = inputs.shape.as_list()
        outputs.set_shape(sizes[: new_rank - 1] + [_product(sizes[new_rank - 1 :])])
    return outputs


@add_arg_scope
@symbolic
def one_hot_encoding(labels, num_classes, on_value=1.0, off_value=0.0, outputs_collections=None, scope=None):
    """Returns `labels` as vectors with `on_value` at the label and `off_value` elsewhere.

    Source: TF 1.15 `tf.contrib.layers.one_hot_encoding`.

    Args:
      labels: an integer tensor of shape [batch], or any other.
      num_classes: the length of the vectors, an int or scalar tensor.
      on_value: a scalar; its dtype is that of the result.
      off_value: a scalar.
      outputs_collections: collections for the result.
      scope: the name scope. Default: "OneHotEncoding".

    Returns:
      A tensor of shape `labels.shape + [num_classes]`. A label out of range gives a row of
      `off_value`.
    """
    with v1.name_scope(scope, "OneHotEncoding", [labels, num_classes]) as opened:
        labels = tf.convert_to_tensor(labels)
        if labels.dtype == tf.int32:
            labels = tf.cast(labels, tf.int64)
        outputs = tf.one_hot(labels, num_classes, on_value=on_value, off_value=off_value)
        return utils.collect_named_outputs(outputs_collections, opened, outputs)


@add_arg_scope
def dense_to_sparse(tensor, eos_token=0, outputs_collections=None, scope=None):
    """Returns the elements of `tensor` that differ from `eos_token`, as a `SparseTensor`.

    Source: TF 1.15 `tf.contrib.layers.dense_to_sparse`.

    Args:
      tensor: a tensor.
      eos_token: the value to leave out: the end of a sequence.
      outputs_collections: collections for the result.
      scope: the variable scope. Default: "dense_to_sparse", made unique.
    """
    with layer_scope(scope, "dense_to_sparse", [tensor]) as opened:
        tensor = tf.convert_to_tensor(tensor)
        indices = tf.where(tf.not_equal(tensor, tf.constant(eos_token, tensor.dtype)))
        values = tf.gather_nd(tensor, indices)
        outputs = tf.SparseTensor(indices, values, tf.shape(tensor, out_type=tf.int64))
        return utils.collect_named_outputs(outputs_collections, opened.name, outputs)


@add_arg_scope
@symbolic
def images_to_sequence(inputs, data_format="NHWC", outputs_collections=None, scope=None):
    """Returns a batch of images as a sequence along their width.

    Source: TF 1.15 `tf.contrib.layers.images_to_sequence`.

    Args:
      inputs: images of shape [batch, height, width, depth], or [batch, depth, height, width] with
        `data_format` "NCHW".
      data_format: "NHWC" or "NCHW".
      outputs_collections: collections for the result.
      scope: the name scope. Default: "ImagesToSequence".

    Returns:
      A tensor of shape [width, batch * height, depth].

    Raises:
      ValueError: if `data_format` is another, or the rank is not 4.
    """
    check_either(data_format, "NCHW", "NHWC")
    with v1.name_scope(scope, "ImagesToSequence", [inputs]) as opened:
        inputs = _of_rank(4, inputs)
        # To [width, batch, height, depth] in one step from either format.
        transposed = tf.transpose(inputs, [3, 0, 2, 1] if data_format == "NCHW" else [2, 0, 1, 3])
        sizes = transposed.shape.as_list()
        actual = [tf.shape(transposed)[i] if size is None else size for i, size in enumerate(sizes)]
        outputs = tf.reshape(transposed, [actual[0], actual[1] * actual[2], actual[3]])
        outputs.set_shape([sizes[0], _product(sizes[1:3]), sizes[3]])
        return utils.collect_named_outputs(outputs_collections, opened, outputs)


@add_arg_scope
@symbolic
def sequence_to_images(inputs, height, output_data_format="channels_last", outputs_collections=None, scope=None):
    """Returns a sequence along the width as a batch of images: `images_to_sequence` undone.

    Source: TF 1.15 `tf.contrib.layers.sequence_to_images`.

    Args:
      inputs: a tensor of shape [width, batch * height, depth].
      height: the height of the images, an int.
      output_data_format: "channels_last" or "channels_first".
      outputs_collections: collections for the result.
      scope: the name scope. Default: "SequenceToImages".

    Returns:
      A tensor of shape [batch, height, width, depth], or [batch, depth, height, width].

    Raises:
      ValueError: if the rank is not 3, or `height` does not divide the second size.
    """
    with v1.name_scope(scope, "SequenceToImages", [inputs]) as opened:
        inputs = _of_rank(3, inputs)
        width, rows, depth = inputs.shape.as_list()
        check(rows is None or rows % height == 0, "height", f"a divisor of the second size of inputs, {rows}", height)
        actual = tf.shape(inputs)
        images = tf.reshape(
            inputs,
            [
                actual[0] if width is None else width,
                actual[1] // height if rows is None else rows // height,
                height,
                actual[2] if depth is None else depth,
            ],
        )
        images.set_shape([width, None if rows is None else rows // height, height, depth])
        outputs = tf.transpose(images, [1, 3, 2, 0] if output_data_format == "channels_first" else [1, 2, 0, 3])
        return utils.collect_named_outputs(outputs_collections, opened, outputs)


def _of_rank(rank, inputs):
    inputs = tf.convert_to_tensor(inputs)
    check(inputs.shape.rank == rank, "inputs", f"a tensor of rank {rank}", inputs)
    return inputs
