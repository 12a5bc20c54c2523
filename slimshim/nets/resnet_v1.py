"""ResNet V1: 50, 101, 152 and 200 layers.

He et al., "Deep residual learning", https://arxiv.org/abs/1512.03385, table 1.
Source of names and numbers: TF1 `tensorflow.contrib.slim.nets.resnet_v1`. As there, and unlike the paper, a
block's last unit has the stride.
"""

from __future__ import annotations

import tensorflow as tf

from ..layers import layers, utils
from ..layers import layers as layers_lib
from ..ops.arg_scope import add_arg_scope, arg_scope
from . import _ops, resnet_utils
from .resnet_utils import resnet_arg_scope

v1 = tf.compat.v1

__all__ = [
    "add_arg_scope",
    "arg_scope",
    "bottleneck",
    "layers",
    "layers_lib",
    "resnet_arg_scope",
    "resnet_utils",
    "resnet_v1",
    "resnet_v1_101",
    "resnet_v1_152",
    "resnet_v1_200",
    "resnet_v1_50",
    "resnet_v1_block",
    "utils",
]


@add_arg_scope
def bottleneck(inputs, depth, depth_bottleneck, stride, rate=1, outputs_collections=None, scope=None):
    """Returns a bottleneck unit's output: 1x1, 3x3, 1x1 convolutions around a shortcut, then ReLU.

    Args:
      inputs: float [batch, height, width, channels].
      depth: number of output channels.
      depth_bottleneck: number of channels of the first two convolutions.
      stride: how much smaller the output's map is.
      rate: dilation of the 3x3 convolution.
      outputs_collections: collections for the output.
      scope: the variable scope. Default: "bottleneck_v1".
    """
    with v1.variable_scope(scope, "bottleneck_v1", [inputs]) as opened:
        if depth == utils.last_dimension(inputs.shape, min_rank=4):
            shortcut = resnet_utils.subsample(inputs, stride, "shortcut")
        else:
            shortcut = layers.conv2d(inputs, depth, [1, 1], stride=stride, activation_fn=None, scope="shortcut")
        residual = layers.conv2d(inputs, depth_bottleneck, [1, 1], stride=1, scope="conv1")
        residual = resnet_utils.conv2d_same(residual, depth_bottleneck, 3, stride, rate=rate, scope="conv2")
        residual = layers.conv2d(residual, depth, [1, 1], stride=1, activation_fn=None, scope="conv3")
        output = _ops.relu(shortcut + residual)
        return utils.collect_named_outputs(outputs_collections, opened.name, output)


def resnet_v1(
    inputs,
    blocks,
    num_classes=None,
    is_training=True,
    global_pool=True,
    output_stride=None,
    include_root_block=True,
    reuse=None,
    scope=None,
):
    """Returns the output and end points of a ResNet V1 made of these blocks.

    Args:
      inputs: images, float [batch, height, width, channels].
      blocks: a list of `resnet_utils.Block`.
      num_classes: number of classes; None leaves the classifier out.
      is_training: bool or bool tensor, for batch normalization.
      global_pool: whether the map is averaged to 1x1 before the classifier. For dense prediction: False.
      output_stride: ratio of the input's to the output's size, or None for the net's own (32). Where
        a smaller one is asked for, units keep their size and dilate instead.
      include_root_block: whether the 7x7 convolution and the max pooling come first.
      reuse: whether variables are shared; needs `scope`.
      scope: the variable scope. Default: "resnet_v1".

    Returns:
      (output, dict of end points). The output is [batch, height / 32, width / 32, channels], or has 1x1
      maps with `global_pool`; logits if `num_classes` is given, and then "predictions" is an end point.

    Raises:
      ValueError: if `output_stride` cannot be reached.
    """
    return resnet_utils.build_resnet(
        inputs,
        blocks,
        bottleneck,
        _root_block,
        lambda net: net,
        "resnet_v1",
        num_classes,
        is_training,
        global_pool,
        output_stride,
        include_root_block,
        reuse,
        scope,
    )


resnet_v1.default_image_size = 224


def _root_block(inputs):
    """Returns the output of the first convolution and pooling: a quarter of the size."""
    net = resnet_utils.conv2d_same(inputs, 64, 7, stride=2, scope="conv1")
    return layers.max_pool2d(net, [3, 3], stride=2, scope="pool1")


def resnet_v1_block(scope, base_depth, num_units, stride):
    """Returns the `Block` of bottleneck units; `stride` is that of the last unit.

    Args:
      scope: the block's scope.
      base_depth: channels of the bottlenecks; the units' outputs have four times as many.
      num_units: number of units.
      stride: stride of the last unit; the others have 1.
    """
    return resnet_utils.bottleneck_block(scope, bottleneck, base_depth, num_units, stride)


def _blocks(layers_in_all):
    return resnet_utils.standard_blocks(layers_in_all, resnet_v1_block)


def resnet_v1_50(
    inputs,
    num_classes=None,
    is_training=True,
    global_pool=True,
    output_stride=None,
    reuse=None,
    scope="resnet_v1_50",
):
    """Returns ResNet-50's output and end points; arguments as for `resnet_v1`."""
    return resnet_v1(
        inputs,
        _blocks(50),
        num_classes,
        is_training,
        global_pool,
        output_stride,
        include_root_block=True,
        reuse=reuse,
        scope=scope,
    )


resnet_v1_50.default_image_size = 224


def resnet_v1_101(
    inputs,
    num_classes=None,
    is_training=True,
    global_pool=True,
    output_stride=None,
    reuse=None,
    scope="resnet_v1_101",
):
    """Returns ResNet-101's output and end points; arguments as for `resnet_v1`."""
    return resnet_v1(
        inputs,
        _blocks(101),
        num_classes,
        is_training,
        global_pool,
        output_stride,
        include_root_block=True,
        reuse=reuse,
        scope=scope,
    )


resnet_v1_101.default_image_size = 224


def resnet_v1_152(
    inputs,
    num_classes=None,
    is_training=True,
    global_pool=True,
    output_stride=None,
    reuse=None,
    scope="resnet_v1_152",
):
    """Returns ResNet-152's output and end points; arguments as for `resnet_v1`."""
    return resnet_v1(
        inputs,
        _blocks(152),
        num_classes,
        is_training,
        global_pool,
        output_stride,
        include_root_block=True,
        reuse=reuse,
        scope=scope,
    )


resnet_v1_152.default_image_size = 224


def resnet_v1_200(
    inputs,
    num_classes=None,
    is_training=True,
    global_pool=True,
    output_stride=None,
    reuse=None,
    scope="resnet_v1_200",
):
    """Returns ResNet-200's output and end points; arguments as for `resnet_v1`."""
    return resnet_v1(
        inputs,
        _blocks(200),
        num_classes,
        is_training,
        global_pool,
        output_stride,
        include_root_block=True,
        reuse=reuse,
        scope=scope,
    )


resnet_v1_200.default_image_size = 224
