"""`tf.layers` of TensorFlow 1, which Keras 3 took away: the layer objects.

Each wraps the function of the same kind (`v1_layers`) in a `Layer`: variables are made at the first call, under
TensorFlow 1's names, and shared by the calls after it.
"""

from __future__ import annotations

import inspect

import tensorflow as tf

from . import v1_layers
from .v1_base_layer import Layer

v1 = tf.compat.v1

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "BatchNormalization",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "SeparableConv1D",
    "SeparableConv2D",
]

# Arguments of a function that the layer object takes at its call, or not at all.
_AT_CALL = ("inputs", "training")
_SCOPES = ("name", "reuse")


class _FunctionLayer(Layer):
    """A layer whose call is a function of `tf.layers`; subclasses name it."""

    function = None
    # The name of the scope in TensorFlow 1, from the class's name.
    scope_default = None

    def __init__(
        self,
        *args,
        trainable=True,
        name=None,
        dtype=None,
        activity_regularizer=None,
        _scope=None,
        _reuse=None,
        **kwargs,
    ):
        super().__init__(
            trainable=trainable,
            name=name or self.scope_default,
            dtype=dtype,
            activity_regularizer=activity_regularizer,
            _scope=_scope,
            _reuse=_reuse,
        )
        self._arguments = type(self).__signature__.bind(*args, **kwargs).arguments
        takes = inspect.signature(self.function).parameters
        if "trainable" in takes:
            self._arguments["trainable"] = trainable

    def call(self, inputs, **at_call):
        """Returns the function's outputs."""
        takes = inspect.signature(type(self).function).parameters
        if "reuse" in takes:
            # The function shall make no scope below the layer's own, in which this call already is.
            at_call["name"] = v1.get_variable_scope()
        return type(self).function(inputs, **self._arguments, **at_call)


def _layer_class(name, function, scope_default):
    parameters = [
        one
        for one in inspect.signature(function).parameters.values()
        if one.name not in (*_AT_CALL, *_SCOPES, "trainable", "activity_regularizer")
    ]
    doc = f"""`tf.layers.{function.__name__}` as an object: `layer(inputs)` makes the variables once.

    Arguments are the function's, without `inputs` and `reuse`; `training`, where there is one, goes to the call.
    """
    members = {
        "function": staticmethod(function),
        "scope_default": scope_default,
        "__doc__": doc,
        "__module__": __name__,
        "__signature__": inspect.Signature(parameters),
    }
    return type(name, (_FunctionLayer,), members)


AveragePooling1D = _layer_class("AveragePooling1D", v1_layers.average_pooling1d, "average_pooling1d")
AveragePooling2D = _layer_class("AveragePooling2D", v1_layers.average_pooling2d, "average_pooling2d")
AveragePooling3D = _layer_class("AveragePooling3D", v1_layers.average_pooling3d, "average_pooling3d")
BatchNormalization = _layer_class("BatchNormalization", v1_layers.batch_normalization, "batch_normalization")
Conv1D = _layer_class("Conv1D", v1_layers.conv1d, "conv1d")
Conv2D = _layer_class("Conv2D", v1_layers.conv2d, "conv2d")
Conv2DTranspose = _layer_class("Conv2DTranspose", v1_layers.conv2d_transpose, "conv2d_transpose")
Conv3D = _layer_class("Conv3D", v1_layers.conv3d, "conv3d")
Conv3DTranspose = _layer_class("Conv3DTranspose", v1_layers.conv3d_transpose, "conv3d_transpose")
Dense = _layer_class("Dense", v1_layers.dense, "dense")
Dropout = _layer_class("Dropout", v1_layers.dropout, "dropout")
Flatten = _layer_class("Flatten", v1_layers.flatten, "flatten")
MaxPooling1D = _layer_class("MaxPooling1D", v1_layers.max_pooling1d, "max_pooling1d")
MaxPooling2D = _layer_class("MaxPooling2D", v1_layers.max_pooling2d, "max_pooling2d")
MaxPooling3D = _layer_class("MaxPooling3D", v1_layers.max_pooling3d, "max_pooling3d")
SeparableConv1D = _layer_class("SeparableConv1D", v1_layers.separable_conv1d, "separable_conv1d")
SeparableConv2D = _layer_class("SeparableConv2D", v1_layers.separable_conv2d, "separable_conv2d")
