"""Symbolic mode: an op that is called with a Keras tensor becomes a Keras layer.

    @add_arg_scope
    @symbolic
    def convolution(inputs, ...):

The decorator costs one look at the first argument. All else is loaded when a Keras tensor comes.
"""

from __future__ import annotations

import contextlib
import functools
import inspect

import tensorflow as tf

from .._tf import is_keras_tensor
from ..ops.collections import clear_collection


def symbolic(op):
    """Returns `op`, which gives Keras tensors for Keras tensors.

    Args:
      op: a function whose first argument is its input, a tensor or a list of them.
    """
    try:
        first = next(iter(inspect.signature(op).parameters))
    except ValueError:
        first = None

    @functools.wraps(op)
    def call(*args, **kwargs):
        inputs = args[0] if args else kwargs.get(first)
        if isinstance(inputs, tf.Tensor) or not has_keras_tensor(inputs):
            return op(*args, **kwargs)
        from ._symbolic_call import call_symbolically  # It loads Keras.

        return call_symbolically(op, args, kwargs)

    call.takes_keras_tensors = True
    call.eager_op = op
    return call


def has_keras_tensor(inputs):
    """Returns whether `inputs` is a Keras tensor or a list or tuple that begins with one."""
    if isinstance(inputs, (list, tuple)):
        return bool(inputs) and is_keras_tensor(inputs[0])
    return is_keras_tensor(inputs)


def begin_end_points(inputs, collection):
    """Empties a net's collection of end points before it is built on Keras tensors.

    Nothing else ends such a collection: there is no `tf.Graph` that it would belong to.
    """
    if has_keras_tensor(inputs):
        clear_collection(collection)


@contextlib.contextmanager
def automatic_names_for(inputs):
    """Lets automatic scope names ("Conv", "Conv_1") count within the Keras graph of `inputs`.

    Only outside any variable scope: within one they count from its start, as everywhere. Does
    nothing for other inputs.
    """
    if has_keras_tensor(inputs) and not tf.compat.v1.get_variable_scope().name:
        from ._symbolic_graph import graph_of

        with graph_of(tf.nest.flatten(inputs)).automatic_names():
            yield
    else:
        yield
