"""Batch normalization with the numbers of TensorFlow 1."""

from __future__ import annotations

import functools

import tensorflow as tf

from .._checks import check
from ..ops._replicas import replicas_in_sync
from ..ops.arg_scope import add_arg_scope
from ..ops.collections import add_to_collections
from ..ops.scopes import layer_scope
from . import utils
from ._batch_norm_call import BatchNormCall
from ._channels import check_either
from ._symbolic import symbolic
from ._tail import activated
from ._training import training_flag

v1 = tf.compat.v1

__all__ = ["batch_norm"]

_UPDATE_OPS = v1.GraphKeys.UPDATE_OPS


@add_arg_scope
@symbolic
def batch_norm(
    inputs,
    decay=0.999,
    center=True,
    scale=False,
    epsilon=0.001,
    activation_fn=None,
    param_initializers=None,
    param_regularizers=None,
    updates_collections=_UPDATE_OPS,
    is_training=True,
    reuse=None,
    variables_collections=None,
    outputs_collections=None,
    trainable=True,
    batch_weights=None,
    fused=None,
    data_format="NHWC",
    zero_debias_moving_mean=False,
    scope=None,
    renorm=False,
    renorm_clipping=None,
    renorm_decay=0.99,
    adjustment=None,
    *,
    synchronized=False,
):
    """Returns `inputs` normalized by channel: over the batch while training, else by the moving averages.

    Training: `(x - mean(x)) / sqrt(var(x) + epsilon) * gamma + beta`, and the moving averages
    move: `moving -= (moving - batch_value) * (1 - decay)`. Inference: the same with the moving
    averages in place of the batch's moments.

    Graph mode: unless `updates_collections` is None, the train op must run the updates
    (`create_train_op` does). TF2 mode: they run with the call.

    The fused form serves ranks 2 and 4. It brings Bessel's correction to the moving variance, and
    an epsilon of at least 1.001e-5. All else, and float64, takes the plain form. Low-precision
    inputs keep float32 variables and moments.

    Source: TF 1.15 `tf.contrib.layers.batch_norm`; Ioffe and Szegedy, arXiv:1502.03167; renorm:
    Ioffe, arXiv:1702.03275.

    Args:
      inputs: a floating tensor of known rank, 2 to 5 as a rule, with a known number of channels.
      decay: the decay of the moving averages, a float or scalar tensor.
      center: if True, adds `beta`.
      scale: if True, multiplies by `gamma`. Not needed when the next layer is linear or a ReLU.
      epsilon: a float, added to the variance.
      activation_fn: a function applied to the result, or None.
      param_initializers: a dict with initializers of "beta", "gamma", "moving_mean" and
        "moving_variance"; what is missing is zeros, ones, zeros and ones.
      param_regularizers: a dict with regularizers of "beta" and "gamma".
      updates_collections: the collections that take the updates of the moving averages, or None
        to run them before the result is there.
      is_training: a bool, a scalar tensor or variable, or None, which means False.
      reuse: whether to share the variables of an earlier call with this scope.
      variables_collections: collections for the variables, or a dict of them by variable name.
      outputs_collections: collections for the result.
      trainable: whether `beta` and `gamma` are trained. If False the moving averages stay as they
        are too, except (as in TF1) for rank 2 in the fused form, and with `batch_weights`,
        `zero_debias_moving_mean` or other `updates_collections`.
      batch_weights: a tensor of shape [batch] with a frequency weight for each example, or None.
      fused: None or True to use the fused form where it can be, False for the plain one.
      data_format: "NHWC" (channels last) or "NCHW" (channels second), for every rank.
      zero_debias_moving_mean: if True, `moving_mean` is corrected for having begun at zero. Adds the
        variables `moving_mean/biased` and `moving_mean/local_step`.
      scope: the variable scope. Default: "BatchNorm", made unique.
      renorm: whether to train with batch renormalization. Adds the variables `moving_stddev`,
        `renorm_mean` and `renorm_stddev`.
      renorm_clipping: a dict with some of "rmax", "rmin" and "dmax".
      renorm_decay: the decay of `renorm_mean` and `renorm_stddev`.
      adjustment: a function from the dynamic shape of `inputs` to a pair (scale, bias), applied
        to the normalized values while training, or None.
      synchronized: if True, the moments are those of the whole batch of a `tf.distribute` strategy
        and not of each replica's part, so that the numbers are those of one device. Not in TF1;
        the name is Keras's.

    Returns:
      A tensor of the shape and dtype of `inputs`.

    Raises:
      ValueError: if `data_format` is another, the rank or the number of channels is unknown,
        `renorm` meets an argument that it does not go with, or shapes do not match.
      TypeError: if `inputs` is not floating.
    """
    check_either(data_format, "NCHW", "NHWC")
    default_updates = isinstance(updates_collections, str) and updates_collections == _UPDATE_OPS
    if renorm and (batch_weights is not None or zero_debias_moving_mean or not default_updates):
        raise ValueError(
            "renorm is not supported with batch_weights, updates_collections or zero_debias_moving_mean. "
            "Leave those at their defaults, or set renorm=False."
        )
    with layer_scope(scope, "BatchNorm", [inputs], reuse=reuse) as opened:
        inputs = tf.convert_to_tensor(inputs)
        axis = _channel_axis(inputs, data_format)
        training = training_flag(is_training)
        fused = fused is not False and batch_weights is None and not renorm and adjustment is None and _can_fuse(inputs)
        # TF1 took these calls through its layer class, which made gamma first, collected ops, and
        # left the averages of a layer that is not trainable as they were.
        as_layer_class = (
            default_updates
            and batch_weights is None
            and not zero_debias_moving_mean
            and not (fused and inputs.shape.rank == 2)
        )
        layer = BatchNormCall(
            opened, inputs, axis, training, epsilon, param_initializers, param_regularizers, variables_collections
        )
        layer.make_parameters(center, scale, trainable, gamma_first=as_layer_class)
        layer.make_moving_averages(decay, moves=training is not False and (trainable or not as_layer_class))
        if zero_debias_moving_mean and training is not False:
            layer.make_debiasing(model=not fused)
        if renorm:
            layer.make_renorm(renorm_clipping, renorm_decay)
        deliver = functools.partial(_deliver, collections=updates_collections, as_ops=as_layer_class)
        if synchronized and training is not False:
            layer.synchronize(replicas_in_sync(), as_fused=fused)
        if fused and not layer.is_synchronized:
            outputs = layer.fused(inputs, data_format, deliver)
        else:
            outputs = layer.plain(inputs, batch_weights, adjustment, deliver)
        outputs.set_shape(inputs.shape)
        outputs = activated(outputs, activation_fn)
        return utils.collect_named_outputs(outputs_collections, opened.name, outputs)


