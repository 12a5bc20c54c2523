"""Pooling over space."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text, one_of
from ..ops.arg_scope import add_arg_scope
from . import utils
from ._channels import CONVOLUTION_FORMATS, check_either, keras_format, tensorflow_format, where_supported
from ._sizes import check_not_both, check_rank, checked_padding, spatial
from ._symbolic import symbolic
from ._tf1_calls import AveragePooling, MaxPooling
from ._weights import apply, as_tensor

v1 = tf.compat.v1

__all__ = ["avg_pool2d", "avg_pool3d", "max_pool2d", "max_pool3d", "pool"]


@add_arg_scope
@symbolic
def avg_pool2d(
    inputs, kernel_size, stride=2, padding="VALID", data_format="NHWC", outputs_collections=None, scope=None
):
    """Returns the averages over windows of each channel. Padding does not count.

    Source: TF1 `tensorflow.contrib.layers.avg_pool2d`; a Keras `AveragePooling2D`.

    Args:
      inputs: a floating tensor of shape [batch, height, width, channels], or
        [batch, channels, height, width] for "NCHW".
      kernel_size: [height, width] of the window, or one int for both.
      stride: [vertical, horizontal] step of the window, or one int. Default: 2.
      padding: "SAME" or "VALID", in any case. Default: "VALID".
      data_format: "NHWC" or "NCHW". NCHW works on the CPU too, by way of a transpose.
      outputs_collections: a collection, or a list of them, that the outputs join.
      scope: the name scope. Default: "AvgPool2D", made unique.

    Returns:
      A tensor of rank 4. A spatial size n becomes ceil(n / stride) for "SAME", and
      ceil((n - kernel + 1) / stride) for "VALID".

    Raises:
      ValueError: if the rank is not 4, or `padding` or `data_format` is unknown.
    """
    return _pool_layer("Avg", 2, inputs, kernel_size, stride, padding, data_format, outputs_collections, scope)


@add_arg_scope
@symbolic
def avg_pool3d(
    inputs, kernel_size, stride=2, padding="VALID", data_format="NDHWC", outputs_collections=None, scope=None
):
    """Returns the averages over windows of each channel, in 3 dimensions.

    Source: TF1 `tensorflow.contrib.layers.avg_pool3d`; a Keras `AveragePooling3D`.

    Args:
      inputs: a floating tensor of shape [batch, depth, height, width, channels], or
        [batch, channels, depth, height, width] for "NCDHW".
      kernel_size: [depth, height, width] of the window, or one int for all.
      stride: a step for each of them, or one int. Default: 2.
      padding, outputs_collections: as for `avg_pool2d`.
      data_format: "NDHWC" or "NCDHW".
      scope: the name scope. Default: "AvgPool3D", made unique.

    Returns:
      A tensor of rank 5, with sizes as for `avg_pool2d`.

    Raises:
      ValueError: if the rank is not 5, or `padding` or `data_format` is unknown.
    """
    return _pool_layer("Avg", 3, inputs, kernel_size, stride, padding, data_format, outputs_collections, scope)


@add_arg_scope
@symbolic
def max_pool2d(
    inputs, kernel_size, stride=2, padding="VALID", data_format="NHWC", outputs_collections=None, scope=None
):
    """Returns the maxima over windows of each channel.

    Source: TF1 `tensorflow.contrib.layers.max_pool2d`; a Keras `MaxPooling2D`.

    Args:
      inputs: a tensor of numbers of shape [batch, height, width, channels], or
        [batch, channels, height, width] for "NCHW".
      kernel_size, stride, padding, data_format, outputs_collections: as for `avg_pool2d`.
      scope: the name scope. Default: "MaxPool2D", made unique.

    Returns:
      A tensor of rank 4, with sizes as for `avg_pool2d`.

    Raises:
      ValueError: if the rank is not 4, or `padding` or `data_format` is unknown.
    """
    return _pool_layer("Max", 2, inputs, kernel_size, stride, padding, data_format, outputs_collections, scope)


@add_arg_scope
@symbolic
def max_pool3d(
    inputs, kernel_size, stride=2, padding="VALID", data_format="NDHWC", outputs_collections=None, scope=None
):
    """Returns the maxima over windows of each channel, in 3 dimensions.

    Source: TF1 `tensorflow.contrib.layers.max_pool3d`; a Keras `MaxPooling3D`.

    Args:
      inputs, kernel_size, stride, padding, data_format, outputs_collections: as for `avg_pool3d`.
      scope: the name scope. Default: "MaxPool3D", made unique.

    Returns:
      A tensor of rank 5, with sizes as for `avg_pool2d`.

    Raises:
      ValueError: if the rank is not 5, or `padding` or `data_format` is unknown.
    """
    return _pool_layer("Max", 3, inputs, kernel_size, stride, padding, data_format, outputs_collections, scope)


_KINDS = {"Avg": ("AveragePooling", AveragePooling), "Max": ("MaxPooling", MaxPooling)}
_FORMATS = {2: ("NCHW", "NHWC"), 3: ("NCDHW", "NDHWC")}


def _pool_layer(kind, dimensions, inputs, kernel_size, stride, padding, data_format, outputs_collections, scope):
    check_either(data_format, *_FORMATS[dimensions])
    keras_name, call = _KINDS[kind]
    with v1.name_scope(scope, f"{kind}Pool{dimensions}D", [inputs]) as opened:
        inputs = as_tensor(inputs)
        check_rank(f"{kind.lower()}_pool{dimensions}d", inputs, dimensions + 2)
        outputs = apply(
            f"{keras_name}{dimensions}D",
            call,
            None,
            inputs,
            pool_size=spatial("kernel_size", kernel_size, dimensions),
            strides=spatial("stride", stride, dimensions),
            padding=checked_padding(padding),
            data_format=keras_format(data_format),
        )
        return utils.collect_named_outputs(outputs_collections, opened, outputs)


@add_arg_scope
@symbolic
def pool(
    inputs,
    kernel_size,
    pooling_type,
    padding="VALID",
    data_format=None,
    dilation_rate=1,
    stride=1,
    outputs_collections=None,
    scope=None,
):
    """Returns averages or maxima over windows, for 1, 2 or 3 spatial dimensions, dilated if asked for.

    Source: TF1 `tensorflow.contrib.layers.pool`; `tf.nn.pool`, as Keras has no dilated pooling.

    Args:
      inputs: a tensor of shape [batch, spatial..., channels], or [batch, channels, spatial...] if
        `data_format` starts with "NC". There are N = rank - 2 spatial dimensions.
      kernel_size: N positive ints, or one for all dimensions.
      pooling_type: "AVG" or "MAX".
      padding: "SAME" or "VALID", in any case.
      data_format: a word as for `convolution`, or None for channels last.
      dilation_rate: N positive ints, or one. Above 1 only if `stride` is 1.
      stride: N positive ints, or one. Above 1 only if `dilation_rate` is 1. Default: 1.
      outputs_collections: a collection, or a list of them, that the outputs join.
      scope: the op's name. Default: "avg_pool" or "max_pool", made unique.

    Returns:
      A tensor of the inputs' rank.

    Raises:
      ValueError: if the rank is not known or not within 3 to 5, an argument is unknown, or both
        `stride` and `dilation_rate` are above 1.
    """
    one_of("pooling_type", pooling_type, ("AVG", "MAX"))
    if data_format is not None:
        one_of("data_format", data_format, CONVOLUTION_FORMATS)
    with v1.name_scope(scope, f"{pooling_type.lower()}_pool", [inputs]) as opened:
        inputs = as_tensor(inputs)
        dimensions = _dimensions(inputs)
        stride, rate = spatial("stride", stride, dimensions), spatial("dilation_rate", dilation_rate, dimensions)
        check_not_both(stride, rate, "stride", "dilation_rate")
        window = spatial("kernel_size", kernel_size, dimensions)
        padding = checked_padding(padding).upper()

        def pooled(inputs, channels, name):
            return tf.nn.pool(
                inputs,
                window,
                pooling_type,
                strides=stride,
                padding=padding,
                data_format=tensorflow_format(channels, dimensions),
                dilations=rate,
                name=name,
            )

        outputs = where_supported(pooled, inputs, keras_format(data_format), opened)
        return utils.collect_named_outputs(outputs_collections, opened, outputs)


def _dimensions(inputs):
    rank = inputs.shape.rank
    if rank is None:
        raise ValueError("Rank of inputs must be known. " + error_text("inputs", "a known rank", inputs))
    if not 3 <= rank <= 5:
        bound = ">= 3" if rank < 3 else "<= 5"
        raise ValueError(f"Rank of inputs must be {bound}. " + error_text("inputs", "rank 3, 4 or 5", inputs.shape))
    return rank - 2
