"""InceptionV2, the batch-normalized Inception.

Ioffe and Szegedy, "Batch Normalization", https://arxiv.org/abs/1502.03167, figure 5.
Source of names and numbers: TF1 `tensorflow.contrib.slim.nets.inception`.
"""

from __future__ import annotations

import tensorflow as tf

from ..layers import initializers, layers, regularizers
from ..layers import layers as layers_lib
from ..ops.arg_scope import arg_scope
from . import _inception
from ._inception import Conv, Pool, StemConv, mixed
from ._initializers import trunc_normal

v1 = tf.compat.v1

__all__ = [
    "arg_scope",
    "inception_v2",
    "inception_v2_arg_scope",
    "inception_v2_base",
    "initializers",
    "layers",
    "layers_lib",
    "regularizers",
    "trunc_normal",
]


def _reduce(depth):
    """Returns the 1x1 convolution before a larger one."""
    return Conv("Conv2d_0a_1x1", depth, stddev=0.09)


def _block(one, three, double, pool, kind="avg"):
    """Returns a block of stride 1: 1x1; 1x1 to 3x3; 1x1 to two 3x3; pool to 1x1."""
    label = {"avg": "AvgPool_0a_3x3", "max": "MaxPool_0a_3x3"}[kind]
    return mixed(
        [Conv("Conv2d_0a_1x1", one)],
        [_reduce(three[0]), Conv("Conv2d_0b_3x3", three[1], (3, 3))],
        [_reduce(double[0]), Conv("Conv2d_0b_3x3", double[1], (3, 3)), Conv("Conv2d_0c_3x3", double[1], (3, 3))],
        [Pool(label, kind), Conv("Conv2d_0b_1x1", pool, stddev=0.1)],
    )


def _shrink(three, double):
    """Returns a block of stride 2, which halves the map."""
    return mixed(
        [_reduce(three[0]), Conv("Conv2d_1a_3x3", three[1], (3, 3), stride=2)],
        [
            _reduce(double[0]),
            Conv("Conv2d_0b_3x3", double[1], (3, 3)),
            Conv("Conv2d_1a_3x3", double[1], (3, 3), stride=2),
        ],
        [Pool("MaxPool_1a_3x3", "max", stride=2)],
    )


STAGES = [
    ("Conv2d_1a_7x7", StemConv("Conv2d_1a_7x7", 64, (7, 7), stride=2, stddev=1.0)),
    ("MaxPool_2a_3x3", Pool("MaxPool_2a_3x3", "max", stride=2)),
    ("Conv2d_2b_1x1", Conv("Conv2d_2b_1x1", 64, stddev=0.1)),
    ("Conv2d_2c_3x3", Conv("Conv2d_2c_3x3", 192, (3, 3))),
    ("MaxPool_3a_3x3", Pool("MaxPool_3a_3x3", "max", stride=2)),
    ("Mixed_3b", _block(64, (64, 64), (64, 96), 32)),
    ("Mixed_3c", _block(64, (64, 96), (64, 96), 64)),
    ("Mixed_4a", _shrink((128, 160), (64, 96))),
    ("Mixed_4b", _block(224, (64, 96), (96, 128), 128)),
    ("Mixed_4c", _block(192, (96, 128), (96, 128), 128)),
    ("Mixed_4d", _block(160, (128, 160), (128, 160), 96)),
    ("Mixed_4e", _block(96, (128, 192), (160, 192), 96)),
    ("Mixed_5a", _shrink((128, 192), (192, 256))),
    ("Mixed_5b", _block(352, (192, 320), (160, 224), 128)),
    ("Mixed_5c", _block(352, (192, 320), (192, 224), 128, kind="max")),
]


def inception_v2_base(inputs, final_endpoint="Mixed_5c", min_depth=16, depth_multiplier=1.0, scope=None):
    """Returns InceptionV2's body up to an end point.

    Args:
      inputs: images, float [batch, height, width, channels].
      final_endpoint: the end point to stop at; a name of `STAGES`. Default: the last.
      min_depth: least number of channels of a layer when `depth_multiplier` is below 1.
      depth_multiplier: factor of each layer's number of channels; greater than 0.
      scope: the variable scope. Default: "InceptionV2".

    Returns:
      (output of the end point, dict of all end points up to it).

    Raises:
      ValueError: if `final_endpoint` is unknown, or `depth_multiplier` not positive.
    """
    depth = _inception.depth_function(depth_multiplier, min_depth)
    _inception.check_endpoint(final_endpoint, STAGES)
    end_points = {}
    strided = [layers.conv2d, layers.max_pool2d, layers.avg_pool2d, layers.separable_conv2d]
    with v1.variable_scope(scope, "InceptionV2", [inputs]):
        with arg_scope(strided, stride=1, padding="SAME"):
            net, _ = _inception.build_stages(inputs, STAGES, final_endpoint, end_points, depth)
    return net, end_points


def inception_v2(
    inputs,
    num_classes=1000,
    is_training=True,
    dropout_keep_prob=0.8,
    min_depth=16,
    depth_multiplier=1.0,
    prediction_fn=layers.softmax,
    spatial_squeeze=True,
    reuse=None,
    scope="InceptionV2",
):
    """Returns InceptionV2's logits and end points.

    Args:
      inputs: images, float [batch, 224, 224, channels]; other sizes may need
        `spatial_squeeze=False`.
      num_classes: number of classes.
      is_training: bool or bool tensor, for batch normalization and dropout.
      dropout_keep_prob: the part of the activations that dropout keeps.
      min_depth, depth_multiplier: as for `inception_v2_base`.
      prediction_fn: a function (logits, scope) to predictions.
      spatial_squeeze: if True logits are [batch, num_classes], else [batch, 1, 1, num_classes].
      reuse: whether variables are shared; needs `scope`.
      scope: the variable scope.

    Returns:
      (logits, dict of end points, "Logits" and "Predictions" among them).

    Raises:
      ValueError: if `depth_multiplier` is not positive.
    """
    with v1.variable_scope(scope, "InceptionV2", [inputs], reuse=reuse) as opened:
        with arg_scope([layers.batch_norm, layers.dropout], is_training=is_training):
            net, end_points = inception_v2_base(
                inputs, scope=opened, min_depth=min_depth, depth_multiplier=depth_multiplier
            )
            with v1.variable_scope("Logits"):
                size = _inception.pooled_size(net, (7, 7))
                label = "AvgPool_1a_{}x{}".format(*size)
                net = layers.avg_pool2d(net, size, padding="VALID", scope=label)
                net = layers.dropout(net, keep_prob=dropout_keep_prob, scope="Dropout_1b")
                logits = _inception.classify(net, num_classes, "Conv2d_1c_1x1", spatial_squeeze)
            end_points["Logits"] = logits
            end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


inception_v2.default_image_size = 224


def inception_v2_arg_scope(weight_decay=0.00004, batch_norm_var_collection="moving_vars"):
    """Returns InceptionV2's usual arg scope.

    Args:
      weight_decay: factor of the L2 regularization of weights.
      batch_norm_var_collection: the collection for the moving averages.
    """
    params = _inception.batch_norm_params(batch_norm_var_collection)
    return _inception.inception_arg_scope(weight_decay, layers.batch_norm, params)