def _channel_axis(inputs, data_format):
    """Returns the index of the channels, after checking what must be known of `inputs`."""
    shape = inputs.shape
    check(
        shape.rank is not None,
        "inputs",
        "a tensor of known rank",
        inputs,
        "Its undefined rank can be told with set_shape.",
    )
    check(inputs.dtype.is_floating, "inputs", "a floating tensor", inputs, "Cast it first.", error=TypeError)
    axis = 1 if data_format == "NCHW" else shape.rank - 1
    check(
        shape.rank > axis and shape.rank > 0,
        "inputs",
        f"a rank that has channels for data_format={data_format!r}",
        inputs,
    )
    check(
        shape.as_list()[axis] is not None,
        "inputs",
        f"a known number of channels in dimension {axis}",
        inputs,
        "This channel dimension is undefined; tell it with set_shape.",
    )
    return axis


def _can_fuse(inputs):
    # The fused op knows no float64.
    return inputs.shape.rank in (2, 4) and inputs.dtype in (tf.float32, tf.float16, tf.bfloat16)


def _deliver(updates, outputs, collections, as_ops):
    """Returns `outputs`, a tuple; the updates are in `collections`, or run before the outputs are there."""
    if not updates:
        return outputs
    if collections is not None:
        for update in updates:
            add_to_collections(collections, _collected(update, as_ops))
        return outputs
    if tf.executing_eagerly():
        return outputs
    with tf.control_dependencies(updates):
        return tuple(tf.identity(output) for output in outputs)


def _collected(update, as_op):
    """Returns what a collection holds for an update: as in TF1 its op, or the tensor of the new value."""
    if tf.executing_eagerly():
        return update
    if as_op:
        return update.op
    # Collections are filtered by name, so the read has to be within the update's scope.
    with v1.name_scope(update.op.name + "/"):
        return tf.convert_to_tensor(update)
