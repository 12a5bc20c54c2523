"""`tf.layers` of TensorFlow 1, which Keras 3 took away: the functions that slim-era programs call.

Variables are named as TensorFlow 1 named them (`conv2d/kernel`, `conv2d/bias`), so checkpoints fit.
"""

from __future__ import annotations

import tensorflow as tf

from .._checks import one_of
from ..layers.batch_norm import batch_norm
from .v1_base_layer import as_initializer
from .v1_convolutions import (
    conv1d,
    conv2d,
    conv2d_transpose,
    conv3d,
    conv3d_transpose,
    separable_conv1d,
    separable_conv2d,
)
from .v1_layer_pieces import depth_of, finish, layout, maker, numbers, with_bias

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
    "conv3d_transpose",
    "dense",
    "dropout",
    "flatten",
    "max_pooling1d",
    "max_pooling2d",
    "max_pooling3d",
    "separable_conv1d",
    "separable_conv2d",
]


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
        make = maker(inputs, trainable)
        shape = [depth_of(inputs, "channels_last"), units]
        kernel = make("kernel", shape, kernel_initializer, kernel_regularizer, kernel_constraint)
        outputs = tf.tensordot(inputs, kernel, 1) if inputs.shape.rank > 2 else inputs @ kernel
        bias = (use_bias, bias_initializer, bias_regularizer, bias_constraint)
        outputs = with_bias(outputs, make, units, bias, "channels_last")
        return finish(outputs, activation, activity_regularizer)


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
            numbers(pool_size, rank),
            pooling_type,
            padding.upper(),
            strides=numbers(strides, rank),
            data_format=layout(rank, data_format),
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
