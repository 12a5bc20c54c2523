"""Fully connected layers."""

from __future__ import annotations

import functools
import numbers

import tensorflow as tf

from .._checks import error_text
from ..ops.arg_scope import add_arg_scope
from ._symbolic import symbolic
from ._tf1_calls import Dense
from ._weights import XAVIER, ZEROS, Weight, apply, as_tensor, finish, uses_biases, weight_source, weighted_scope, zeros

__all__ = ["elu", "fully_connected", "linear", "relu", "relu6"]


@add_arg_scope
@symbolic
def fully_connected(
    inputs,
    num_outputs,
    activation_fn=tf.nn.relu,
    normalizer_fn=None,
    normalizer_params=None,
    weights_initializer=XAVIER,
    weights_regularizer=None,
    biases_initializer=ZEROS,
    biases_regularizer=None,
    reuse=None,
    variables_collections=None,
    outputs_collections=None,
    trainable=True,
    scope=None,
):
    """Returns `activation_fn(inputs @ weights + biases)`.

    Makes the variable `weights` of shape [depth, num_outputs] and, without a normalizer, `biases`
    of shape [num_outputs]. Inputs of rank above 2 are contracted along their last axis.

    Source: TF1 `tensorflow.contrib.layers.fully_connected`; a Keras `Dense`.

    Args:
      inputs: a floating tensor of shape [..., depth], of rank 2 or more.
      num_outputs: an int, the number of output units.
      activation_fn, normalizer_fn, normalizer_params, weights_initializer, weights_regularizer,
        biases_initializer, biases_regularizer, reuse, variables_collections,
        outputs_collections, trainable: as for `convolution`.
      scope: the variable scope. Default: "fully_connected", made unique.

    Returns:
      A tensor of shape [..., num_outputs].

    Raises:
      ValueError: if `num_outputs` is no int, the rank is below 2 or the last size is not known.
    """
    if not isinstance(num_outputs, numbers.Integral):
        raise ValueError(
            f"num_outputs type should be int, got {type(num_outputs)}. "
            + error_text("num_outputs", "an int", num_outputs)
        )
    with weighted_scope(scope, "fully_connected", inputs, reuse) as opened:
        inputs = as_tensor(inputs)
        _check_inputs(inputs)
        source = weight_source(
            opened,
            {
                "kernel": Weight("weights", weights_initializer, weights_regularizer),
                "bias": Weight("biases", biases_initializer, biases_regularizer),
            },
            trainable,
            variables_collections,
        )
        outputs = apply(
            "Dense",
            Dense,
            source,
            inputs,
            units=int(num_outputs),
            use_bias=uses_biases(normalizer_fn, biases_initializer),
            **zeros("kernel", "bias"),
        )
        return finish(outputs, opened, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


def _check_inputs(inputs):
    rank = inputs.shape.rank
    if rank is None or rank < 2:
        raise ValueError(
            f"Input is incompatible with the layer fully_connected: expected min_ndim=2, found ndim={rank}. "
            + error_text("inputs", "rank 2 or more", inputs.shape)
        )
    if inputs.shape.as_list()[-1] is None:
        raise ValueError(
            "The last dimension of the inputs to `Dense` should be defined. Found `None`. "
            + error_text("inputs", "a known last size", inputs.shape, "Set it with inputs.set_shape(...).")
        )


relu = functools.partial(fully_connected, activation_fn=tf.nn.relu)
relu6 = functools.partial(fully_connected, activation_fn=tf.nn.relu6)
elu = functools.partial(fully_connected, activation_fn=tf.nn.elu)
linear = functools.partial(fully_connected, activation_fn=None)

relu.__doc__ = "Returns relu of a dense layer: `fully_connected` with `activation_fn=tf.nn.relu`, and its arguments."
relu6.__doc__ = "Returns relu6 of a dense layer: `fully_connected` with `activation_fn=tf.nn.relu6`, and its arguments."
elu.__doc__ = "Returns elu of a dense layer: `fully_connected` with `activation_fn=tf.nn.elu`, and its arguments."
linear.__doc__ = "Returns a dense layer's sums: `fully_connected` without an activation, and with its arguments."
