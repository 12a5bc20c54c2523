"""An op called with Keras tensors: the layer that it becomes, and the tail of normalizer and activation."""

from __future__ import annotations

import contextlib
import functools
import inspect

import tensorflow as tf

from .._tf import is_keras_tensor
from ..ops.arg_scope import current_arg_scope
from ._symbolic_graph import LayerStore, graph_of, join_graph
from ._symbolic_layer import OpCall, SlimLayer, Slot, mapped
from .utils import collect_named_outputs

v1 = tf.compat.v1


def call_symbolically(op, args, kwargs):
    """Returns the Keras tensors that `op` gives, as the output of a new Keras layer.

    Args:
      op: a function from tensors to tensors, or a nest of them; it may make variables.
      args: its positional arguments, with Keras tensors in them or in lists, tuples or dicts there.
      kwargs: its keyword arguments, likewise.
    """
    args, kwargs = _by_name(op, args, kwargs)
    tail = _Tail(op, kwargs)
    collections = kwargs.pop("outputs_collections", None)
    (args, kwargs), tensors = _with_slots((args, kwargs))
    graph = graph_of(tensors)
    at_root = not v1.get_variable_scope().name
    with graph.automatic_names() if at_root else contextlib.nullcontext():
        call = OpCall(op, args, kwargs, [_spec(tensor) for tensor in tensors], current_arg_scope(), LayerStore(graph))
        scope = call.build_here()
        layer = SlimLayer(call, name=graph.unique_layer_name(_layer_name(call, scope)), graph=graph)
        outputs = layer(tensors[0] if len(tensors) == 1 else tensors)
        join_graph(outputs, graph)
        if scope is not None or tail:
            with v1.variable_scope(_to_enter(scope), auxiliary_name_scope=False):
                outputs = tail.applied_to(outputs)
    return collect_named_outputs(collections, scope or call.full_name(), outputs)


def _by_name(op, args, kwargs):
    """Returns (positional, keyword) arguments, all of them as keyword arguments where that can be."""
    try:
        signature = inspect.signature(op)
    except ValueError:
        return list(args), dict(kwargs)
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    if kinds - {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}:
        return list(args), dict(kwargs)
    return [], dict(signature.bind(*args, **kwargs).arguments)


class _Tail:
    """The normalizer and the activation after it, which become layers of their own."""

    def __init__(self, op, kwargs):
        """Takes them off `kwargs`, and the biases with them."""
        self._normalizer = kwargs.pop("normalizer_fn", None)
        self._params = kwargs.pop("normalizer_params", None) or {}
        self._activation = None
        if self._normalizer is not None:
            parameters = inspect.signature(op).parameters
            if "activation_fn" in parameters:
                self._activation = kwargs.get("activation_fn", parameters["activation_fn"].default)
                kwargs["activation_fn"] = None
            if "biases_initializer" in parameters:
                kwargs["biases_initializer"] = None

    def __bool__(self):
        return self._normalizer is not None

    def applied_to(self, outputs):
        """Returns the outputs normalized and activated."""
        if self._normalizer is not None:
            outputs = _called(self._normalizer, outputs, self._params)
        return outputs if self._activation is None else _called(self._activation, outputs, {})


def _called(function, tensor, kwargs):
    """Returns function(tensor, **kwargs), also of functions that know nothing of Keras tensors."""
    while isinstance(function, functools.partial) and not function.args:
        function, kwargs = function.func, {**function.keywords, **kwargs}
    if getattr(function, "takes_keras_tensors", False):
        return function(tensor, **kwargs)
    return call_symbolically(function, (tensor,), kwargs)


def _with_slots(structure):
    """Returns the structure with a `Slot` for each Keras tensor, and the list of these."""
    tensors = []

    def slot(value):
        if not is_keras_tensor(value):
            return value
        tensors.append(value)
        return Slot(len(tensors) - 1)

    return mapped(slot, structure), tensors


def _spec(tensor):
    return tf.TensorSpec(tuple(tensor.shape), tensor.dtype)


def _to_enter(scope):
    """Returns what `variable_scope` takes to enter the scope of that full name from here."""
    here = v1.get_variable_scope()
    prefix = here.name + "/" if here.name else ""
    if scope is None:
        return here
    if scope.startswith(prefix):
        return scope[len(prefix) :]
    return v1.VariableScope(reuse=None, name=scope)


def _layer_name(call, scope):
    # Keras 3 allows no slash in a layer's name.
    return (scope or call.full_name()).replace("/", ".")
