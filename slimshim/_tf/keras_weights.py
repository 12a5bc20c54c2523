"""Keras layers that own `tf.Variable`s which somebody else made, and the way back from a Keras tensor.

Keras 2 (TensorFlow 2.10 to 2.15, tf_keras) tracks a `tf.Variable` itself. Keras 3 knows its own
`Variable` alone, so there each gets a wrapper around the very same `tf.Variable`; a gradient with
respect to one is a gradient with respect to the other. Imported on first use, for it loads Keras.

The branches for Keras 2 can go once TensorFlow < 2.16 and tf_keras are dropped; those for Keras 3 once it
tracks a `tf.Variable` itself.
"""

from __future__ import annotations

import tensorflow as tf

from .versions import keras_is_3


def layer_arguments(name, trainable=True, dtype=None):
    """Returns the constructor's arguments for a Keras layer that leaves its inputs' dtype alone."""
    return {"name": name, "trainable": trainable, "dtype": dtype, "autocast": False}


def owned(variables):
    """Returns what a Keras layer keeps as an attribute to own these `tf.Variable`s: a list as long as theirs."""
    return [_wrapped(variable) for variable in variables] if keras_is_3() else list(variables)


def regularize(layer, weight, regularizer):
    """Makes `regularizer(variable)` one of the layer's losses.

    Args:
      layer: a Keras layer that owns `weight`.
      weight: an item of what `owned` gave.
      regularizer: a function from the variable to a scalar loss or None.
    """
    if regularizer is None or regularizer(variable_of(weight)) is None:
        return
    if keras_is_3():
        weight.regularizer = _keras_3_classes()[1](regularizer)
    else:
        layer.add_loss(lambda: regularizer(weight))


def variable_of(weight):
    """Returns the `tf.Variable` of a Keras weight, of either Keras."""
    return weight if isinstance(weight, tf.Variable) else weight.value


def tf1_name(weight):
    """Returns a Keras weight's name as in a TF1 checkpoint."""
    name = getattr(weight, "path", None) or weight.name
    return name.split(":")[0]


_classes = []


def _keras_3_classes():
    """Returns (the class of wrapped variables, the class of wrapped regularizers)."""
    if not _classes:

        class WrappedVariable(tf.keras.Variable):
            """A Keras variable around a `tf.Variable` that exists, with the same name."""

            def __init__(self, variable):
                self._wrapped_variable = variable
                super().__init__(
                    # Not the value: only the shape and dtype of it are looked at.
                    tf.zeros(variable.shape, variable.dtype),
                    dtype=variable.dtype.name,
                    trainable=variable.trainable,
                    autocast=False,
                    name=variable.name.split(":")[0].rpartition("/")[2],
                )
                self._path = variable.name.split(":")[0]

            def _initialize(self, value):
                self._value = self._wrapped_variable

        class FunctionRegularizer(tf.keras.regularizers.Regularizer):
            """A Keras regularizer that calls a function."""

            def __init__(self, function):
                self.function = function

            def __call__(self, weight):
                return self.function(variable_of(weight))

        _classes.extend((WrappedVariable, FunctionRegularizer))
    return _classes


def _wrapped(variable):
    return _keras_3_classes()[0](variable)


def parents(keras_tensor):
    """Returns the Keras tensors that this one was computed from; none for `keras.Input`."""
    history = getattr(keras_tensor, "_keras_history", None)
    if history is None:
        return []
    producer, node_index = history[0], history[1]
    node = producer._inbound_nodes[node_index]
    found = tf.nest.flatten(node.input_tensors)
    return [tensor for tensor in found if tensor is not keras_tensor]
