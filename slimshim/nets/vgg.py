"""VGG with 11, 16 and 19 layers.

Simonyan and Zisserman, "Very deep convolutional networks", https://arxiv.org/abs/1409.1556, table 1.
Source of names and numbers: TF1 `tensorflow.contrib.slim.nets.vgg`.
"""

from __future__ import annotations

import tensorflow as tf

from ..layers import layers, regularizers, utils
from ..layers import layers as layers_lib
from ..ops.arg_scope import arg_scope
from ._classifier import collected_end_points, fully_convolutional_head, squeezed

__all__ = [
    "arg_scope",
    "layers",
    "layers_lib",
    "regularizers",
    "utils",
    "vgg_16",
    "vgg_19",
    "vgg_a",
    "vgg_arg_scope",
    "vgg_d",
    "vgg_e",
]

DEPTHS = (64, 128, 256, 512, 512)


def vgg_arg_scope(weight_decay=0.0005):
    """Returns VGG's usual arg scope; `weight_decay` is the factor of the L2 regularization."""
    with arg_scope(
        [layers.conv2d, layers.fully_connected],
        activation_fn=tf.nn.relu,
        weights_regularizer=regularizers.l2_regularizer(weight_decay),
        biases_initializer=tf.compat.v1.zeros_initializer(),
    ):
        with arg_scope([layers.conv2d], padding="SAME") as scope:
            return scope


def _vgg(repetitions, inputs, num_classes, is_training, keep_prob, spatial_squeeze, scope, default_name):
    """Builds a VGG whose five groups have this many 3x3 convolutions each."""
    with collected_end_points(scope, default_name, inputs) as (opened, end_points):
        net = inputs
        for number, (count, depth) in enumerate(zip(repetitions, DEPTHS), 1):
            net = layers.repeat(net, count, layers.conv2d, depth, [3, 3], scope=f"conv{number}")
            net = layers.max_pool2d(net, [2, 2], scope=f"pool{number}")
        net = fully_convolutional_head(net, num_classes, is_training, keep_prob, depths=(4096, 4096), kernel=[7, 7])
        return squeezed(net, end_points(), opened, spatial_squeeze)


def vgg_a(inputs, num_classes=1000, is_training=True, dropout_keep_prob=0.5, spatial_squeeze=True, scope="vgg_a"):
    """Returns VGG-A's (11 layers) logits and end points.

    Args:
      inputs: images, float [batch, 224, 224, channels].
      num_classes: number of classes.
      is_training: bool or bool tensor, for dropout.
      dropout_keep_prob: the part of the activations that dropout keeps.
      spatial_squeeze: if True logits are [batch, num_classes]; set it to False for larger images,
        where the net is fully convolutional and gives [batch, height, width, num_classes].
      scope: the variable scope.

    Returns:
      (logits, dict of end points).
    """
    return _vgg((1, 1, 2, 2, 2), inputs, num_classes, is_training, dropout_keep_prob, spatial_squeeze, scope, "vgg_a")


vgg_a.default_image_size = 224


def vgg_16(inputs, num_classes=1000, is_training=True, dropout_keep_prob=0.5, spatial_squeeze=True, scope="vgg_16"):
    """Returns VGG-16's logits and end points.

    Args:
      inputs: images, float [batch, 224, 224, channels].
      num_classes: number of classes.
      is_training: bool or bool tensor, for dropout.
      dropout_keep_prob: the part of the activations that dropout keeps.
      spatial_squeeze: if True logits are [batch, num_classes]; set it to False for larger images,
        where the net is fully convolutional and gives [batch, height, width, num_classes].
      scope: the variable scope.

    Returns:
      (logits, dict of end points).
    """
    return _vgg((2, 2, 3, 3, 3), inputs, num_classes, is_training, dropout_keep_prob, spatial_squeeze, scope, "vgg_16")


vgg_16.default_image_size = 224


def vgg_19(inputs, num_classes=1000, is_training=True, dropout_keep_prob=0.5, spatial_squeeze=True, scope="vgg_19"):
    """Returns VGG-19's logits and end points.

    Args:
      inputs: images, float [batch, 224, 224, channels].
      num_classes: number of classes.
      is_training: bool or bool tensor, for dropout.
      dropout_keep_prob: the part of the activations that dropout keeps.
      spatial_squeeze: if True logits are [batch, num_classes]; set it to False for larger images,
        where the net is fully convolutional and gives [batch, height, width, num_classes].
      scope: the variable scope.

    Returns:
      (logits, dict of end points).
    """
    return _vgg((2, 2, 4, 4, 4), inputs, num_classes, is_training, dropout_keep_prob, spatial_squeeze, scope, "vgg_19")


vgg_19.default_image_size = 224


# The paper's letters for the columns of its table.
vgg_d = vgg_16
vgg_e = vgg_19
