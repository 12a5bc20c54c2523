"""What both ResNets share: blocks as data, dilation in place of strides, the arg scope.

Source of names and numbers: TF1 `tensorflow.contrib.slim.nets.resnet_utils`.
"""

from __future__ import annotations

import collections

import tensorflow as tf

from .._checks import check
from ..layers import initializers, layers, regularizers, utils
from ..layers import layers as layers_lib
from ..layers._symbolic import begin_end_points
from ..ops.arg_scope import add_arg_scope, arg_scope
from . import _ops

v1 = tf.compat.v1

__all__ = [
    "Block",
    "add_arg_scope",
    "arg_scope",
    "conv2d_same",
    "initializers",
    "layers",
    "layers_lib",
    "regularizers",
    "resnet_arg_scope",
    "stack_blocks_dense",
    "subsample",
    "utils",
]

# Units in each of the four blocks, by the net's number of layers.
UNITS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)}


class Block(collections.namedtuple("Block", ["scope", "unit_fn", "args"])):
    """A ResNet block: its scope, the function that builds a unit, and each unit's keyword arguments."""


def bottleneck_block(scope, unit_fn, base_depth, num_units, stride):
    """Returns a `Block` of bottleneck units of which the last has the stride."""
    unit = {"depth": base_depth * 4, "depth_bottleneck": base_depth}
    units = [{**unit, "stride": 1} for _ in range(num_units - 1)]
    return Block(scope, unit_fn, [*units, {**unit, "stride": stride}])


def standard_blocks(layers_in_all, block_fn):
    """Returns the four blocks of the ResNet with that many layers."""
    return [
        block_fn(f"block{i + 1}", base_depth=64 * 2**i, num_units=count, stride=2 if i < 3 else 1)
        for i, count in enumerate(UNITS[layers_in_all])
    ]


def subsample(inputs, factor, scope=None):
    """Returns every `factor`-th pixel of the map, by a 1x1 max pooling; the input itself if that is 1."""
    return inputs if factor == 1 else layers.max_pool2d(inputs, [1, 1], stride=factor, scope=scope)


