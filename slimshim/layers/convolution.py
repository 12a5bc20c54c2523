"""Convolutions over 1, 2 and 3 dimensions, and the in-plane one."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text
from ..ops.arg_scope import add_arg_scope
from . import utils
from ._channels import check_convolution_format, keras_format
from ._sizes import as_count, check_channels, check_not_both, check_rank, checked_padding, spatial
from ._symbolic import symbolic
from ._tf1_calls import Convolution, InPlane
from ._weights import XAVIER, ZEROS, Weight, apply, as_tensor, finish, uses_biases, weight_source, weighted_scope, zeros

v1 = tf.compat.v1

__all__ = [
    "conv1d",
    "conv2d",
    "conv2d_in_plane",
    "conv3d",
    "convolution",
    "convolution1d",
    "convolution2d",
    "convolution2d_in_plane",
    "convolution3d",
]


@add_arg_scope
@symbolic
def convolution(
    inputs,
    num_outputs,
    kernel_size,
    stride=1,
    padding="SAME",
    data_format=None,
    rate=1,
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
    conv_dims=None,
):
    """Returns the convolution of `inputs` with new weights, then normalized or biased, then activated.

    Makes the variable `weights` of shape kernel_size + [in_channels, num_outputs] and, without a
    normalizer, `biases` of shape [num_outputs]. With N spatial dimensions:

        outputs[b, x, k] = sum over d, c of weights[d, c, k] * inputs[b, stride * x + rate * d, c]

    Source: TF1 `tensorflow.contrib.layers.convolution`; a Keras `Conv1D`, `Conv2D` or `Conv3D`.

    Args:
      inputs: a floating tensor of shape [batch, spatial..., in_channels], or
        [batch, in_channels, spatial...] if `data_format` starts with "NC". N is 1, 2 or 3.
      num_outputs: the number of output channels.
      kernel_size: N positive ints, or one for all dimensions.
      stride: N positive ints, or one. Above 1 only if `rate` is 1.
      padding: "SAME" or "VALID" (for N = 1 also "CAUSAL"), in any case.
      data_format: "NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW", or None for channels last.
        Channels first works on the CPU too, by way of a transpose.
      rate: N positive ints, or one: the dilation. Above 1 only if `stride` is 1.
      activation_fn: a function of the result, or None for none. Default: relu.
      normalizer_fn: a function in place of the biases, such as `batch_norm`, or None.
      normalizer_params: a dict of keyword arguments for `normalizer_fn`.
      weights_initializer: an initializer. Default: Xavier uniform.
      weights_regularizer: a function from the weights to a scalar loss, or None.
      biases_initializer: an initializer; None means no biases. Default: zeros.
      biases_regularizer: a function from the biases to a scalar loss, or None.
      reuse: whether to share the weights of an earlier call with the same `scope`: None, True or
        `tf.compat.v1.AUTO_REUSE`.
      variables_collections: a list of collections for all variables, or a dict with the keys
        "weights" and "biases" of such lists.
      outputs_collections: a collection, or a list of them, that the outputs join.
      trainable: whether the variables are trained.
      scope: the variable scope. Default: "Conv", made unique.
      conv_dims: N, for a check of the inputs' rank; None takes it from there.

    Returns:
      A tensor of the inputs' rank and dtype. A spatial size n becomes ceil(n / stride) for
      "SAME", and ceil((n - rate * (kernel - 1)) / stride) for "VALID".

    Raises:
      ValueError: if the rank is not N + 2, the channels are not known, `padding` or `data_format`
        is unknown, or both `stride` and `rate` are above 1.
    """
    check_convolution_format(data_format)
    with weighted_scope(scope, "Conv", inputs, reuse) as opened:
        inputs = as_tensor(inputs)
        dimensions = _dimensions(inputs, conv_dims)
        channels = keras_format(data_format)
        check_channels(inputs, channels)
        stride, rate = spatial("stride", stride, dimensions), spatial("rate", rate, dimensions)
        check_not_both(stride, rate)
        source = weight_source(
            opened,
            {
                "kernel": Weight("weights", weights_initializer, weights_regularizer),
                "bias": Weight("biases", biases_initializer, biases_regularizer),
            },
            trainable,
            variables_collections,
        )
        outputs = apply(
            f"Conv{dimensions}D",
            Convolution,
            source,
            inputs,
            filters=as_count("num_outputs", num_outputs),
            kernel_size=spatial("kernel_size", kernel_size, dimensions),
            strides=stride,
            padding=checked_padding(padding, also=("causal",) if dimensions == 1 else ()),
            data_format=channels,
            dilation_rate=rate,
            use_bias=uses_biases(normalizer_fn, biases_initializer),
            **zeros("kernel", "bias"),
        )
        return finish(outputs, opened, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


def _dimensions(inputs, conv_dims):
    rank = inputs.shape.rank
    if conv_dims is not None and conv_dims + 2 != rank:
        raise ValueError(
            f"Convolution expects input with rank {conv_dims + 2}, got {rank}. "
            + error_text("inputs", f"rank {conv_dims + 2}", inputs.shape)
        )
    if rank not in (3, 4, 5):
        raise ValueError(
            f"Convolution not supported for input with rank {rank}. "
            + error_text("inputs", "rank 3, 4 or 5", inputs.shape)
        )
    return rank - 2


def _with_dimensions(dimensions):
    """Returns `convolution` for one number of spatial dimensions, under its own name."""

    def convolution_nd(
        inputs,
        num_outputs,
        kernel_size,
        stride=1,
        padding="SAME",
        data_format=None,
        rate=1,
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
        return convolution(
            inputs,
            num_outputs,
            kernel_size,
            stride,
            padding,
            data_format,
            rate,
            activation_fn,
            normalizer_fn,
            normalizer_params,
            weights_initializer,
            weights_regularizer,
            biases_initializer,
            biases_regularizer,
            reuse,
            variables_collections,
            outputs_collections,
            trainable,
            scope,
            conv_dims=dimensions,
        )

    # The name is part of the key for arg_scope, and `stack` and `repeat` make scopes of it.
    convolution_nd.__name__ = convolution_nd.__qualname__ = f"convolution{dimensions}d"
    convolution_nd.__doc__ = f"""Returns the convolution of `inputs` over {dimensions} spatial dimension{"s"[: dimensions > 1]}.

    As `convolution` with conv_dims={dimensions}: inputs of rank {dimensions + 2} alone.
    Source: TF1 `tensorflow.contrib.layers.convolution{dimensions}d`.

    Args:
      inputs, num_outputs, kernel_size, stride, padding, data_format, rate, activation_fn,
        normalizer_fn, normalizer_params, weights_initializer, weights_regularizer,
        biases_initializer, biases_regularizer, reuse, variables_collections,
        outputs_collections, trainable, scope: as for `convolution`.

    Returns:
      A tensor of the inputs' rank and dtype.

    Raises:
      ValueError: as `convolution`.
    """
    return add_arg_scope(convolution_nd)


convolution1d = _with_dimensions(1)
convolution2d = _with_dimensions(2)
convolution3d = _with_dimensions(3)


@add_arg_scope
@symbolic
def convolution2d_in_plane(
    inputs,
    kernel_size,
    stride=1,
    padding="SAME",
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
    """Returns each channel of `inputs` convolved with one and the same kernel.

    For image gradients, say: `conv2d_in_plane(images, [1, 2], weights_initializer=...)`.
    Makes the variable `weights` of shape [height, width, 1, 1] and, without a normalizer,
    `biases` of shape [channels].

    Source: TF1 `tensorflow.contrib.layers.conv2d_in_plane`; a Keras `DepthwiseConv2D`.

    Args:
      inputs: a floating tensor of shape [batch, height, width, channels].
      kernel_size: [height, width] of the kernel, or one int for both.
      stride: [vertical, horizontal], or one int; TensorFlow's kernels want both equal.
      padding, activation_fn, normalizer_fn, normalizer_params, weights_initializer,
        weights_regularizer, biases_initializer, biases_regularizer, reuse,
        variables_collections, outputs_collections, trainable: as for `convolution`.
      scope: the variable scope. Default: "ConvInPlane", made unique.

    Returns:
      A tensor of shape [batch, new height, new width, channels].

    Raises:
      ValueError: if the rank is not 4 or the channels are not known.
    """
    with weighted_scope(scope, "ConvInPlane", inputs, reuse) as opened:
        inputs = as_tensor(inputs)
        check_rank("ConvInPlane", inputs, 4)
        check_channels(inputs, "channels_last")
        shared = Weight("weights", weights_initializer, weights_regularizer, loss_name="weights")
        source = _one_plane(
            weight_source(
                opened,
                {
                    "depthwise_kernel": shared,
                    "bias": Weight("biases", biases_initializer, biases_regularizer, loss_name="biases"),
                },
                trainable,
                variables_collections,
            )
        )
        outputs = apply(
            "DepthwiseConv2D",
            InPlane,
            source,
            inputs,
            kernel_size=utils.two_element_tuple(kernel_size),
            strides=utils.two_element_tuple(stride),
            padding=checked_padding(padding),
            data_format="channels_last",
            use_bias=uses_biases(normalizer_fn, biases_initializer),
            **zeros("depthwise", "bias"),
        )
        return finish(outputs, opened, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


def _one_plane(source):
    """Returns a weight source that makes the depthwise kernel for one channel in place of all."""

    def make(keras_name, shape, dtype, trainable):
        if len(shape) == 4:
            shape = (*shape[:2], 1, 1)
        return source(keras_name, shape, dtype, trainable)

    return make


conv1d = convolution1d
conv2d = convolution2d
conv3d = convolution3d
conv2d_in_plane = convolution2d_in_plane
