"""Transposed convolutions over 2 and 3 dimensions."""

from __future__ import annotations

import tensorflow as tf

from ..ops.arg_scope import add_arg_scope
from ._channels import check_either, keras_format
from ._sizes import as_count, check_channels, check_rank, checked_padding, spatial
from ._symbolic import symbolic
from ._tf1_calls import Transposed
from ._weights import XAVIER, ZEROS, Weight, apply, as_tensor, finish, uses_biases, weight_source, weighted_scope, zeros

__all__ = [
    "conv2d_transpose",
    "conv3d_transpose",
    "convolution2d_transpose",
    "convolution3d_transpose",
]


@add_arg_scope
@symbolic
def convolution2d_transpose(
    inputs,
    num_outputs,
    kernel_size,
    stride=1,
    padding="SAME",
    data_format="NHWC",
    activation_fn=tf.nn.relu,
    normalizer_fn=None,
    normalizer_params=None,
    weights_initializer=XAVIER,
    weights_regularizer=None,
    biases_initializer=ZEROS,
    biases_regularizer=None,
    reuse=None,
    variables_collections=None,
    outputs_collections=None,
    trainable=True,
    scope=None,
):
    """Returns the transposed convolution of `inputs`, also called deconvolution: it enlarges.

    It is the gradient of a `conv2d` with regard to its inputs. Makes the variable `weights` of
    shape [height, width, num_outputs, in_channels] and, without a normalizer, `biases`.

    Source: TF1 `tensorflow.contrib.layers.conv2d_transpose`; a Keras `Conv2DTranspose`.

    Args:
      inputs: a floating tensor of shape [batch, height, width, in_channels], or
        [batch, in_channels, height, width] for "NCHW".
      num_outputs: the number of output channels.
      kernel_size: [height, width], or one int for both.
      stride: [vertical, horizontal], or one int: the factor of enlargement.
      padding: "SAME" or "VALID", in any case.
      data_format: "NHWC" or "NCHW".
      activation_fn, normalizer_fn, normalizer_params, weights_initializer, weights_regularizer,
        biases_initializer, biases_regularizer, reuse, variables_collections,
        outputs_collections, trainable: as for `convolution`.
      scope: the variable scope. Default: "Conv2d_transpose", made unique.

    Returns:
      A tensor of rank 4. A spatial size n becomes n * stride for "SAME", and
      n * stride + max(kernel - stride, 0) for "VALID".

    Raises:
      ValueError: if the rank is not 4, the channels are not known, or `padding` or `data_format`
        is unknown.
    """
    check_either(data_format, "NCHW", "NHWC")
    with weighted_scope(scope, "Conv2d_transpose", inputs, reuse) as opened:
        outputs = _transposed(
            2,
            inputs,
            opened,
            num_outputs,
            kernel_size,
            stride,
            padding,
            data_format,
            Weight("weights", weights_initializer, weights_regularizer),
            Weight("biases", biases_initializer, biases_regularizer),
            uses_biases(normalizer_fn, biases_initializer),
            variables_collections,
            trainable,
        )
        return finish(outputs, opened, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


@add_arg_scope
@symbolic
def convolution3d_transpose(
    inputs,
    num_outputs,
    kernel_size,
    stride=1,
    padding="SAME",
    data_format="NDHWC",
    activation_fn=tf.nn.relu,
    normalizer_fn=None,
    normalizer_params=None,
    weights_initializer=XAVIER,
    weights_regularizer=None,
    biases_initializer=ZEROS,
    biases_regularizer=None,
    reuse=None,
    variables_collections=None,
    outputs_collections=None,
    trainable=True,
    scope=None,
):
    """Returns the transposed convolution of `inputs` over 3 dimensions.

    Makes the variable `weights` of shape [depth, height, width, num_outputs, in_channels] and,
    without a normalizer, `biases`.

    Source: TF1 `tensorflow.contrib.layers.conv3d_transpose`; a Keras `Conv3DTranspose`.

    Args:
      inputs: a floating tensor of shape [batch, depth, height, width, in_channels], or
        [batch, in_channels, depth, height, width] for "NCDHW".
      num_outputs: the number of output channels.
      kernel_size: [depth, height, width], or one int for all.
      stride: a factor of enlargement for each of them, or one int.
      padding: "SAME" or "VALID", in any case.
      data_format: "NDHWC" or "NCDHW".
      activation_fn, normalizer_fn, normalizer_params, weights_initializer, weights_regularizer,
        biases_initializer, biases_regularizer, reuse, variables_collections,
        outputs_collections, trainable: as for `convolution`.
      scope: the variable scope. Default: "Conv3d_transpose", made unique.

    Returns:
      A tensor of rank 5, with sizes as for `convolution2d_transpose`.

    Raises:
      ValueError: if the rank is not 5, the channels are not known, or `padding` or `data_format`
        is unknown.
    """
    check_either(data_format, "NCDHW", "NDHWC")
    with weighted_scope(scope, "Conv3d_transpose", inputs, reuse) as opened:
        outputs = _transposed(
            3,
            inputs,
            opened,
            num_outputs,
            kernel_size,
            stride,
            padding,
            data_format,
            Weight("weights", weights_initializer, weights_regularizer),
            Weight("biases", biases_initializer, biases_regularizer),
            uses_biases(normalizer_fn, biases_initializer),
            variables_collections,
            trainable,
        )
        return finish(outputs, opened, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


def _transposed(
    dimensions,
    inputs,
    scope,
    num_outputs,
    kernel_size,
    stride,
    padding,
    data_format,
    weights,
    biases,
    use_bias,
    variables_collections,
    trainable,
):
    inputs = as_tensor(inputs)
    channels = keras_format(data_format)
    check_rank(f"Conv{dimensions}d_transpose", inputs, dimensions + 2)
    check_channels(inputs, channels)
    return apply(
        f"Conv{dimensions}DTranspose",
        Transposed,
        weight_source(scope, {"kernel": weights, "bias": biases}, trainable, variables_collections),
        inputs,
        filters=as_count("num_outputs", num_outputs),
        kernel_size=spatial("kernel_size", kernel_size, dimensions),
        strides=spatial("stride", stride, dimensions),
        padding=checked_padding(padding),
        data_format=channels,
        use_bias=use_bias,
        **zeros("kernel", "bias"),
    )


conv2d_transpose = convolution2d_transpose
conv3d_transpose = convolution3d_transpose
