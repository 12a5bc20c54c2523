"""InceptionV3.

Szegedy et al., "Rethinking the Inception Architecture", https://arxiv.org/abs/1512.00567.
Source of names and numbers: TF1 `tensorflow.contrib.slim.nets.inception`.
"""

from __future__ import annotations

import tensorflow as tf

from ..layers import initializers, layers, regularizers
from ..layers import layers as layers_lib
from ..ops.arg_scope import arg_scope
from . import _inception
from ._inception import Conv, Fork, Pool, mixed
from ._initializers import trunc_normal

v1 = tf.compat.v1

__all__ = [
    "arg_scope",
    "inception_v3",
    "inception_v3_arg_scope",
    "inception_v3_base",
    "initializers",
    "layers",
    "layers_lib",
    "regularizers",
    "trunc_normal",
]

# Before the first block padding is VALID, from there on SAME.
STEM = [
    ("Conv2d_1a_3x3", Conv("Conv2d_1a_3x3", 32, (3, 3), stride=2)),
    ("Conv2d_2a_3x3", Conv("Conv2d_2a_3x3", 32, (3, 3))),
    ("Conv2d_2b_3x3", Conv("Conv2d_2b_3x3", 64, (3, 3), padding="SAME")),
    ("MaxPool_3a_3x3", Pool("MaxPool_3a_3x3", "max", stride=2)),
    ("Conv2d_3b_1x1", Conv("Conv2d_3b_1x1", 80)),
    ("Conv2d_4a_3x3", Conv("Conv2d_4a_3x3", 192, (3, 3))),
    ("MaxPool_5a_3x3", Pool("MaxPool_5a_3x3", "max", stride=2)),
]


def _pool_branch(depth):
    return [Pool("AvgPool_0a_3x3", "avg"), Conv("Conv2d_0b_1x1", depth)]


def _shrinking(scope, depth, kernel=(3, 3)):
    return Conv(scope, depth, kernel, stride=2, padding="VALID")


def _figure_5(pool, names=("Conv2d_0a_1x1", "Conv2d_0b_5x5")):
    """Returns the paper's figure 5 (with a 5x5): 1x1; 1x1 to 5x5; 1x1 to two 3x3; pool to 1x1."""
    return mixed(
        [Conv("Conv2d_0a_1x1", 64)],
        [Conv(names[0], 48), Conv(names[1], 64, (5, 5))],
        [Conv("Conv2d_0a_1x1", 64), Conv("Conv2d_0b_3x3", 96, (3, 3)), Conv("Conv2d_0c_3x3", 96, (3, 3))],
        _pool_branch(pool),
    )


def _figure_6(depth):
    """Returns the paper's figure 6, n = 7: convolutions split into 1x7 and 7x1."""
    return mixed(
        [Conv("Conv2d_0a_1x1", 192)],
        [
            Conv("Conv2d_0a_1x1", depth),
            Conv("Conv2d_0b_1x7", depth, (1, 7)),
            Conv("Conv2d_0c_7x1", 192, (7, 1)),
        ],
        [
            Conv("Conv2d_0a_1x1", depth),
            Conv("Conv2d_0b_7x1", depth, (7, 1)),
            Conv("Conv2d_0c_1x7", depth, (1, 7)),
            Conv("Conv2d_0d_7x1", depth, (7, 1)),
            Conv("Conv2d_0e_1x7", 192, (1, 7)),
        ],
        _pool_branch(192),
    )


def _figure_7(tall_of_branch_1):
    """Returns the paper's figure 7: the last convolutions are 1x3 and 3x1 side by side."""
    return mixed(
        [Conv("Conv2d_0a_1x1", 320)],
        [
            Conv("Conv2d_0a_1x1", 384),
            Fork((Conv("Conv2d_0b_1x3", 384, (1, 3)), Conv(tall_of_branch_1, 384, (3, 1)))),
        ],
        [
            Conv("Conv2d_0a_1x1", 448),
            Conv("Conv2d_0b_3x3", 384, (3, 3)),
            Fork((Conv("Conv2d_0c_1x3", 384, (1, 3)), Conv("Conv2d_0d_3x1", 384, (3, 1)))),
        ],
        _pool_branch(192),
    )


