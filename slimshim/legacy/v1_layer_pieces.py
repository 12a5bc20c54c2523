"""What the functions of TensorFlow 1's `tf.layers` share: shapes, layouts, variables, and how an output is finished."""

from __future__ import annotations

import tensorflow as tf

from .._checks import one_of
from ..ops.collections import add_to_collection
from ..ops.variables import variable
from .v1_base_layer import as_initializer, constrained

v1 = tf.compat.v1

__all__ = ["depth_of", "enlarged_shape", "finish", "layout", "maker", "numbers", "with_batch_and_channels", "with_bias"]

_SPATIAL = {1: "W", 2: "HW", 3: "DHW"}
_FORMATS = ("channels_last", "channels_first")


def numbers(value, count):
    """Returns a list of `count` numbers from one number or a sequence of so many."""
    return [value] * count if isinstance(value, int) else list(value)


def layout(rank, data_format):
    one_of("data_format", data_format, _FORMATS)
    return f"N{_SPATIAL[rank]}C" if data_format == "channels_last" else f"NC{_SPATIAL[rank]}"


def with_batch_and_channels(pair, data_format):
    return [1, *pair, 1] if data_format == "channels_last" else [1, 1, *pair]


def depth_of(inputs, data_format):
    """Returns the number of channels, which must be known."""
    depth = inputs.shape[-1 if data_format == "channels_last" else 1]
    if depth is None:
        raise ValueError(f"inputs: expected a known number of channels. Received: {inputs!r}.")
    return depth


def enlarged_shape(inputs, filters, kernel_size, strides, padding, data_format):
    """Returns the shape of a transposed convolution's result."""
    shape = tf.shape(inputs)
    first = 1 if data_format == "channels_last" else 2
    sizes = []
    for place, (kernel, stride) in enumerate(zip(kernel_size, strides)):
        more = max(kernel - stride, 0) if padding.lower() == "valid" else 0
        known = inputs.shape[first + place]
        sizes.append((shape[first + place] if known is None else known) * stride + more)
    rest = [*sizes, filters] if data_format == "channels_last" else [filters, *sizes]
    return tf.stack([shape[0], *rest])


def maker(inputs, trainable):
    """Returns a function that makes one of the layer's variables."""

    def make(name, shape, initializer, regularizer, constraint):
        with constrained(constraint):
            return variable(
                name,
                shape=shape,
                dtype=inputs.dtype.base_dtype,
                initializer=as_initializer(initializer),
                regularizer=regularizer,
                trainable=trainable,
            )

    return make


def with_bias(outputs, make, units, bias, data_format):
    use_bias, initializer, regularizer, constraint = bias
    if not use_bias:
        return outputs
    added = make("bias", [units], initializer, regularizer, constraint)
    channels = "NHWC" if data_format == "channels_last" else "NCHW"
    return tf.nn.bias_add(outputs, added, data_format=channels)


def finish(outputs, activation, activity_regularizer):
    outputs = outputs if activation is None else activation(outputs)
    if activity_regularizer is not None:
        add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, activity_regularizer(outputs))
    return outputs
