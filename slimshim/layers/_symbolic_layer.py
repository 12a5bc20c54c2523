"""The Keras layer that runs an op on tensors, with the variables that the op asks for.

Importing this module loads Keras.
"""

from __future__ import annotations

import contextlib
import inspect
import typing

import tensorflow as tf

from .._tf.keras_weights import layer_arguments, regularize
from .._tf.scope_counts import automatic_names_from_the_start
from .._tf.tracing import run_on_placeholders
from ..ops.arg_scope import arg_scope
from ..ops.scopes import noting_layer_scopes
from ..ops.stores import using_store
from . import _symbolic_config

v1 = tf.compat.v1

_PACKAGE = __name__.partition(".layers.")[0]


class Slot(typing.NamedTuple):
    """The place of an input tensor among an op's arguments."""

    index: int


def mapped(function, structure):
    """Returns a nest of lists, tuples and dicts with `function` applied to all else in it."""
    if isinstance(structure, Slot):
        return function(structure)
    if isinstance(structure, dict):
        return {key: mapped(function, value) for key, value in structure.items()}
    if type(structure) in (list, tuple):
        return type(structure)(mapped(function, value) for value in structure)
    return function(structure)


class OpCall:
    """One call of an op in symbolic mode: all that is needed to run it again on other tensors."""

    def __init__(self, op, args, kwargs, specs, scope_defaults, store):
        """Makes the call; `build_here` or `build` must follow.

        Args:
          op: the function.
          args, kwargs: its arguments, with a `Slot` for each tensor.
          specs: a `tf.TensorSpec` for each slot.
          scope_defaults: the `arg_scope` to run in, for ops within the op.
          store: the `VariableStore` of the layer.
        """
        self.op, self.args, self.kwargs = op, args, kwargs
        self.specs, self.store, self.prefix = specs, store, ""
        self._scope_defaults = scope_defaults
        self._follows_keras = self._leaves_training_open()

    def build_here(self):
        """Makes the variables in the current variable scope; returns the op's own scope's name, or None."""
        here = v1.get_variable_scope()
        self.prefix = here.name
        with noting_layer_scopes() as opened:
            self._trace(lambda: v1.variable_scope(here, custom_getter=self.store.getter, auxiliary_name_scope=False))
        argument = self._scope_argument()
        if not opened or argument is None:
            return None
        # From now on the scope has its name, whatever was opened before.
        self.prefix, _, self.kwargs[argument] = opened[0].rpartition("/")
        return opened[0]

    def build(self):
        """Makes the variables, in the scope that was noted."""
        self._trace(self._root_scope)

    def _trace(self, scope):
        def function(*tensors):
            with using_store(self.store), arg_scope(self._scope_defaults), scope():
                return self._op_on(tensors, training=None)

        run_on_placeholders(function, self.specs)

    def __call__(self, tensors, training=None):
        """Returns what the op gives for these tensors."""
        with using_store(self.store), arg_scope(self._scope_defaults):
            with automatic_names_from_the_start(), self._root_scope():
                return self._op_on(tensors, training)

    @contextlib.contextmanager
    def _root_scope(self):
        root = v1.VariableScope(reuse=None, name=self.prefix, custom_getter=self.store.getter, use_resource=True)
        with v1.variable_scope(root, auxiliary_name_scope=False):
            yield

    def _op_on(self, tensors, training):
        def filled(value):
            return tensors[value.index] if isinstance(value, Slot) else value

        kwargs = mapped(filled, self.kwargs)
        if self._follows_keras:
            kwargs["is_training"] = training
        return self.op(*mapped(filled, self.args), **kwargs)

    def _leaves_training_open(self):
        """Returns whether the op was called with `is_training=None`, so that Keras says."""
        parameters = _parameters(self.op)
        if "is_training" not in parameters:
            return False
        return self.kwargs.get("is_training", parameters["is_training"].default) is None

    def _scope_argument(self):
        """Returns the name of the argument that names the op's scope, or None for functions not ours."""
        if not self.op.__module__.startswith(_PACKAGE + "."):
            return None
        return next((name for name in ("scope", "name") if name in _parameters(self.op)), None)

    def full_name(self):
        """Returns a name for the call: its own scope or the op's name, within the scope it is in."""
        own = (
            self.kwargs.get("scope") or self.kwargs.get("name") or getattr(self.op, "__name__", type(self.op).__name__)
        )
        own = getattr(own, "name", own).strip("<>/")
        return f"{self.prefix}/{own}" if self.prefix else own


def _parameters(function):
    try:
        return inspect.signature(function).parameters
    except ValueError:
        return {}


@tf.keras.utils.register_keras_serializable(package=_PACKAGE)
class SlimLayer(tf.keras.layers.Layer):
    """A Keras layer that runs one of the package's ops, or another function of tensors.

    Its weights have TF1's names (`InceptionV2/Conv2d_1a_7x7/weights`), its own name is its scope's
    with dots for slashes. Regularizers of its weights are its losses.
    """

    def __init__(self, call, name=None, graph=None, trainable=True, dtype=None):
        """Makes the layer of an `OpCall` that is built.

        Args:
          call: the call.
          name: the layer's name.
          graph: the `KerasGraph` whose layers share weights by name, or None.
          trainable: whether the layer's weights are trained.
          dtype: a dtype or policy for Keras. The op itself follows its inputs' dtype.
        """
        super().__init__(**layer_arguments(name, trainable, dtype))
        self.slim_call = call
        from ._symbolic_graph import KerasGraph

        self.slim_weights = (graph or KerasGraph()).own(call.store.variables)
        for weight, variable in zip(self.slim_weights, call.store.variables):
            regularize(self, weight, call.store.regularizers.get(variable.name.split(":")[0]))
        call.store.leave_graph()
        self.built = True

    def call(self, inputs, training=None):
        """Returns what the op gives."""
        tensors = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        return self.slim_call(tensors, training)

    def get_config(self):
        """Returns the op by name and its arguments, for `save`."""
        return {**super().get_config(), **_symbolic_config.encoded_call(self.slim_call)}

    @classmethod
    def from_config(cls, config):
        """Returns the layer of a configuration, with weights that still have to be loaded."""
        from ._symbolic_graph import LayerStore

        config = dict(config)
        op, args, kwargs, specs, prefix = _symbolic_config.decoded_call(config)
        call = OpCall(op, args, kwargs, specs, {}, LayerStore(None))
        call.prefix = prefix
        call.build()
        return cls(call, name=config["name"], trainable=config.get("trainable", True), dtype=None)
