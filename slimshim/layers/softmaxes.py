"""Softmax over classes, and over places."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from ..ops.arg_scope import add_arg_scope
from ..ops.scopes import layer_scope
from . import utils
from ._channels import check_either
from ._layer_variables import layer_variable
from ._symbolic import symbolic

v1 = tf.compat.v1

__all__ = ["softmax", "spatial_softmax"]


@add_arg_scope
@symbolic
def softmax(logits, scope=None):
    """Returns the softmax of `logits` over their last axis.

    Source: TF 1.15 `tf.contrib.layers.softmax`.

    Args:
      logits: a floating tensor of rank 2 or more, with a known last size.
      scope: the variable scope. Default: "softmax", made unique.

    Returns:
      A tensor of the shape of `logits`, whose last axis sums to 1.

    Raises:
      ValueError: if the rank or the last size is unknown, or the rank is less than 2.
    """
    with layer_scope(scope, "softmax", [logits]):
        logits = tf.convert_to_tensor(logits)
        classes = utils.last_dimension(logits.shape, min_rank=2)
        predictions = tf.nn.softmax(tf.reshape(logits, [-1, classes]))
        predictions = tf.reshape(predictions, tf.shape(logits))
        predictions.set_shape(logits.shape)
        return predictions


@add_arg_scope
@symbolic
def spatial_softmax(
    features,
    temperature=None,
    name=None,
    variables_collections=None,
    trainable=True,
    data_format="NHWC",
):
    """Returns for each channel the place where it is active: the mean place under a softmax over all places.

    Places run from -1 to 1 from the first to the last row, and from the first to the last column.

    Source: TF 1.15 `tf.contrib.layers.spatial_softmax`; Finn et al., "Deep Spatial Autoencoders
    for Visuomotor Learning", arXiv:1509.06113.

    Args:
      features: a floating tensor of shape [batch, height, width, channels], or
        [batch, channels, height, width] with `data_format` "NCHW". The number of channels is known.
      temperature: the value with which the scalar variable `temperature` begins, a float. Features
        are divided by it. Default: 1.
      name: the variable scope. Default: "spatial_softmax", made unique.
      variables_collections: collections for the variable, or a dict of them by variable name.
      trainable: whether `temperature` is trained. If not, `variables_collections` are left alone.
      data_format: "NHWC" or "NCHW".

    Returns:
      A tensor of shape [batch, channels * 2] with the row and the column of each channel in turn.

    Raises:
      ValueError: if `data_format` is another, the rank is not 4, or the number of channels is unknown.
    """
    with layer_scope(name, "spatial_softmax"):
        features = tf.convert_to_tensor(features)
        check_either(data_format, "NCHW", "NHWC")
        check(features.shape.rank == 4, "features", "a tensor of rank 4", features)
        channels = features.shape.as_list()[3 if data_format == "NHWC" else 1]
        check(channels is not None, "features", "a known number of channels", features, "Found None; use set_shape.")
        with v1.name_scope("spatial_softmax_op", "spatial_softmax_op", [features]):
            rows, columns = _places(features, data_format)
            temperature = layer_variable(
                "temperature",
                (),
                tf.float32,
                v1.ones_initializer() if temperature is None else v1.constant_initializer(temperature),
                variables_collections if trainable else None,
                trainable=trainable,
            )
            attention = tf.nn.softmax(_by_channel(features, data_format) / tf.cast(temperature, features.dtype))
            places = [tf.reduce_sum(place * attention, [1], keepdims=True) for place in (rows, columns)]
            keypoints = tf.reshape(tf.concat(places, 1), [-1, channels * 2])
            keypoints.set_shape([features.shape[0], channels * 2])
            return keypoints


def _places(features, data_format):
    """Returns the row and the column of each place, as vectors of length height * width."""
    first = 1 if data_format == "NHWC" else 2
    height, width = tf.shape(features)[first], tf.shape(features)[first + 1]
    grid = tf.meshgrid(tf.linspace(-1.0, 1.0, height), tf.linspace(-1.0, 1.0, width), indexing="ij")
    return [tf.cast(tf.reshape(place, [-1]), features.dtype) for place in grid]


def _by_channel(features, data_format):
    """Returns `features` in the shape [batch * channels, height * width]."""
    if data_format == "NHWC":
        features = tf.transpose(features, [0, 3, 1, 2])
    shape = tf.shape(features)
    return tf.reshape(features, [-1, shape[2] * shape[3]])
