"""Adding a bias."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from ..ops.arg_scope import add_arg_scope
from ..ops.scopes import layer_scope
from . import utils
from ._channels import check_either
from ._layer_variables import layer_variable, parameter_dtype
from ._symbolic import symbolic
from ._tail import activated

v1 = tf.compat.v1

__all__ = ["bias_add"]

_ZEROS = v1.zeros_initializer()


@add_arg_scope
@symbolic
def bias_add(
    inputs,
    activation_fn=None,
    initializer=_ZEROS,
    regularizer=None,
    reuse=None,
    variables_collections=None,
    outputs_collections=None,
    trainable=True,
    data_format="NHWC",
    scope=None,
):
    """Returns `inputs` plus a variable `biases` with one value for each channel.

    Source: TF 1.15 `tf.contrib.layers.bias_add`.

    Args:
      inputs: a tensor of known rank, at least 2, with a known number of channels.
      activation_fn: a function applied to the result, or None.
      initializer: the initializer of `biases`. Default: zeros.
      regularizer: a function from the variable to a scalar loss, or None.
      reuse: whether to share the variable of an earlier call with this scope.
      variables_collections: collections for the variable, or a dict of them by variable name.
      outputs_collections: collections for the result.
      trainable: whether `biases` is trained.
      data_format: "NHWC" (channels last) or "NCHW" (channels second, rank 4 alone).
      scope: the variable scope. Default: "BiasAdd", made unique.

    Returns:
      A tensor of the shape and dtype of `inputs`.

    Raises:
      ValueError: if `data_format` is another or does not go with the rank, or the rank or the
        number of channels is unknown.
    """
    check_either(data_format, "NCHW", "NHWC")
    with layer_scope(scope, "BiasAdd", [inputs], reuse=reuse) as opened:
        inputs = tf.convert_to_tensor(inputs)
        channels = _channels(inputs, data_format)
        biases = layer_variable(
            "biases",
            [channels],
            parameter_dtype(inputs.dtype),
            initializer,
            variables_collections,
            regularizer=regularizer,
            trainable=trainable,
        )
        outputs = v1.nn.bias_add(inputs, _in_dtype(biases, inputs.dtype), data_format=data_format)
        outputs = activated(outputs, activation_fn)
        return utils.collect_named_outputs(outputs_collections, opened.name, outputs)


def _channels(inputs, data_format):
    rank = inputs.shape.rank
    check(rank is not None, "inputs", "a tensor of known rank", inputs, "Tell the rank with set_shape.")
    check(rank == 4 or data_format == "NHWC", "data_format", f"'NHWC' for inputs of rank {rank}", data_format)
    check(rank >= 2, "inputs", "a tensor of rank 2 or more", inputs)
    channels = inputs.shape.as_list()[1 if data_format == "NCHW" else -1]
    check(channels is not None, "inputs", "a known number of channels", inputs, "Tell it with set_shape.")
    return channels


def _in_dtype(biases, dtype):
    # As it is where it can be: then the op reads the variable itself, under TF1's name.
    return biases if biases.dtype.base_dtype == dtype else tf.cast(biases, dtype)
