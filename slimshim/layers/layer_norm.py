"""Layer normalization."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from ..ops.arg_scope import add_arg_scope
from ..ops.scopes import layer_scope
from . import utils
from ._layer_variables import layer_variable, parameter_dtype
from ._sizes import axis_from_the_front
from ._symbolic import symbolic
from ._tail import activated

v1 = tf.compat.v1

__all__ = ["layer_norm"]


@add_arg_scope
@symbolic
def layer_norm(
    inputs,
    center=True,
    scale=True,
    activation_fn=None,
    reuse=None,
    variables_collections=None,
    outputs_collections=None,
    trainable=True,
    begin_norm_axis=1,
    begin_params_axis=-1,
    scope=None,
):
    """Returns `inputs` normalized within each example: `(x - mean) / sqrt(var + epsilon) * gamma + beta`.

    The moments are over the axes from `begin_norm_axis` on; `beta` and `gamma` have the sizes of
    the axes from `begin_params_axis` on. The epsilon is 1e-12, or 1e-3 for float16.

    Source: TF 1.15 `tf.contrib.layers.layer_norm`; Ba, Kiros and Hinton, arXiv:1607.06450.

    Args:
      inputs: a floating tensor of known rank; its axes from `begin_params_axis` on have known sizes.
      center: if True, adds `beta`.
      scale: if True, multiplies by `gamma`.
      activation_fn: a function applied to the result, or None.
      reuse: whether to share the variables of an earlier call with this scope.
      variables_collections: collections for the variables, or a dict of them by variable name.
      outputs_collections: collections for the result.
      trainable: whether the variables are trained.
      begin_norm_axis: the first axis that is normalized; negative counts from the end.
      begin_params_axis: the first axis that the variables have; negative counts from the end.
      scope: the variable scope. Default: "LayerNorm", made unique.

    Returns:
      A tensor of the shape and dtype of `inputs`.

    Raises:
      ValueError: if the rank or a size that the variables need is unknown, or an axis is out of range.
    """
    with layer_scope(scope, "LayerNorm", [inputs], reuse=reuse) as opened:
        inputs = tf.convert_to_tensor(inputs)
        rank = inputs.shape.rank
        check(rank is not None, "inputs", "a tensor of known rank", inputs, "Tell its undefined rank with set_shape.")
        begin_norm_axis = axis_from_the_front("begin_norm_axis", begin_norm_axis, rank)
        params_shape = inputs.shape[axis_from_the_front("begin_params_axis", begin_params_axis, rank) :]
        check(
            params_shape.is_fully_defined(),
            "inputs",
            f"known sizes from begin_params_axis={begin_params_axis} on",
            inputs,
            "There its shape is not fully defined.",
        )

        def parameter(name, initializer):
            dtype = parameter_dtype(inputs.dtype)
            value = layer_variable(name, params_shape, dtype, initializer, variables_collections, trainable=trainable)
            return tf.cast(value, inputs.dtype)

        beta = parameter("beta", v1.zeros_initializer()) if center else None
        gamma = parameter("gamma", v1.ones_initializer()) if scale else None
        mean, variance = tf.nn.moments(inputs, list(range(begin_norm_axis, rank)), keepdims=True)
        # 1e-12 is zero in float16.
        epsilon = 1e-3 if inputs.dtype == tf.float16 else 1e-12
        outputs = tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        outputs.set_shape(inputs.shape)
        outputs = activated(outputs, activation_fn)
        return utils.collect_named_outputs(outputs_collections, opened.name, outputs)
