"""The convolutional head that AlexNet, OverFeat and VGG share, and their end points."""

from __future__ import annotations

import contextlib

import tensorflow as tf

from ..layers import layers, utils
from ..layers._symbolic import begin_end_points
from ..ops.arg_scope import arg_scope
from . import _ops

v1 = tf.compat.v1


@contextlib.contextmanager
def collected_end_points(scope, default_name, inputs):
    """Opens a net's scope and collects the outputs of its layers.

    Yields:
      (variable scope, function to call at the end for the dict of end points).
    """
    with v1.variable_scope(scope, default_name, [inputs]) as opened:
        collection = opened.original_name_scope + "_end_points"
        begin_end_points(inputs, collection)
        collecting = [layers.conv2d, layers.fully_connected, layers.max_pool2d]
        with arg_scope(collecting, outputs_collections=[collection]):
            yield opened, lambda: utils.convert_collection_to_dict(collection)


def fully_convolutional_head(net, num_classes, is_training, keep_prob, depths, kernel, **last_layer):
    """Returns logits from fc6, fc7 and fc8, which are convolutions, with dropout between.

    Args:
      net: the body's output.
      num_classes: depth of fc8.
      is_training: for dropout.
      keep_prob: the part of the activations that dropout keeps.
      depths: depths of fc6 and fc7.
      kernel: kernel of fc6, which covers the whole map of a picture of the default size.
      **last_layer: further arguments of fc8.
    """
    net = layers.conv2d(net, depths[0], kernel, padding="VALID", scope="fc6")
    net = layers.dropout(net, keep_prob, is_training=is_training, scope="dropout6")
    net = layers.conv2d(net, depths[1], [1, 1], scope="fc7")
    net = layers.dropout(net, keep_prob, is_training=is_training, scope="dropout7")
    return layers.conv2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope="fc8", **last_layer)


def squeezed(net, end_points, scope, spatial_squeeze):
    """Returns (logits, end points), squeezed to [batch, num_classes] if asked."""
    if spatial_squeeze:
        net = _ops.squeeze(net, [1, 2], name="fc8/squeezed")
        end_points[scope.name + "/fc8"] = net
    return net, end_points
