"""Summaries of whole collections: variables, weights, biases, activations.

Same public names as ``tf_slim.layers.summaries``.
"""

from __future__ import annotations

import re

import tensorflow as tf

from ..ops.collections import get_collection
from ..ops.summary_ops import histogram_summary, op_name, scalar_summary

v1 = tf.compat.v1

__all__ = [
    "summarize_activation",
    "summarize_activations",
    "summarize_biases",
    "summarize_collection",
    "summarize_tensor",
    "summarize_tensors",
    "summarize_variables",
    "summarize_weights",
]


def summarize_activation(op):
    """Returns a histogram summary of an activation, after adding what suits its kind.

    For Relu, Relu6 and Softplus the fraction of inputs below zero is summarized too (`/zeros`),
    for Relu6 also the fraction above six (`/sixes`).

    Args:
      op: a tensor, what a layer's activation function gave. An eager tensor does not know its
        kind, so it gets the histogram alone.

    Source: `tf.contrib.layers.summarize_activation` of TF 1.15.
    """
    name = op_name(op)
    kind, inputs = _kind_and_inputs(op)
    # The inputs tell exactly which side of the kink a value was on; the outputs may be rounded.
    if kind in ("Relu", "Relu6", "Softplus"):
        _summarize_fraction(inputs < tf.cast(0.0, inputs.dtype), f"{name}/zeros")
    if kind == "Relu6":
        _summarize_fraction(inputs > tf.cast(6.0, inputs.dtype), f"{name}/sixes")
    return histogram_summary(f"{name}/activation", op)


def summarize_tensor(tensor, tag=None):
    """Returns a scalar summary of a scalar, else a histogram; None for strings and bools.

    Args:
      tensor: a tensor or variable.
      tag: the summary's tag; the tensor's op name and `_summary` by default.

    Source: `tf.contrib.layers.summarize_tensor` of TF 1.15.
    """
    if tf.as_dtype(tensor.dtype).base_dtype in (tf.string, tf.bool):
        return None
    tag = tag or f"{op_name(tensor)}_summary"
    # An unknown rank gets a histogram, which a scalar can have as well.
    summarize = scalar_summary if tensor.shape.rank == 0 else histogram_summary
    return summarize(tag, tensor)


def summarize_tensors(tensors, summarizer=summarize_tensor):
    """Returns a list: `summarizer` of each of `tensors`."""
    return [summarizer(tensor) for tensor in tensors]


def summarize_collection(collection, name_filter=None, summarizer=summarize_tensor):
    """Returns a list of summaries of what a collection holds.

    Args:
      collection: the collection's name.
      name_filter: a regular expression that the op name must match from its start, or None.
      summarizer: a function from a tensor to its summary.

    Source: `tf.contrib.layers.summarize_collection` of TF 1.15.
    """
    tensors = get_collection(collection)
    if name_filter is not None:
        tensors = [tensor for tensor in tensors if re.match(name_filter, op_name(tensor))]
    return summarize_tensors(tensors, summarizer)


def summarize_variables(name_filter=None, summarizer=summarize_tensor):
    """Returns a list of summaries of the GLOBAL_VARIABLES collection; see `summarize_collection`."""
    return summarize_collection(v1.GraphKeys.GLOBAL_VARIABLES, name_filter, summarizer)


def summarize_weights(name_filter=None, summarizer=summarize_tensor):
    """Returns a list of summaries of the WEIGHTS collection; see `summarize_collection`."""
    return summarize_collection(v1.GraphKeys.WEIGHTS, name_filter, summarizer)


def summarize_biases(name_filter=None, summarizer=summarize_tensor):
    """Returns a list of summaries of the BIASES collection; see `summarize_collection`."""
    return summarize_collection(v1.GraphKeys.BIASES, name_filter, summarizer)


def summarize_activations(name_filter=None, summarizer=summarize_activation):
    """Returns a list of summaries of the ACTIVATIONS collection; see `summarize_collection`."""
    return summarize_collection(v1.GraphKeys.ACTIVATIONS, name_filter, summarizer)


def _kind_and_inputs(tensor):
    """Returns the op type of a graph tensor and its op's first input, else (None, None)."""
    try:
        op = tensor.op
    except AttributeError:  # Eager tensors have no op.
        return None, None
    return op.type, op.inputs[0] if len(op.inputs) else None


def _summarize_fraction(condition, tag):
    scalar_summary(tag, tf.reduce_mean(tf.cast(condition, tf.float32)))
