"""Keras layers whose weights come from slim's variables.

Each op of the layers room that has a Keras counterpart builds it here. The subclass changes where
the weights come from and, through a mix-in of the caller's, what the ops are called; nothing
else. It serves Keras 2, tf_keras and Keras 3: all of them ask `self.add_weight(...)` in `build`
and read the attribute in `call`.

Why the classes are made on first use: `tf.keras` loads Keras, which costs more than importing
this whole package.
"""

from __future__ import annotations

import contextlib
import functools

import tensorflow as tf


def keras_layer(kind, weight_source, dtype, naming=None, **config):
    """Returns a new layer of class `tf.keras.layers.<kind>` that takes its weights from a source.

    Args:
      kind: the class's name, such as "Conv2D".
      weight_source: a function (name, shape, dtype, trainable) -> variable, called for each weight
        with Keras's name of it ("kernel", "bias", "depthwise_kernel", "pointwise_kernel", ...).
        None for weights that the layer owns itself, as an ordinary Keras layer does.
      dtype: a dtype name or policy; see `layer_dtype`.
      naming: a mix-in class whose `call` gives the ops TF1's names, or None.
      **config: the layer's arguments.
    """
    layer = _class_with_source(kind, naming)(dtype=dtype, **config)
    layer._slim_weight_source = weight_source
    return layer


def layer_dtype(inputs_dtype):
    """Returns the `dtype` for a Keras layer on such inputs.

    Variables take the inputs' dtype, as in TF1. Under a global mixed precision policy they take
    the policy's: a layer's low precision outputs must not give the next one low precision
    weights.

    Args:
      inputs_dtype: the inputs' `tf.DType`.
    """
    name = inputs_dtype.base_dtype.name
    policy = _global_policy()()
    variable_dtype, compute_dtype = policy.variable_dtype, policy.compute_dtype
    mixed = variable_dtype != compute_dtype
    return policy if mixed and name in (variable_dtype, compute_dtype) else name


@functools.cache
def _global_policy():
    return tf.keras.mixed_precision.global_policy


@functools.cache
def _class_with_source(kind, naming):
    keras_class = getattr(tf.keras.layers, kind)
    bases = tuple(base for base in (naming, _WithWeightSource, keras_class) if base is not None)
    # Keras 2 runs AutoGraph over the `call` of any class that does not look like its own, which
    # costs time and gains nothing here. The line can go once TensorFlow < 2.16 is dropped.
    return type(kind, bases, {"__module__": keras_class.__module__})


class _WithWeightSource:
    """Mix-in for a Keras layer: weights from `_slim_weight_source`, no name scope of its own."""

    _slim_weight_source = None
    # Keras's name of a weight -> the name to ask the source for, where versions differ.
    weight_names = {}

    def add_weight(self, *args, **kwargs):
        if self._slim_weight_source is None:
            return super().add_weight(*args, **kwargs)
        # Keras's own layers pass all arguments by name, but for Keras 2's Dense, which starts
        # with the weight's name.
        name = args[0] if args else kwargs["name"]
        name = self.weight_names.get(name, name)
        trainable = kwargs.get("trainable", True)
        return self._slim_weight_source(name, tuple(kwargs["shape"]), tf.as_dtype(self.variable_dtype), trainable)

    def value_of(self, weight):
        """Returns a weight as `call` shall compute with it: in the compute dtype, parts joined.

        Not done in `add_weight`: Keras 2 may call that outside the function that is being traced,
        where a gradient could not follow. A variable that needs neither is returned as it is, so
        that the op that uses it reads it, under TF1's name.
        """
        if tf.as_dtype(weight.dtype).base_dtype != self.compute_dtype:
            return tf.cast(weight, self.compute_dtype)
        if isinstance(weight, (tf.Variable, tf.Tensor)):
            return weight
        return tf.convert_to_tensor(weight)

    def _open_name_scope(self):
        """Keras 3: the op's scope is slim's variable scope, with no scope of the layer's name in it."""
        return contextlib.nullcontext()

    def _name_scope(self):
        """Keras 2: as `_open_name_scope`; a scope name that ends in a slash is taken as it is."""
        scope = tf.compat.v1.get_default_graph().get_name_scope()
        return scope + "/" if scope else scope
