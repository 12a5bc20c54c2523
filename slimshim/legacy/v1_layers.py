"""`tf.layers` of TensorFlow 1, which Keras 3 took away: the functions that slim-era programs call.

Variables are named as TensorFlow 1 named them (`conv2d/kernel`, `conv2d/bias`), so checkpoints fit.
"""

from __future__ import annotations

import tensorflow as tf

from .._checks import one_of
from ..layers.batch_norm import batch_norm
from ..ops.collections import add_to_collection
from ..ops.variables import variable
from .v1_base_layer import as_initializer, constrained

v1 = tf.compat.v1

__all__ = [
    "average_pooling1d",
    "average_pooling2d",
    "average_pooling3d",
    "batch_normalization",
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "dense",
    "dropout",
    "flatten",
    "max_pooling1d",
    "max_pooling2d",
    "max_pooling3d",
    "separable_conv2d",
]

_SPATIAL = {1: "W", 2: "HW", 3: "DHW"}
_FORMATS = ("channels_last", "channels_first")


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
            shape = [*_numbers(kernel_size, rank), _depth(inputs, data_format), filters]
            make = _maker(inputs, trainable)
            kernel = make("kernel", shape, kernel_initializer, kernel_regularizer, kernel_constraint)
            outputs = tf.nn.convolution(
                inputs,
                kernel,
                strides=_numbers(strides, rank),
                padding=padding.upper(),
                data_format=_layout(rank, data_format),
                dilations=_numbers(dilation_rate, rank),
            )
            bias = (use_bias, bias_initializer, bias_regularizer, bias_constraint)
            outputs = _with_bias(outputs, make, filters, bias, data_format)
            return _finish(outputs, activation, activity_regularizer)

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