def conv2d_same(inputs, num_outputs, kernel_size, stride, rate=1, scope=None):
    """Returns a strided convolution whose padding does not depend on the input's size.

    With a stride, "SAME" pads differently for even and odd sizes. Here the padding is that of stride
    1, so the output equals a convolution of stride 1 that is subsampled afterwards.

    Args:
      inputs: float [batch, height, width, channels].
      num_outputs: number of output channels.
      kernel_size: an int.
      stride: an int.
      rate: dilation.
      scope: the variable scope.
    """
    if stride == 1:
        return layers.conv2d(inputs, num_outputs, kernel_size, stride=1, rate=rate, padding="SAME", scope=scope)
    total = (kernel_size - 1) * rate  # The dilated kernel's size, less one.
    edges = [total // 2, total - total // 2]
    padded = _ops.pad(inputs, [[0, 0], edges, edges, [0, 0]])
    return layers.conv2d(padded, num_outputs, kernel_size, stride=stride, rate=rate, padding="VALID", scope=scope)


@add_arg_scope
def stack_blocks_dense(net, blocks, output_stride=None, outputs_collections=None):
    """Returns the output of the blocks, one after another, at a chosen output stride.

    Once the stride is reached, further strides become dilation: the units see as far, and the map
    keeps its size.

    Args:
      net: float [batch, height, width, channels].
      blocks: a list of `Block`.
      output_stride: ratio of the input's to the output's size, or None for the blocks' own.
      outputs_collections: collections for each block's output.

    Raises:
      ValueError: if the blocks' strides do not multiply to `output_stride` on the way.
    """
    current_stride, rate = 1, 1
    for block in blocks:
        with v1.variable_scope(block.scope, "block", [net]) as opened:
            for number, unit in enumerate(block.args, 1):
                _check_reachable(output_stride is None or current_stride <= output_stride, output_stride)
                stride = unit.get("stride", 1)
                with v1.variable_scope(f"unit_{number}", values=[net]):
                    if output_stride is not None and current_stride == output_stride:
                        net = block.unit_fn(net, rate=rate, **{**unit, "stride": 1})
                        rate *= stride
                    else:
                        net = block.unit_fn(net, rate=1, **unit)
                        current_stride *= stride
            net = utils.collect_named_outputs(outputs_collections, opened.name, net)
    _check_reachable(output_stride is None or current_stride == output_stride, output_stride)
    return net


def _check_reachable(condition, output_stride):
    check(
        condition,
        "output_stride",
        "a product of the blocks' strides, taken from the first",
        output_stride,
        "The target output_stride cannot be reached.",
    )


def build_resnet(
    inputs,
    blocks,
    unit_fn,
    root_block,
    after_blocks,
    default_name,
    num_classes,
    is_training,
    global_pool,
    output_stride,
    include_root_block,
    reuse,
    scope,
):
    """Returns the output and end points of a ResNet of either version.

    Args:
      unit_fn: the version's unit; its outputs are end points.
      root_block: a function from the images to what the blocks start from.
      after_blocks: a function from the blocks' output to what is pooled and classified.
      default_name: the default variable scope.
      inputs, blocks, num_classes, is_training, global_pool, output_stride, include_root_block, reuse,
        scope: as for `resnet_v1`.
    """
    with v1.variable_scope(scope, default_name, [inputs], reuse=reuse) as opened:
        collection = opened.original_name_scope + "_end_points"
        begin_end_points(inputs, collection)
        with arg_scope([layers.conv2d, unit_fn, stack_blocks_dense], outputs_collections=collection):
            with arg_scope([layers.batch_norm], is_training=is_training):
                net = inputs
                if include_root_block:
                    net = root_block(net)
                    output_stride = stride_after_root(output_stride)
                net = after_blocks(stack_blocks_dense(net, blocks, output_stride))
                if global_pool:
                    net = _ops.reduce_mean(net, [1, 2], name="pool5", keepdims=True)
                if num_classes is not None:
                    net = layers.conv2d(
                        net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope="logits"
                    )
                end_points = utils.convert_collection_to_dict(collection)
                if num_classes is not None:
                    end_points["predictions"] = layers.softmax(net, scope="predictions")
                return net, end_points


def stride_after_root(output_stride):
    """Returns the output stride that is left for the blocks after the root block's 4.

    Raises:
      ValueError: if `output_stride` is no multiple of 4.
    """
    if output_stride is None:
        return None
    check(
        output_stride % 4 == 0,
        "output_stride",
        "a multiple of 4",
        output_stride,
        "The output_stride needs to be a multiple of 4, for the root block has stride 4.",
    )
    return output_stride // 4


def resnet_arg_scope(weight_decay=0.0001, batch_norm_decay=0.997, batch_norm_epsilon=1e-5, batch_norm_scale=True):
    """Returns the ResNets' usual arg scope.

    Args:
      weight_decay: factor of the L2 regularization of weights.
      batch_norm_decay, batch_norm_epsilon, batch_norm_scale: `decay`, `epsilon` and `scale` of `batch_norm`.
    """
    params = {
        "decay": batch_norm_decay,
        "epsilon": batch_norm_epsilon,
        "scale": batch_norm_scale,
        "updates_collections": v1.GraphKeys.UPDATE_OPS,
    }
    with arg_scope(
        [layers.conv2d],
        weights_regularizer=regularizers.l2_regularizer(weight_decay),
        weights_initializer=initializers.variance_scaling_initializer(),
        activation_fn=tf.nn.relu,
        normalizer_fn=layers.batch_norm,
        normalizer_params=params,
    ):
        with arg_scope([layers.batch_norm], **params):
            # Not VALID, the layer's default: the paper's maps are ceil(size / 2).
            with arg_scope([layers.max_pool2d], padding="SAME") as scope:
                return scope
