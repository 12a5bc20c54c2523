"""Depthwise and depthwise-separable convolutions."""

from __future__ import annotations

import tensorflow as tf

from ..ops.arg_scope import add_arg_scope
from . import utils
from ._channels import check_either, keras_format
from ._sizes import as_count, check_channels, check_not_both, check_rank, checked_padding
from ._symbolic import symbolic
from ._tf1_calls import Depthwise, Separable
from ._weights import XAVIER, ZEROS, Weight, apply, as_tensor, finish, uses_biases, weight_source, weighted_scope, zeros

__all__ = ["separable_conv2d", "separable_convolution2d"]


@add_arg_scope
@symbolic
def separable_convolution2d(
    inputs,
    num_outputs,
    kernel_size,
    depth_multiplier=1,
    stride=1,
    padding="SAME",
    data_format="NHWC",
    rate=1,
    activation_fn=tf.nn.relu,
    normalizer_fn=None,
    normalizer_params=None,
    weights_initializer=XAVIER,
    pointwise_initializer=None,
    weights_regularizer=None,
    biases_initializer=ZEROS,
    biases_regularizer=None,
    reuse=None,
    variables_collections=None,
    outputs_collections=None,
    trainable=True,
    scope=None,
):
    """Returns a convolution of each channel by itself, whose results a 1x1 convolution then mixes.

    Makes the variables `depthwise_weights` of shape [height, width, in_channels,
    depth_multiplier], `pointwise_weights` of shape [1, 1, in_channels * depth_multiplier,
    num_outputs] and, without a normalizer, `biases`. With num_outputs=None there is no mixing and
    no `pointwise_weights`.

    Source: TF1 `tensorflow.contrib.layers.separable_conv2d`; a Keras `SeparableConv2D` or
    `DepthwiseConv2D`.

    Args:
      inputs: a floating tensor of shape [batch, height, width, in_channels], or
        [batch, in_channels, height, width] for "NCHW".
      num_outputs: the number of output channels, or None for the depthwise step alone.
      kernel_size: [height, width], or one int for both.
      depth_multiplier: the number of depthwise outputs for each input channel.
      stride: [vertical, horizontal], or one int; TensorFlow's kernels want both equal.
      padding: "SAME" or "VALID", in any case.
      data_format: "NHWC" or "NCHW".
      rate: [vertical, horizontal] dilation, or one int. Above 1 only if `stride` is 1.
      activation_fn: a function of the result, or None for none. Default: relu.
      normalizer_fn: a function in place of the biases, or None.
      normalizer_params: a dict of keyword arguments for `normalizer_fn`.
      weights_initializer: an initializer of the depthwise weights. Default: Xavier uniform.
      pointwise_initializer: one of the pointwise weights. Default: `weights_initializer`.
      weights_regularizer: a function from weights to a scalar loss, or None; applied to both.
      biases_initializer, biases_regularizer, reuse, outputs_collections, trainable: as for
        `convolution`.
      variables_collections: as for `convolution`; "weights" is the key of both weights.
      scope: the variable scope. Default: "SeparableConv2d", made unique.

    Returns:
      A tensor of rank 4. Its channels are `num_outputs`, or in_channels * depth_multiplier.

    Raises:
      ValueError: if the rank is not 4, the channels are not known, `padding` or `data_format` is
        unknown, or both `stride` and `rate` are above 1.
    """
    check_either(data_format, "NCHW", "NHWC")
    if pointwise_initializer is None:
        pointwise_initializer = weights_initializer
    with weighted_scope(scope, "SeparableConv2d", inputs, reuse) as opened:
        inputs = as_tensor(inputs)
        weights = {
            "depthwise_kernel": Weight("depthwise_weights", weights_initializer, weights_regularizer, "weights"),
            "pointwise_kernel": Weight("pointwise_weights", pointwise_initializer, weights_regularizer, "weights"),
            "bias": Weight("biases", biases_initializer, biases_regularizer),
        }
        config = dict(
            kernel_size=utils.two_element_tuple(kernel_size),
            strides=utils.two_element_tuple(stride),
            dilation_rate=utils.two_element_tuple(rate),
            padding=checked_padding(padding),
            data_format=keras_format(data_format),
            depth_multiplier=depth_multiplier,
            use_bias=uses_biases(normalizer_fn, biases_initializer),
        )
        check_not_both(config["strides"], config["dilation_rate"])
        if num_outputs is None:
            build = _depthwise
        else:
            build = _separable
            config["filters"] = as_count("num_outputs", num_outputs)
        outputs = build(inputs, opened, weights, trainable, variables_collections, config)
        return finish(outputs, opened, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


def _separable(inputs, scope, weights, trainable, variables_collections, config):
    check_rank("SeparableConv2d", inputs, 4)
    check_channels(inputs, config["data_format"])
    source = weight_source(scope, weights, trainable, variables_collections)
    return apply("SeparableConv2D", Separable, source, inputs, **config, **zeros("depthwise", "pointwise", "bias"))


def _depthwise(inputs, scope, weights, trainable, variables_collections, config):
    check_rank("SeparableConv2d", inputs, 4)
    check_channels(inputs, config["data_format"])
    # TF1 made these variables without a layer class, so the losses bear the variables' names.
    weights = {name: weight._replace(loss_name=weight.name) for name, weight in weights.items()}
    source = weight_source(scope, weights, trainable, variables_collections)
    return apply("DepthwiseConv2D", Depthwise, source, inputs, **config, **zeros("depthwise", "bias"))


separable_conv2d = separable_convolution2d
