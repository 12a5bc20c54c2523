"""The base of TensorFlow 1's layer objects and recurrent cells, which Keras 3 took away.

A layer of TensorFlow 1 owns a variable scope. The scope is chosen at the first call (`<where the call
stands>/<snake case of the class>`, made unique), and entered again at each later one, so that variables are
made once and then shared.
"""

from __future__ import annotations

import contextlib
import re

import tensorflow as tf

from .._checks import check
from ..ops.collections import add_to_collection
from ..ops.variables import variable

v1 = tf.compat.v1

__all__ = ["Layer"]


class Layer:
    """A layer with TensorFlow 1's scopes: subclasses give `build` and `call`.

    Args:
      trainable: whether the variables are trained.
      name: the scope's name. Default: the class's name in snake case.
      dtype: dtype of the variables. Default: the inputs' at the first call.
      _scope: the scope itself, in place of one that is made unique.
      _reuse: whether the variables must exist already.
    """

    def __init__(self, trainable=True, name=None, dtype=None, *, _scope=None, _reuse=None, activity_regularizer=None):
        self.trainable = trainable
        self.built = False
        self.name = name or _snake_case(type(self).__name__)
        self.activity_regularizer = activity_regularizer
        self._dtype = None if dtype is None else tf.as_dtype(dtype)
        self._reuse = _reuse
        self._scope = None
        self._made = []
        self._made_losses = []
        if _scope:
            with v1.variable_scope(_scope) as self._scope:
                pass

    def build(self, inputs_shape):
        """Makes the variables, once. Layers without variables leave it."""
        self.built = True

    def call(self, inputs, *args, **kwargs):
        """Returns the layer's outputs. Subclasses give it."""
        return inputs

    def __call__(self, inputs, *args, scope=None, **kwargs):
        """Returns `call(inputs, ...)` within the layer's own variable scope."""
        if self._scope is None:
            default = None if scope is not None else self.name
            with v1.variable_scope(scope, default) as self._scope:
                pass
        first = tf.nest.flatten(inputs)[0]
        if self._dtype is None:
            self._dtype = tf.convert_to_tensor(first).dtype.base_dtype
        with self._entered():
            if not self.built:
                shapes = tf.nest.map_structure(lambda one: tf.convert_to_tensor(one).shape, inputs)
                self.build(shapes)
                self.built = True
            outputs = self.call(inputs, *args, **kwargs)
            if self.activity_regularizer is not None:
                self.add_loss(self.activity_regularizer(outputs))
        return outputs

    apply = __call__

    @contextlib.contextmanager
    def _entered(self):
        """Opens the layer's scope; variables that are made inside are the layer's."""
        reuse = True if self.built else self._reuse
        with (
            v1.variable_scope(
                self._scope, reuse=reuse, custom_getter=self._noting, auxiliary_name_scope=False
            ) as scope,
            tf.name_scope(scope.original_name_scope),
        ):
            yield

    def _noting(self, getter, *args, **kwargs):
        """A custom getter that notes the variable it gave."""
        found = getter(*args, **kwargs)
        if not any(found is known for known in self._made):
            self._made.append(found)
        return found

    def add_weight(
        self,
        name,
        shape,
        dtype=None,
        initializer=None,
        regularizer=None,
        trainable=None,
        constraint=None,
        partitioner=None,
        **kwargs,
    ):
        """Returns a variable of the layer's scope; makes it at the first call."""
        trainable = self.trainable if trainable is None else trainable and self.trainable
        with constrained(constraint):
            return variable(
                name,
                shape=shape,
                dtype=self._dtype if dtype is None else dtype,
                initializer=as_initializer(initializer),
                regularizer=regularizer,
                trainable=trainable,
                partitioner=partitioner,
                **kwargs,
            )

    add_variable = add_weight

    def add_loss(self, losses, inputs=None):
        """Adds the loss, or the list of losses, to the layer and to `REGULARIZATION_LOSSES`."""
        for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
            self._made_losses.append(loss)
            add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, loss)

    @property
    def dtype(self):
        """The variables' dtype as a name, None before the first call."""
        return None if self._dtype is None else self._dtype.name

    @property
    def losses(self):
        """What `add_loss` took."""
        return list(self._made_losses)

    @property
    def scope_name(self):
        """The name of the layer's variable scope.

        Raises:
          ValueError: before the first call.
        """
        check(self._scope is not None, "scope_name", "a layer that was called", self)
        return self._scope.name

    @property
    def variables(self):
        """The layer's variables, in the order they were made."""
        return list(self._made)

    weights = variables

    @property
    def trainable_variables(self):
        """Those of the variables that are trained."""
        return [one for one in self.variables if _is_trainable(one)]

    trainable_weights = trainable_variables

    @property
    def non_trainable_variables(self):
        """Those of the variables that are not trained."""
        return [one for one in self.variables if not _is_trainable(one)]

    non_trainable_weights = non_trainable_variables


def as_initializer(given):
    """Returns the initializer for "zeros" and "ones"; everything else as it is."""
    known = {"zeros": v1.zeros_initializer(), "ones": v1.ones_initializer()}
    return known.get(given, given) if isinstance(given, str) else given


@contextlib.contextmanager
def constrained(constraint):
    """Gives the constraint to the variables made inside."""
    if constraint is None:
        yield
        return
    with v1.variable_scope(v1.get_variable_scope(), constraint=constraint, auxiliary_name_scope=False):
        yield


def _is_trainable(variable):
    parts = list(variable) if hasattr(variable, "_get_variable_list") else [variable]
    return all(part.trainable for part in parts)


def _snake_case(name):
    """Returns "basic_lstm_cell" for "BasicLSTMCell"; a leading underscore makes it "private_…"."""
    parted = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    parted = re.sub(r"([a-z])([A-Z])", r"\1_\2", parted).lower()
    return f"private{parted}" if parted.startswith("_") else parted
