"""AlexNet, the one-tower second version.

Krizhevsky, "One weird trick for parallelizing convolutional neural networks",
https://arxiv.org/abs/1404.5997. Source of names and numbers: TF1 `tensorflow.contrib.slim.nets.alexnet`.
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
    "alexnet_v2",
    "alexnet_v2_arg_scope",
    "arg_scope",
    "layers",
    "layers_lib",
    "regularizers",
    "trunc_normal",
    "utils",
]


def alexnet_v2_arg_scope(weight_decay=0.0005):
    """Returns AlexNet's usual arg scope; `weight_decay` is the factor of the L2 regularization."""
    with arg_scope(
        [layers.conv2d, layers.fully_connected],
        activation_fn=tf.nn.relu,
        biases_initializer=v1.constant_initializer(0.1),
        weights_regularizer=regularizers.l2_regularizer(weight_decay),
    ):
        with arg_scope([layers.conv2d], padding="SAME"):
            with arg_scope([layers.max_pool2d], padding="VALID") as scope:
                return scope


def alexnet_v2(
    inputs, num_classes=1000, is_training=True, dropout_keep_prob=0.5, spatial_squeeze=True, scope="alexnet_v2"
):
    """Returns AlexNet's logits and end points.

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
    with collected_end_points(scope, "alexnet_v2", inputs) as (opened, end_points):
        net = layers.conv2d(inputs, 64, [11, 11], 4, padding="VALID", scope="conv1")
        net = layers.max_pool2d(net, [3, 3], 2, scope="pool1")
        net = layers.conv2d(net, 192, [5, 5], scope="conv2")
        net = layers.max_pool2d(net, [3, 3], 2, scope="pool2")
        net = layers.conv2d(net, 384, [3, 3], scope="conv3")
        net = layers.conv2d(net, 384, [3, 3], scope="conv4")
        net = layers.conv2d(net, 256, [3, 3], scope="conv5")
        net = layers.max_pool2d(net, [3, 3], 2, scope="pool5")
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
                depths=(4096, 4096),
                kernel=[5, 5],
                biases_initializer=v1.zeros_initializer(),
            )
        return squeezed(net, end_points(), opened, spatial_squeeze)


alexnet_v2.default_image_size = 224
