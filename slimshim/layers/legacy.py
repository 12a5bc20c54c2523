"""Fully connected layers in the style that came before `fully_connected`."""

from __future__ import annotations

import functools

import tensorflow as tf

from ..ops.arg_scope import add_arg_scope
from ..ops.collections import add_to_collections
from ..ops.scopes import layer_scope
from ..ops.variables import variable
from ._layer_variables import parameter_dtype
from ._symbolic import symbolic
from ._tail import activated
from ._weights import XAVIER, ZEROS, as_tensor

v1 = tf.compat.v1
_keys = v1.GraphKeys

__all__ = ["legacy_fully_connected", "legacy_linear", "legacy_relu"]


@add_arg_scope
@symbolic
def legacy_fully_connected(
    x,
    num_output_units,
    activation_fn=None,
    weight_init=XAVIER,
    bias_init=ZEROS,
    name=None,
    weight_collections=(_keys.WEIGHTS,),
    bias_collections=(_keys.BIASES,),
    output_collections=(_keys.ACTIVATIONS,),
    trainable=True,
    weight_regularizer=None,
    bias_regularizer=None,
):
    """Returns `activation_fn(x @ weights + bias)`.

    Makes the variables `weights` of shape [depth, num_output_units] and `bias` of shape
    [num_output_units]. Inputs of rank above 2 are reshaped to rank 2 and back.

    Source: TF1 `tensorflow.contrib.layers.legacy_fully_connected`.

    Args:
      x: a floating tensor of shape [..., depth], of rank 2 or more.
      num_output_units: the number of output units.
      activation_fn: a function of the result, or None for none. Default: None.
      weight_init: an initializer of the weights. Default: Xavier uniform.
      bias_init: an initializer of the bias; None means no bias. Default: zeros.
      name: the variable scope. Default: "fully_connected", made unique.
      weight_collections: collections for the weights, besides `GLOBAL_VARIABLES`.
        Default: `WEIGHTS`.
      bias_collections: collections for the bias, besides `GLOBAL_VARIABLES`. Default: `BIASES`.
      output_collections: collections for the result. `ACTIVATIONS` always is among them.
      trainable: whether the variables are trained.
      weight_regularizer: a function from the weights to a scalar loss, or None.
      bias_regularizer: a function from the bias to a scalar loss, or None.

    Returns:
      A tensor of shape [..., num_output_units].

    Raises:
      ValueError: if the rank is below 2 or the last size is not known.
    """
    with layer_scope(name, "fully_connected", [x]):
        x = as_tensor(x)
        depth = _depth(x)
        new = functools.partial(variable, dtype=parameter_dtype(x.dtype), trainable=trainable)
        weights = new(
            "weights",
            shape=[depth, num_output_units],
            initializer=weight_init,
            regularizer=weight_regularizer,
            collections=_with_global(weight_collections),
        )
        outputs = tf.matmul(x if x.shape.rank == 2 else tf.reshape(x, [-1, depth]), _like(x, weights))
        if bias_init is not None:
            bias = new(
                "bias",
                shape=[num_output_units],
                initializer=bias_init,
                regularizer=bias_regularizer,
                collections=_with_global(bias_collections),
            )
            outputs = tf.nn.bias_add(outputs, _like(x, bias))
        if x.shape.rank > 2:
            outputs = _in_shape_of(x, outputs, num_output_units)
        outputs = activated(outputs, activation_fn)
        add_to_collections([*(output_collections or ()), _keys.ACTIVATIONS], outputs)
        return outputs


def _depth(x):
    if x.shape.rank is None:
        raise ValueError("dims of x must be known but is None. Set them with x.set_shape(...).")
    if x.shape.rank < 2:
        raise ValueError(f"rank of x must be at least 2 not: {x.shape.rank}. Received: x of shape {x.shape}.")
    depth = x.shape.as_list()[-1]
    if depth is None:
        raise ValueError(
            f"last dimension of x must be known but is None. Received: x of shape {x.shape}. "
            "Set it with x.set_shape(...)."
        )
    return depth


def _like(x, weights):
    # They differ under a Keras mixed precision policy alone.
    return weights if weights.dtype.base_dtype == x.dtype.base_dtype else tf.cast(weights, x.dtype)


def _with_global(collections):
    return [*(collections or ()), _keys.GLOBAL_VARIABLES]


def _in_shape_of(x, outputs, num_output_units):
    sizes = tf.unstack(tf.shape(x))[:-1] + [num_output_units]
    outputs = tf.reshape(outputs, tf.stack(sizes))
    outputs.set_shape([*x.shape.as_list()[:-1], num_output_units])
    return outputs


legacy_relu = functools.partial(legacy_fully_connected, activation_fn=tf.nn.relu)
legacy_linear = functools.partial(legacy_fully_connected, activation_fn=None)

legacy_relu.__doc__ = "Returns relu of an old dense layer: `legacy_fully_connected`, and its arguments."
legacy_linear.__doc__ = (
    "Returns an old dense layer's sums: `legacy_fully_connected` without an activation, and its arguments."
)
