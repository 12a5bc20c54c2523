"""Keras layers whose weights come from slim's variables.

Each op of the layers room that has a Keras counterpart builds it here. The subclass changes where
the weights come from and what the ops are called, nothing else. It serves Keras 2, tf_keras and
Keras 3: all of them ask `self.add_weight(...)` in `build` and read the attribute in `call`.

Why the classes are made on first use: `tf.keras` loads Keras, which costs more than importing
this whole package.
"""

from __future__ import annotations

import contextlib
import functools

import tensorflow as tf


def keras_layer(kind, weight_source, dtype, **config):
    """Returns a new layer of class `tf.keras.layers.<kind>` that takes its weights from a source.

    Args:
      kind: the class's name, such as "Conv2D".
      weight_source: a function (name, shape, dtype, trainable) -> variable, called for each weight
        with Keras's name of it ("kernel", "bias", "depthwise_kernel", "pointwise_kernel", ...).
      dtype: a dtype name or policy; None for the process's global policy.
      **config: the layer's arguments.
    """
    layer = _class_with_source(kind)(dtype=dtype, **config)
    layer._slim_weight_source = weight_source
    return layer


@functools.lru_cache(maxsize=None)
def _class_with_source(kind):
    return type(kind, (_WithWeightSource, getattr(tf.keras.layers, kind)), {})


class _WithWeightSource:
    """Mix-in for a Keras layer: weights from `_slim_weight_source`, TF1's op names."""

    _slim_weight_source = None

    def add_weight(self, *args, **kwargs):
        # Keras 2 takes (name, shape, dtype, ...), Keras 3 (shape, initializer, dtype, ...), and
        # Keras's own layers pass all of them by name in both.
        if args:
            raise TypeError(f"add_weight takes keyword arguments alone here. Received: {args!r}.")
        trainable = kwargs.get("trainable", True)
        variable = self._slim_weight_source(kwargs["name"], tuple(kwargs["shape"]), self._variable_dtype_name(), trainable)
        return tf.cast(variable, self.compute_dtype)

    def _variable_dtype_name(self):
        return tf.as_dtype(self.variable_dtype).name

    def _open_name_scope(self):
        """Keras 3: the op's scope is slim's variable scope, with no scope of the layer's name in it."""
        return contextlib.nullcontext()

    def _name_scope(self):
        """Keras 2: as `_open_name_scope`; a scope name that ends in a slash is taken as it is."""
        scope = tf.compat.v1.get_default_graph().get_name_scope()
        return scope + "/" if scope else scope
