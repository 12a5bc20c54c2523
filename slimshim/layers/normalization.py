"""Group and instance normalization."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from ..ops.arg_scope import add_arg_scope
from ..ops.scopes import layer_scope
from . import utils
from ._channels import check_either
from ._layer_variables import layer_variable, parameter_dtype
from ._sizes import axis_from_the_front
from ._symbolic import symbolic
from ._tail import activated

v1 = tf.compat.v1

__all__ = ["group_norm", "instance_norm"]


@add_arg_scope
@symbolic
def instance_norm(
    inputs,
    center=True,
    scale=True,
    epsilon=1e-06,
    activation_fn=None,
    param_initializers=None,
    reuse=None,
    variables_collections=None,
    outputs_collections=None,
    trainable=True,
    data_format="NHWC",
    scope=None,
):
    """Returns `inputs` normalized within each channel of each example.

    `(x - mean) / sqrt(var + epsilon) * gamma + beta`, with moments over the spatial axes.

    Source: TF 1.15 `tf.contrib.layers.instance_norm`; Ulyanov, Vedaldi and Lempitsky,
    arXiv:1607.08022.

    Args:
      inputs: a floating tensor of known rank, batch first, with a known number of channels.
      center: if True, adds `beta`.
      scale: if True, multiplies by `gamma`.
      epsilon: a float, added to the variance.
      activation_fn: a function applied to the result, or None.
      param_initializers: a dict with initializers of "beta" and "gamma". Default: zeros and ones.
      reuse: whether to share the variables of an earlier call with this scope.
      variables_collections: collections for the variables, or a dict of them by variable name.
      outputs_collections: collections for the result.
      trainable: whether the variables are trained.
      data_format: "NHWC" (channels last) or "NCHW" (channels second), for every rank.
      scope: the variable scope. Default: "InstanceNorm", made unique.

    Returns:
      A tensor of the shape and dtype of `inputs`.

    Raises:
      ValueError: if `data_format` is another, or the rank or the number of channels is unknown.
    """
    inputs = tf.convert_to_tensor(inputs)
    rank = _known_rank(inputs)
    check_either(data_format, "NCHW", "NHWC")
    with layer_scope(scope, "InstanceNorm", [inputs], reuse=reuse) as opened:
        axis = 1 if data_format == "NCHW" else rank - 1
        channels = _known_channels(inputs, axis, "channels")
        beta, gamma = _parameters(
            channels,
            inputs.dtype.base_dtype,
            [1, channels] + [1] * (rank - 2) if data_format == "NCHW" else None,
            {"beta": center, "gamma": scale},
            param_initializers,
            variables_collections,
            trainable,
        )
        spatial = [i for i in range(1, rank) if i != axis]
        mean, variance = tf.nn.moments(inputs, spatial, keepdims=True)
        outputs = tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon, name="instancenorm")
        outputs = activated(outputs, activation_fn)
        return utils.collect_named_outputs(outputs_collections, opened.name, outputs)


@add_arg_scope
@symbolic
def group_norm(
    inputs,
    groups=32,
    channels_axis=-1,
    reduction_axes=(-3, -2),
    center=True,
    scale=True,
    epsilon=1e-06,
    activation_fn=None,
    param_initializers=None,
    reuse=None,
    variables_collections=None,
    outputs_collections=None,
    trainable=True,
    scope=None,
    mean_close_to_zero=False,
):
    """Returns `inputs` normalized within groups of channels.

    `(x - mean) / sqrt(var + epsilon) * gamma + beta`, with moments over `reduction_axes` and the
    channels of a group.

    Source: TF 1.15 `tf.contrib.layers.group_norm`; Wu and He, arXiv:1803.08494.

    Args:
      inputs: a floating tensor of known rank, with known sizes of the channels and of the axes
        that are reduced.
      groups: the number of groups; divides the number of channels.
      channels_axis: the axis of the channels; negative counts from the end.
      reduction_axes: the axes that are reduced, a sequence; negative counts from the end.
      center: if True, adds `beta`.
      scale: if True, multiplies by `gamma`.
      epsilon: a float, added to the variance.
      activation_fn: a function applied to the result, or None.
      param_initializers: a dict with initializers of "beta" and "gamma". Default: zeros and ones.
      reuse: whether to share the variables of an earlier call with this scope.
      variables_collections: collections for the variables, or a dict of them by variable name.
      outputs_collections: collections for the result.
      trainable: whether the variables are trained.
      scope: the variable scope. Default: "GroupNorm", made unique.
      mean_close_to_zero: if True the variance is `mean(x²) - mean(x)²`: one pass over the data,
        exact enough where the mean is near zero.

    Returns:
      A tensor of the shape and dtype of `inputs`.

    Raises:
      ValueError: if an axis is out of range or is both reduced and the channels', `groups` does
        not divide the number of channels, or a size that must be known is not.
    """
    inputs = tf.convert_to_tensor(inputs)
    rank = _known_rank(inputs)
    axis = axis_from_the_front("channels_axis", channels_axis, rank)
    channels = _known_channels(inputs, axis, "channel")
    reduced = [_reduced_axis(inputs, a, axis) for a in reduction_axes]
    check(
        0 < groups <= channels,
        "groups",
        f"a number from 1 to the {channels} channels",
        groups,
        f"Invalid groups {groups} for {channels} channels.",
    )
    check(
        channels % groups == 0,
        "groups",
        f"a divisor of the {channels} channels",
        groups,
        f"{channels} channels is not commensurate with {groups} groups.",
    )
    shape = _known_sizes(inputs)
    per_group = [groups, channels // groups]
    grouped = tf.reshape(inputs, shape[:axis] + per_group + shape[axis + 1 :])
    with layer_scope(scope, "GroupNorm", [grouped], reuse=reuse) as opened:
        beta, gamma = _parameters(
            channels,
            inputs.dtype.base_dtype,
            [1] * axis + per_group + [1] * (rank - axis - 1),
            {"beta": center, "gamma": scale},
            param_initializers,
            variables_collections,
            trainable,
        )
        moments_axes = [axis + 1] + [a + 1 if a > axis else a for a in reduced]
        mean, variance = _moments(grouped, moments_axes, mean_close_to_zero)
        outputs = tf.reshape(_normalized(grouped, mean, variance, beta, gamma, epsilon), shape)
        outputs.set_shape(inputs.shape)
        outputs = activated(outputs, activation_fn)
        return utils.collect_named_outputs(outputs_collections, opened.name, outputs)


def _known_rank(inputs):
    check(
        inputs.shape.rank is not None,
        "inputs",
        "a tensor of known rank",
        inputs,
        "Its undefined rank can be told with set_shape.",
    )
    return inputs.shape.rank


def _known_channels(inputs, axis, word):
    check(inputs.shape.rank > axis, "inputs", f"a rank that has a channel dimension {axis}", inputs)
    channels = inputs.shape.as_list()[axis]
    check(
        channels is not None,
        "inputs",
        f"a known size of dimension {axis}",
        inputs,
        f"Tell this undefined {word} dimension with set_shape.",
    )
    return channels


def _reduced_axis(inputs, axis, channels_axis):
    axis = axis_from_the_front("reduction_axes", axis, inputs.shape.rank)
    check(
        inputs.shape.as_list()[axis] is not None,
        "inputs",
        f"a known size of dimension {axis}, which is reduced",
        inputs,
        "These undefined dimensions can be told with set_shape.",
    )
    check(
        axis != channels_axis,
        "reduction_axes",
        f"axes other than channels_axis, which is {channels_axis}",
        axis,
        "The reduction axes and the channels axis must be mutually exclusive.",
    )
    return axis


def _known_sizes(inputs):
    """Returns the sizes of `inputs` as a list, with a scalar tensor for each that only a run tells."""
    sizes = inputs.shape.as_list()
    if None not in sizes:
        return sizes
    actual = tf.shape(inputs)
    return [actual[i] if size is None else size for i, size in enumerate(sizes)]


def _parameters(channels, dtype, broadcast_shape, wanted, initializers, variables_collections, trainable):
    """Returns (beta, gamma), each shaped to go with the inputs, or None where not wanted."""
    initializers = {"beta": v1.zeros_initializer(), "gamma": v1.ones_initializer(), **(initializers or {})}

    def parameter(name):
        if not wanted[name]:
            return None
        value = layer_variable(
            name, [channels], parameter_dtype(dtype), initializers[name], variables_collections, trainable=trainable
        )
        value = tf.cast(value, dtype)
        return tf.reshape(value, broadcast_shape) if broadcast_shape else value

    return parameter("beta"), parameter("gamma")


def _moments(values, axes, mean_close_to_zero):
    if not mean_close_to_zero:
        return tf.nn.moments(values, axes, keepdims=True)
    count, total, total_of_squares, _ = tf.nn.sufficient_statistics(values, axes, keepdims=True)
    return tf.nn.normalize_moments(count, total, total_of_squares, shift=None)


def _normalized(values, mean, variance, beta, gamma, epsilon):
    gain = tf.math.rsqrt(variance + epsilon)
    offset = -mean * gain
    if gamma is not None:
        gain, offset = gain * gamma, offset * gamma
    if beta is not None:
        offset = offset + beta
    return values * gain + offset