def separable_conv2d(
    inputs,
    filters,
    kernel_size,
    strides=(1, 1),
    padding="valid",
    data_format="channels_last",
    dilation_rate=(1, 1),
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
    """Returns a convolution of each channel, followed by a mix of the channels.

    Makes `<name>/depthwise_kernel`, `<name>/pointwise_kernel` and `<name>/bias`.
    """
    inputs = tf.convert_to_tensor(inputs)
    with v1.variable_scope(name, "separable_conv2d", [inputs], reuse=reuse):
        depth = _depth(inputs, data_format)
        make = _maker(inputs, trainable)
        apart = make(
            "depthwise_kernel",
            [*_numbers(kernel_size, 2), depth, depth_multiplier],
            depthwise_initializer,
            depthwise_regularizer,
            depthwise_constraint,
        )
        mix = make(
            "pointwise_kernel",
            [1, 1, depth * depth_multiplier, filters],
            pointwise_initializer,
            pointwise_regularizer,
            pointwise_constraint,
        )
        outputs = tf.nn.separable_conv2d(
            inputs,
            apart,
            mix,
            strides=_four(_numbers(strides, 2), data_format),
            padding=padding.upper(),
            data_format=_layout(2, data_format),
            dilations=_numbers(dilation_rate, 2),
        )
        bias = (use_bias, bias_initializer, bias_regularizer, bias_constraint)
        outputs = _with_bias(outputs, make, filters, bias, data_format)
        return _finish(outputs, activation, activity_regularizer)


def conv2d_transpose(
    inputs,
    filters,
    kernel_size,
    strides=(1, 1),
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
    """Returns the transposed convolution of the inputs.

    Makes `<name>/kernel` of shape `[height, width, filters, depth]` and `<name>/bias`.
    """
    inputs = tf.convert_to_tensor(inputs)
    kernel_size, strides = _numbers(kernel_size, 2), _numbers(strides, 2)
    with v1.variable_scope(name, "conv2d_transpose", [inputs], reuse=reuse):
        make = _maker(inputs, trainable)
        shape = [*kernel_size, filters, _depth(inputs, data_format)]
        kernel = make("kernel", shape, kernel_initializer, kernel_regularizer, kernel_constraint)
        outputs = tf.nn.conv2d_transpose(
            inputs,
            kernel,
            _enlarged(inputs, filters, kernel_size, strides, padding, data_format),
            strides=_four(strides, data_format),
            padding=padding.upper(),
            data_format=_layout(2, data_format),
        )
        bias = (use_bias, bias_initializer, bias_regularizer, bias_constraint)
        outputs = _with_bias(outputs, make, filters, bias, data_format)
        return _finish(outputs, activation, activity_regularizer)


def dense(
    inputs,
    units,
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
    """Returns `activation(inputs * kernel + bias)` over the last dimension.

    Makes `<name>/kernel` of shape `[depth, units]` and `<name>/bias`.
    """
    inputs = tf.convert_to_tensor(inputs)
    with v1.variable_scope(name, "dense", [inputs], reuse=reuse):
        make = _maker(inputs, trainable)
        shape = [_depth(inputs, "channels_last"), units]
        kernel = make("kernel", shape, kernel_initializer, kernel_regularizer, kernel_constraint)
        outputs = tf.tensordot(inputs, kernel, 1) if inputs.shape.rank > 2 else inputs @ kernel
        bias = (use_bias, bias_initializer, bias_regularizer, bias_constraint)
        outputs = _with_bias(outputs, make, units, bias, "channels_last")
        return _finish(outputs, activation, activity_regularizer)


def batch_normalization(
    inputs,
    axis=-1,
    momentum=0.99,
    epsilon=1e-3,
    center=True,
    scale=True,
    beta_initializer="zeros",
    gamma_initializer="ones",
    moving_mean_initializer="zeros",
    moving_variance_initializer="ones",
    beta_regularizer=None,
    gamma_regularizer=None,
    beta_constraint=None,
    gamma_constraint=None,
    training=False,
    trainable=True,
    name=None,
    reuse=None,
    renorm=False,
    renorm_clipping=None,
    renorm_momentum=0.99,
    fused=None,
    virtual_batch_size=None,
    adjustment=None,
):
    """Returns the normalized inputs; the moving averages' updates go to `UPDATE_OPS`.

    Makes `gamma`, `beta`, `moving_mean` and `moving_variance`. `axis` is the channels' dimension:
    the last, or 1. Constraints and `virtual_batch_size` are not served.
    """
    inputs = tf.convert_to_tensor(inputs)
    for argument, value in (
        ("beta_constraint", beta_constraint),
        ("gamma_constraint", gamma_constraint),
        ("virtual_batch_size", virtual_batch_size),
    ):
        if value is not None:
            raise NotImplementedError(f"tf.layers.batch_normalization({argument}=...) is not served.")
    last = one_of("axis", axis, (-1, 1, inputs.shape.rank - 1)) in (-1, inputs.shape.rank - 1)
    with v1.variable_scope(name, "batch_normalization", [inputs], reuse=reuse) as scope:
        return batch_norm(
            inputs,
            decay=momentum,
            center=center,
            scale=scale,
            epsilon=epsilon,
            param_initializers={
                "beta": as_initializer(beta_initializer),
                "gamma": as_initializer(gamma_initializer),
                "moving_mean": as_initializer(moving_mean_initializer),
                "moving_variance": as_initializer(moving_variance_initializer),
            },
            param_regularizers={"beta": beta_regularizer, "gamma": gamma_regularizer},
            is_training=training,
            trainable=trainable,
            fused=fused,
            data_format="NHWC" if last else "NCHW",
            scope=scope,
            renorm=renorm,
            renorm_clipping=renorm_clipping,
            renorm_decay=renorm_momentum,
            adjustment=adjustment,
        )


def dropout(inputs, rate=0.5, noise_shape=None, seed=None, training=False, name=None):
    """Returns the inputs with a fraction `rate` set to 0 and the rest scaled up, while training.

    `training` is a bool or a scalar bool tensor; otherwise the inputs come back as they are.
    """
    with tf.name_scope(name or "dropout"):
        inputs = tf.convert_to_tensor(inputs)

        def dropped():
            return tf.nn.dropout(inputs, rate, noise_shape=noise_shape, seed=seed)

        if isinstance(training, (bool, int)):
            return dropped() if training else tf.identity(inputs)
        return tf.cond(tf.cast(training, tf.bool), dropped, lambda: tf.identity(inputs))


def flatten(inputs, name=None, data_format="channels_last"):
    """Returns the inputs as `[batch, everything else]`."""
    with tf.name_scope(name or "flatten"):
        inputs = tf.convert_to_tensor(inputs)
        if data_format == "channels_first" and inputs.shape.rank > 2:
            # As Keras does: the channels go last before everything is laid in a row.
            inputs = tf.transpose(inputs, [0, *range(2, inputs.shape.rank), 1])
        known = inputs.shape[1:].num_elements()
        if known is not None:
            return tf.reshape(inputs, [-1, known])
        return tf.reshape(inputs, [tf.shape(inputs)[0], -1])


def _pooling(kind, rank):
    """Returns the `tf.layers.<kind>_poolingNd` function."""
    pooling_type = {"max": "MAX", "average": "AVG"}[kind]

    def pooling(inputs, pool_size, strides, padding="valid", data_format="channels_last", name=None):
        return v1.nn.pool(
            tf.convert_to_tensor(inputs),
            _numbers(pool_size, rank),
            pooling_type,
            padding.upper(),
            strides=_numbers(strides, rank),
            data_format=_layout(rank, data_format),
            name=name or f"{kind}_pooling{rank}d",
        )

    pooling.__name__ = pooling.__qualname__ = f"{kind}_pooling{rank}d"
    pooling.__doc__ = f"Returns the {kind} over windows of {rank} dimension(s), as TensorFlow 1's."
    return pooling


average_pooling1d = _pooling("average", 1)
average_pooling2d = _pooling("average", 2)
average_pooling3d = _pooling("average", 3)
max_pooling1d = _pooling("max", 1)
max_pooling2d = _pooling("max", 2)
max_pooling3d = _pooling("max", 3)


def _numbers(value, count):
    """Returns a list of `count` numbers from one number or a sequence of so many."""
    return [value] * count if isinstance(value, int) else list(value)


def _layout(rank, data_format):
    one_of("data_format", data_format, _FORMATS)
    return f"N{_SPATIAL[rank]}C" if data_format == "channels_last" else f"NC{_SPATIAL[rank]}"


def _four(pair, data_format):
    return [1, *pair, 1] if data_format == "channels_last" else [1, 1, *pair]


def _depth(inputs, data_format):
    """Returns the number of channels, which must be known."""
    depth = inputs.shape[-1 if data_format == "channels_last" else 1]
    if depth is None:
        raise ValueError(f"inputs: expected a known number of channels. Received: {inputs!r}.")
    return depth


def _enlarged(inputs, filters, kernel_size, strides, padding, data_format):
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


def _maker(inputs, trainable):
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


def _with_bias(outputs, make, units, bias, data_format):
    use_bias, initializer, regularizer, constraint = bias
    if not use_bias:
        return outputs
    added = make("bias", [units], initializer, regularizer, constraint)
    layout = "NHWC" if data_format == "channels_last" else "NCHW"
    return tf.nn.bias_add(outputs, added, data_format=layout)


def _finish(outputs, activation, activity_regularizer):
    outputs = outputs if activation is None else activation(outputs)
    if activity_regularizer is not None:
        add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, activity_regularizer(outputs))
    return outputs
