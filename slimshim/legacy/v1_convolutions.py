"""The convolutions of TensorFlow 1's `tf.layers`, which Keras 3 took away."""

from __future__ import annotations

import tensorflow as tf

from .v1_layer_pieces import (
    depth_of,
    enlarged_shape,
    finish,
    layout,
    maker,
    numbers,
    with_batch_and_channels,
    with_bias,
)

v1 = tf.compat.v1

__all__ = [
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "separable_conv1d",
    "separable_conv2d",
]


def _convolution(rank):
    """Returns the `tf.layers.convNd` function for a number of spatial dimensions."""

    def conv(
        inputs,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format="channels_last",
        dilation_rate=1,
        activation=None,
        use_bias=True,
        kernel_initializer=None,
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        trainable=True,
        name=None,
        reuse=None,
    ):
        inputs = tf.convert_to_tensor(inputs)
        with v1.variable_scope(name, f"conv{rank}d", [inputs], reuse=reuse):
            shape = [*numbers(kernel_size, rank), depth_of(inputs, data_format), filters]
            make = maker(inputs, trainable)
            kernel = make("kernel", shape, kernel_initializer, kernel_regularizer, kernel_constraint)
            outputs = tf.nn.convolution(
                inputs,
                kernel,
                strides=numbers(strides, rank),
                padding=padding.upper(),
                data_format=layout(rank, data_format),
                dilations=numbers(dilation_rate, rank),
            )
            bias = (use_bias, bias_initializer, bias_regularizer, bias_constraint)
            outputs = with_bias(outputs, make, filters, bias, data_format)
            return finish(outputs, activation, activity_regularizer)

    conv.__name__ = conv.__qualname__ = f"conv{rank}d"
    conv.__doc__ = f"""Returns the {rank}D convolution of the inputs, as TensorFlow 1's `tf.layers.conv{rank}d`.

    Makes `<name>/kernel` of shape `[*kernel_size, depth, filters]` and `<name>/bias`. Arguments
    and defaults are TensorFlow 1's; `strides`, `kernel_size` and `dilation_rate` are numbers or
    one number per spatial dimension.
    """
    return conv


conv1d = _convolution(1)
conv2d = _convolution(2)
conv3d = _convolution(3)


def _separable(rank):
    """Returns the `tf.layers.separable_convNd` function for 1 or 2 spatial dimensions."""

    def separable_conv(
        inputs,
        filters,
        kernel_size,
        strides=1 if rank == 1 else (1, 1),
        padding="valid",
        data_format="channels_last",
        dilation_rate=1 if rank == 1 else (1, 1),
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer=None,
        pointwise_initializer=None,
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        bias_constraint=None,
        trainable=True,
        name=None,
        reuse=None,
    ):
        inputs = tf.convert_to_tensor(inputs)
        with v1.variable_scope(name, f"separable_conv{rank}d", [inputs], reuse=reuse):
            depth = depth_of(inputs, data_format)
            make = maker(inputs, trainable)
            apart = make(
                "depthwise_kernel",
                [*numbers(kernel_size, rank), depth, depth_multiplier],
                depthwise_initializer,
                depthwise_regularizer,
                depthwise_constraint,
            )
            mix = make(
                "pointwise_kernel",
                [1] * rank + [depth * depth_multiplier, filters],
                pointwise_initializer,
                pointwise_regularizer,
                pointwise_constraint,
            )
            strides, dilations = numbers(strides, rank), numbers(dilation_rate, rank)
            # TensorFlow has the operation for pictures alone: a row is a picture of height 1.
            height = 1 if data_format == "channels_last" else 2
            if rank == 1:
                inputs = tf.expand_dims(inputs, height)
                apart, mix = apart[tf.newaxis], mix[tf.newaxis]
                strides, dilations = strides * 2, [1, *dilations]
            outputs = tf.nn.separable_conv2d(
                inputs,
                apart,
                mix,
                strides=with_batch_and_channels(strides, data_format),
                padding=padding.upper(),
                data_format=layout(2, data_format),
                dilations=dilations,
            )
            if rank == 1:
                outputs = tf.squeeze(outputs, [height])
            bias = (use_bias, bias_initializer, bias_regularizer, bias_constraint)
            outputs = with_bias(outputs, make, filters, bias, data_format)
            return finish(outputs, activation, activity_regularizer)

    separable_conv.__name__ = separable_conv.__qualname__ = f"separable_conv{rank}d"
    separable_conv.__doc__ = """Returns a convolution of each channel, followed by a mix of the channels.

    Makes `<name>/depthwise_kernel`, `<name>/pointwise_kernel` and `<name>/bias`.
    """
    return separable_conv


separable_conv1d = _separable(1)
separable_conv2d = _separable(2)


def _transposed(rank):
    """Returns the `tf.layers.convNd_transpose` function for 2 or 3 spatial dimensions."""
    operation = {2: tf.nn.conv2d_transpose, 3: tf.nn.conv3d_transpose}[rank]

    def conv_transpose(
        inputs,
        filters,
        kernel_size,
        strides=(1,) * rank,
        padding="valid",
        data_format="channels_last",
        activation=None,
        use_bias=True,
        kernel_initializer=None,
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        trainable=True,
        name=None,
        reuse=None,
    ):
        inputs = tf.convert_to_tensor(inputs)
        kernel_size, strides = numbers(kernel_size, rank), numbers(strides, rank)
        with v1.variable_scope(name, f"conv{rank}d_transpose", [inputs], reuse=reuse):
            make = maker(inputs, trainable)
            shape = [*kernel_size, filters, depth_of(inputs, data_format)]
            kernel = make("kernel", shape, kernel_initializer, kernel_regularizer, kernel_constraint)
            outputs = operation(
                inputs,
                kernel,
                enlarged_shape(inputs, filters, kernel_size, strides, padding, data_format),
                strides=with_batch_and_channels(strides, data_format),
                padding=padding.upper(),
                data_format=layout(rank, data_format),
            )
            bias = (use_bias, bias_initializer, bias_regularizer, bias_constraint)
            outputs = with_bias(outputs, make, filters, bias, data_format)
            return finish(outputs, activation, activity_regularizer)

    conv_transpose.__name__ = conv_transpose.__qualname__ = f"conv{rank}d_transpose"
    conv_transpose.__doc__ = """Returns the transposed convolution of the inputs.

    Makes `<name>/kernel` of shape `[*kernel_size, filters, depth]` and `<name>/bias`.
    """
    return conv_transpose


conv2d_transpose = _transposed(2)
conv3d_transpose = _transposed(3)