# Where a scope does not say what its kernel is, the original has it so, and checkpoints with it.
BLOCKS = [
    ("Mixed_5b", _figure_5(32)),
    ("Mixed_5c", _figure_5(64, ("Conv2d_0b_1x1", "Conv_1_0c_5x5"))),
    ("Mixed_5d", _figure_5(64)),
    (
        "Mixed_6a",
        mixed(
            [_shrinking("Conv2d_1a_1x1", 384)],
            [
                Conv("Conv2d_0a_1x1", 64),
                Conv("Conv2d_0b_3x3", 96, (3, 3)),
                _shrinking("Conv2d_1a_1x1", 96),
            ],
            [Pool("MaxPool_1a_3x3", "max", stride=2, padding="VALID")],
        ),
    ),
    ("Mixed_6b", _figure_6(128)),
    ("Mixed_6c", _figure_6(160)),
    ("Mixed_6d", _figure_6(160)),
    ("Mixed_6e", _figure_6(192)),
    (
        "Mixed_7a",
        mixed(
            [Conv("Conv2d_0a_1x1", 192), _shrinking("Conv2d_1a_3x3", 320)],
            [
                Conv("Conv2d_0a_1x1", 192),
                Conv("Conv2d_0b_1x7", 192, (1, 7)),
                Conv("Conv2d_0c_7x1", 192, (7, 1)),
                _shrinking("Conv2d_1a_3x3", 192),
            ],
            [Pool("MaxPool_1a_3x3", "max", stride=2, padding="VALID")],
        ),
    ),
    ("Mixed_7b", _figure_7("Conv2d_0b_3x1")),
    ("Mixed_7c", _figure_7("Conv2d_0c_3x1")),
]


def inception_v3_base(inputs, final_endpoint="Mixed_7c", min_depth=16, depth_multiplier=1.0, scope=None):
    """Returns InceptionV3's body up to an end point.

    Args:
      inputs: images, float [batch, height, width, channels].
      final_endpoint: the end point to stop at; a name of `STEM` or `BLOCKS`. Default: the last.
      min_depth: least number of channels of a layer when `depth_multiplier` is below 1.
      depth_multiplier: factor of each layer's number of channels; greater than 0.
      scope: the variable scope. Default: "InceptionV3".

    Returns:
      (output of the end point, dict of all end points up to it).

    Raises:
      ValueError: if `final_endpoint` is unknown, or `depth_multiplier` not positive.
    """
    depth = _inception.depth_function(depth_multiplier, min_depth)
    _inception.check_endpoint(final_endpoint, STEM, BLOCKS)
    end_points = {}
    strided = [layers.conv2d, layers.max_pool2d, layers.avg_pool2d]
    with v1.variable_scope(scope, "InceptionV3", [inputs]):
        with arg_scope(strided, stride=1, padding="VALID"):
            net, done = _inception.build_stages(inputs, STEM, final_endpoint, end_points, depth)
        if not done:
            with arg_scope(strided, stride=1, padding="SAME"):
                net, _ = _inception.build_stages(net, BLOCKS, final_endpoint, end_points, depth)
    return net, end_points


