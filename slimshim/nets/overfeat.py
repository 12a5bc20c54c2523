"""OverFeat, the fast model.

Sermanet et al., "OverFeat", https://arxiv.org/abs/1312.6229.
Source of names and numbers: TF1 `tensorflow.contrib.slim.nets.overfeat`.
"""

from __future__ import annotations

import tensorflow as tf

from ..layers import layers, regularizers, utils
from ..layers import layers as layers_lib
from ..ops.arg_scope import arg_scope
from ._classifier import collected_end_points, fully_convolutional_head, squeezed
from ._initializers import trunc_normal

v1 = tf.compat.v1

__all__ = [
    "arg_scope",
    "layers",
    "layers_lib",
    "overfeat",
    "overfeat_arg_scope",
    "regularizers",
    "trunc_normal",
    "utils",
]


def overfeat_arg_scope(weight_decay=0.0005):
    """Returns OverFeat's usual arg scope; `weight_decay` is the factor of the L2 regularization."""
    with arg_scope(
        [layers.conv2d, layers.fully_connected],
        activation_fn=tf.nn.relu,
        weights_regularizer=regularizers.l2_regularizer(weight_decay),
        biases_initializer=v1.zeros_initializer(),
    ):
        with arg_scope([layers.conv2d], padding="SAME"):
            with arg_scope([layers.max_pool2d], padding="VALID") as scope:
                return scope


def overfeat(inputs, num_classes=1000, is_training=True, dropout_keep_prob=0.5, spatial_squeeze=True, scope="overfeat"):
    """Returns OverFeat's logits and end points.

    Args:
      inputs: images, float [batch, 231, 231, channels].
      num_classes: number of classes.
      is_training: bool or bool tensor, for dropout.
      dropout_keep_prob: the part of the activations that dropout keeps.
      spatial_squeeze: if True logits are [batch, num_classes]; set it to False for larger images,
        where the net is fully convolutional and gives [batch, height, width, num_classes].
      scope: the variable scope.

    Returns:
      (logits, dict of end points).
    """
    with collected_end_points(scope, "overfeat", inputs) as (opened, end_points):
        net = layers.conv2d(inputs, 64, [11, 11], 4, padding="VALID", scope="conv1")
        net = layers.max_pool2d(net, [2, 2], scope="pool1")
        net = layers.conv2d(net, 256, [5, 5], padding="VALID", scope="conv2")
        net = layers.max_pool2d(net, [2, 2], scope="pool2")
        net = layers.conv2d(net, 512, [3, 3], scope="conv3")
        net = layers.conv2d(net, 1024, [3, 3], scope="conv4")
        net = layers.conv2d(net, 1024, [3, 3], scope="conv5")
        net = layers.max_pool2d(net, [2, 2], scope="pool5")
        with arg_scope(
            [layers.conv2d],
            weights_initializer=trunc_normal(0.005),
            biases_initializer=v1.constant_initializer(0.1),
        ):
            net = fully_convolutional_head(
                net,
                num_classes,
                is_training,
                dropout_keep_prob,
                depths=(3072, 4096),
                kernel=[6, 6],
                biases_initializer=v1.zeros_initializer(),
            )
        return squeezed(net, end_points(), opened, spatial_squeeze)


overfeat.default_image_size = 231
