"""InceptionV1 (GoogLeNet), with batch normalization.

Szegedy et al., "Going deeper with convolutions", https://arxiv.org/abs/1409.4842.
Source of names and numbers: TF1 `tensorflow.contrib.slim.nets.inception`.
"""

from __future__ import annotations

import tensorflow as tf

from ..layers import initializers, layers, regularizers
from ..layers import layers as layers_lib
from ..ops.arg_scope import arg_scope
from . import _inception
from ._inception import Conv, Pool, mixed
from ._initializers import trunc_normal

v1 = tf.compat.v1

__all__ = [
    "arg_scope",
    "inception_v1",
    "inception_v1_arg_scope",
    "inception_v1_base",
    "initializers",
    "layers",
    "layers_lib",
    "regularizers",
    "trunc_normal",
]


def _block(one, three, double, pool, second="Conv2d_0b_3x3"):
    """Returns figure 2b of the paper: 1x1; 1x1 to 3x3; 1x1 to 3x3 (the paper's 5x5); pool to 1x1."""
    return mixed(
        [Conv("Conv2d_0a_1x1", one)],
        [Conv("Conv2d_0a_1x1", three[0]), Conv("Conv2d_0b_3x3", three[1], (3, 3))],
        [Conv("Conv2d_0a_1x1", double[0]), Conv(second, double[1], (3, 3))],
        [Pool("MaxPool_0a_3x3", "max"), Conv("Conv2d_0b_1x1", pool)],
    )


STAGES = [
    ("Conv2d_1a_7x7", Conv("Conv2d_1a_7x7", 64, (7, 7), stride=2)),
    ("MaxPool_2a_3x3", Pool("MaxPool_2a_3x3", "max", stride=2)),
    ("Conv2d_2b_1x1", Conv("Conv2d_2b_1x1", 64)),
    ("Conv2d_2c_3x3", Conv("Conv2d_2c_3x3", 192, (3, 3))),
    ("MaxPool_3a_3x3", Pool("MaxPool_3a_3x3", "max", stride=2)),
    ("Mixed_3b", _block(64, (96, 128), (16, 32), 32)),
    ("Mixed_3c", _block(128, (128, 192), (32, 96), 64)),
    ("MaxPool_4a_3x3", Pool("MaxPool_4a_3x3", "max", stride=2)),
    ("Mixed_4b", _block(192, (96, 208), (16, 48), 64)),
    ("Mixed_4c", _block(160, (112, 224), (24, 64), 64)),
    ("Mixed_4d", _block(128, (128, 256), (24, 64), 64)),
    ("Mixed_4e", _block(112, (144, 288), (32, 64), 64)),
    ("Mixed_4f", _block(256, (160, 320), (32, 128), 128)),
    ("MaxPool_5a_2x2", Pool("MaxPool_5a_2x2", "max", (2, 2), stride=2)),
    # The odd scope name is the original's; checkpoints have it.
    ("Mixed_5b", _block(256, (160, 320), (32, 128), 128, second="Conv2d_0a_3x3")),
    ("Mixed_5c", _block(384, (192, 384), (48, 128), 128)),
]


def inception_v1_base(inputs, final_endpoint="Mixed_5c", scope="InceptionV1"):
    """Returns InceptionV1's body up to an end point.

    Args:
      inputs: images, float [batch, height, width, channels].
      final_endpoint: the end point to stop at; a name of `STAGES`. Default: the last.
      scope: the variable scope.

    Returns:
      (output of the end point, dict of all end points up to it).

    Raises:
      ValueError: if `final_endpoint` is unknown.
    """
    _inception.check_endpoint(final_endpoint, STAGES)
    end_points = {}
    with v1.variable_scope(scope, "InceptionV1", [inputs]):
        with arg_scope([layers.conv2d, layers.fully_connected], weights_initializer=trunc_normal(0.01)):
            with arg_scope([layers.conv2d, layers.max_pool2d], stride=1, padding="SAME"):
                net, _ = _inception.build_stages(inputs, STAGES, final_endpoint, end_points, depth=int)
    return net, end_points


def inception_v1(
    inputs,
    num_classes=1000,
    is_training=True,
    dropout_keep_prob=0.8,
    prediction_fn=layers.softmax,
    spatial_squeeze=True,
    reuse=None,
    scope="InceptionV1",
):
    """Returns InceptionV1's logits and end points.

    Args:
      inputs: images, float [batch, 224, 224, channels]; other sizes need `spatial_squeeze=False`.
      num_classes: number of classes.
      is_training: bool or bool tensor, for batch normalization and dropout.
      dropout_keep_prob: the part of the activations that dropout keeps.
      prediction_fn: a function (logits, scope) to predictions.
      spatial_squeeze: if True logits are [batch, num_classes], else [batch, 1, 1, num_classes].
      reuse: whether variables are shared; needs `scope`.
      scope: the variable scope.

    Returns:
      (logits, dict of end points, "Logits" and "Predictions" among them).
    """
    with v1.variable_scope(scope, "InceptionV1", [inputs], reuse=reuse) as opened:
        with arg_scope([layers.batch_norm, layers.dropout], is_training=is_training):
            net, end_points = inception_v1_base(inputs, scope=opened)
            with v1.variable_scope("Logits"):
                net = layers.avg_pool2d(net, [7, 7], stride=1, scope="MaxPool_0a_7x7")
                net = layers.dropout(net, dropout_keep_prob, scope="Dropout_0b")
                logits = _inception.classify(net, num_classes, "Conv2d_0c_1x1", spatial_squeeze)
            end_points["Logits"] = logits
            end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


inception_v1.default_image_size = 224


def inception_v1_arg_scope(weight_decay=0.00004, use_batch_norm=True, batch_norm_var_collection="moving_vars"):
    """Returns InceptionV1's usual arg scope.

    Args:
      weight_decay: factor of the L2 regularization of weights.
      use_batch_norm: whether batch normalization follows each convolution.
      batch_norm_var_collection: the collection for the moving averages.
    """
    if not use_batch_norm:
        return _inception.inception_arg_scope(weight_decay, None, {})
    params = _inception.batch_norm_params(batch_norm_var_collection)
    return _inception.inception_arg_scope(weight_decay, layers.batch_norm, params)