def inception_v3(
    inputs,
    num_classes=1000,
    is_training=True,
    dropout_keep_prob=0.8,
    min_depth=16,
    depth_multiplier=1.0,
    prediction_fn=layers.softmax,
    spatial_squeeze=True,
    reuse=None,
    create_aux_logits=True,
    scope="InceptionV3",
):
    """Returns InceptionV3's logits and end points.

    Args:
      inputs: images, float [batch, 299, 299, channels]; other sizes may need
        `spatial_squeeze=False`.
      num_classes: number of classes.
      is_training: bool or bool tensor, for batch normalization and dropout.
      dropout_keep_prob: the part of the activations that dropout keeps.
      min_depth, depth_multiplier: as for `inception_v3_base`.
      prediction_fn: a function (logits, scope) to predictions.
      spatial_squeeze: if True logits are [batch, num_classes], else [batch, 1, 1, num_classes].
      reuse: whether variables are shared; needs `scope`.
      create_aux_logits: whether to build the auxiliary classifier on Mixed_6e.
      scope: the variable scope.

    Returns:
      (logits, dict of end points; "AuxLogits", "PreLogits", "Logits" and "Predictions" among them).

    Raises:
      ValueError: if `depth_multiplier` is not positive.
    """
    depth = _inception.depth_function(depth_multiplier, min_depth)
    with v1.variable_scope(scope, "InceptionV3", [inputs], reuse=reuse) as opened:
        with arg_scope([layers.batch_norm, layers.dropout], is_training=is_training):
            net, end_points = inception_v3_base(
                inputs, scope=opened, min_depth=min_depth, depth_multiplier=depth_multiplier
            )
            if create_aux_logits and num_classes:
                end_points["AuxLogits"] = _aux_logits(end_points["Mixed_6e"], num_classes, depth, spatial_squeeze)
            with v1.variable_scope("Logits"):
                size = _inception.pooled_size(net, (8, 8))
                net = layers.avg_pool2d(net, size, padding="VALID", scope="AvgPool_1a_{}x{}".format(*size))
                net = layers.dropout(net, keep_prob=dropout_keep_prob, scope="Dropout_1b")
                end_points["PreLogits"] = net
                logits = _inception.classify(net, num_classes, "Conv2d_1c_1x1", spatial_squeeze)
            end_points["Logits"] = logits
            end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


def _aux_logits(net, num_classes, depth, spatial_squeeze):
    """Returns the auxiliary classifier's logits; figure 8 of the paper."""
    with arg_scope([layers.conv2d, layers.max_pool2d, layers.avg_pool2d], stride=1, padding="SAME"):
        with v1.variable_scope("AuxLogits"):
            net = layers.avg_pool2d(net, [5, 5], stride=3, padding="VALID", scope="AvgPool_1a_5x5")
            net = layers.conv2d(net, depth(128), [1, 1], scope="Conv2d_1b_1x1")
            size = _inception.pooled_size(net, (5, 5))
            net = layers.conv2d(
                net,
                depth(768),
                size,
                weights_initializer=trunc_normal(0.01),
                padding="VALID",
                scope="Conv2d_2a_{}x{}".format(*size),
            )
            return _inception.classify(
                net, num_classes, "Conv2d_2b_1x1", spatial_squeeze, weights_initializer=trunc_normal(0.001)
            )


inception_v3.default_image_size = 299


def inception_v3_arg_scope(
    weight_decay=0.00004,
    batch_norm_var_collection="moving_vars",
    batch_norm_decay=0.9997,
    batch_norm_epsilon=0.001,
    updates_collections=v1.GraphKeys.UPDATE_OPS,
    use_fused_batchnorm=True,
):
    """Returns InceptionV3's usual arg scope.

    Args:
      weight_decay: factor of the L2 regularization of weights.
      batch_norm_var_collection: the collection for the moving averages.
      batch_norm_decay, batch_norm_epsilon, updates_collections: as for `batch_norm`.
      use_fused_batchnorm: `batch_norm`'s `fused`.
    """
    params = _inception.batch_norm_params(
        batch_norm_var_collection,
        decay=batch_norm_decay,
        epsilon=batch_norm_epsilon,
        updates_collections=updates_collections,
        fused=use_fused_batchnorm,
    )
    return _inception.inception_arg_scope(weight_decay, layers.batch_norm, params)
