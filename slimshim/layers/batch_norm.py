"""Batch normalization with the numbers of TensorFlow 1."""

from __future__ import annotations

import functools

import tensorflow as tf

from .._checks import check
from ..ops.arg_scope import add_arg_scope
from ..ops.collections import add_to_collections
from ..ops.scopes import layer_scope
from ..ops.variables import variable
from . import utils
from ._batch_renorm import BatchRenorm
from ._channels import check_either
from ._layer_variables import layer_variable
from ._moving_averages import assign_debiased_moving_average, assign_moving_average
from ._names import count_scope_twice
from ._symbolic import symbolic
from ._synchronized import global_moments, replicas_in_sync
from ._tail import activated
from ._training import training_flag, training_rate

v1 = tf.compat.v1

__all__ = ["batch_norm"]

_UPDATE_OPS = v1.GraphKeys.UPDATE_OPS

# The least epsilon of TF1's fused batch norm (cuDNN asked for it). Later versions take any, which
# would give old models other numbers.
_LEAST_FUSED_EPSILON = 1.001e-5

_INITIALIZERS = {
    "beta": v1.zeros_initializer(),
    "gamma": v1.ones_initializer(),
    "moving_mean": v1.zeros_initializer(),
    "moving_variance": v1.ones_initializer(),
}


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
        layer = _BatchNorm(
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


class _BatchNorm:
    """One call of `batch_norm`: its variables, and the two ways to compute with them."""

    def __init__(self, scope, inputs, axis, training, epsilon, initializers, regularizers, variables_collections):
        self._scope = scope
        self._axis = axis
        self._rank = inputs.shape.rank
        self._channels = inputs.shape.as_list()[axis]
        self._dtype = tf.float32 if inputs.dtype.size < 4 else inputs.dtype
        self._training = training
        self._epsilon = epsilon
        self._initializers = {**_INITIALIZERS, **(initializers or {})}
        self._regularizers = regularizers or {}
        self._variables_collections = variables_collections
        self._beta = self._gamma = self._debiasing = self._renorm = self._replicas = None

    def make_parameters(self, center, scale, trainable, gamma_first):
        """Makes `beta` and `gamma`, as far as they are asked for."""
        wanted = {"beta": center, "gamma": scale}
        for name in ("gamma", "beta") if gamma_first else ("beta", "gamma"):
            if wanted[name]:
                setattr(self, "_" + name, self._parameter(name, trainable))

    def _parameter(self, name, trainable):
        return layer_variable(
            name,
            [self._channels],
            self._dtype,
            self._initializers[name],
            self._variables_collections,
            regularizer=self._regularizers.get(name),
            trainable=trainable,
        )

    def make_moving_averages(self, decay, moves):
        """Makes `moving_mean` and `moving_variance`; `moves` says whether this call updates them."""
        # They are assigned to, which a variable in parts does not take.
        self._scope.set_partitioner(None)
        self._moves = moves
        self._rate = 1.0 - decay
        self._moving = tuple(
            self._moving_variable(
                layer_variable, name, self._initializers[name], variables_collections=self._variables_collections
            )
            for name in ("moving_mean", "moving_variance")
        )

    def _moving_variable(self, make, name, initializer, shape=None, **kwargs):
        return make(
            name,
            shape=[self._channels] if shape is None else shape,
            dtype=self._dtype,
            initializer=initializer,
            trainable=False,
            # Under tf.distribute each replica moves its own; readers and checkpoints see the mean.
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.MEAN,
            **kwargs,
        )

    def make_debiasing(self, model):
        """Makes the variables that tell how far `moving_mean` is biased towards its zero."""
        make = layer_variable if model else variable
        zeros = v1.zeros_initializer()
        # TF1 opened the variable's whole name as a scope within the layer's, so it stands twice.
        with v1.variable_scope(self._moving[0].name.split(":")[0], auxiliary_name_scope=False):
            self._debiasing = (
                self._moving_variable(make, "biased", zeros),
                self._moving_variable(make, "local_step", zeros, shape=[]),
            )

    def make_renorm(self, clipping, decay):
        """Makes the variables of batch renormalization."""
        self._renorm = BatchRenorm(
            functools.partial(self._moving_variable, layer_variable),
            self._initializers["moving_mean"],
            self._initializers["moving_variance"],
            self._epsilon,
            clipping,
            decay,
        )

    def synchronize(self, replicas, as_fused):
        """Takes the moments over all replicas; `as_fused` asks for the fused form's numbers.

        Args:
          replicas: a replica context, or None to leave everything as it is.
          as_fused: whether to correct the moving variance and the epsilon as the fused op does.
        """
        self._replicas, self._as_fused = replicas, as_fused
        if self.is_synchronized and as_fused:
            self._epsilon = max(self._epsilon, _LEAST_FUSED_EPSILON)

    @property
    def is_synchronized(self):
        """Whether the moments are taken over several replicas."""
        return self._replicas is not None

    # --- the fused form ---------------------------------------------------------------------

    def fused(self, inputs, data_format, deliver):
        """Returns the outputs by TensorFlow's fused op."""
        if self._rank == 2:
            images, data_format = tf.reshape(inputs, [-1, 1, 1, self._channels]), "NHWC"
        else:
            images = inputs
        outputs, *moments = self._fused_op(images, data_format)
        (outputs,) = deliver(self._updates(moments), (outputs,))
        if self._rank == 2:
            outputs.set_shape(images.shape)
            outputs = tf.reshape(outputs, _shape_to_reshape(inputs))
        return outputs

    def _fused_op(self, images, data_format):
        constant = functools.partial(tf.constant, dtype=self._dtype, shape=[self._channels])
        gamma = constant(1.0) if self._gamma is None else tf.convert_to_tensor(self._gamma)
        beta = constant(0.0) if self._beta is None else tf.convert_to_tensor(self._beta)
        moving = self._moving_values()
        op = functools.partial(
            v1.nn.fused_batch_norm,
            images,
            gamma,
            beta,
            epsilon=max(self._epsilon, _LEAST_FUSED_EPSILON),
            data_format=data_format,
        )

        def in_inference():
            # The op's own further outputs say nothing here on some devices.
            return (op(mean=moving[0], variance=moving[1], is_training=False)[0], *moving)

        return utils.smart_cond(self._training, lambda: tuple(op()), in_inference)

    # --- the plain form ---------------------------------------------------------------------

    def plain(self, inputs, batch_weights, adjustment, deliver):
        """Returns the outputs by elementary ops."""
        count_scope_twice(self._scope)
        if self.is_synchronized and self._as_fused:
            # The fused op computes in full precision.
            return tf.cast(self._plain(tf.cast(inputs, self._dtype), None, None, deliver), inputs.dtype)
        return self._plain(inputs, batch_weights, adjustment, deliver)

    def _plain(self, inputs, batch_weights, adjustment, deliver):
        *moments, variance_to_average = self._moments(inputs, batch_weights)
        scale, offset = self._broadcast(self._gamma), self._broadcast(self._beta)
        correction = None
        if self._training is not False:
            scale, offset = self._adjusted(inputs, adjustment, scale, offset)
            if self._renorm is not None:
                correction = self._renorm.correction(*moments, self._training)
                scale, offset = _composed(*map(self._broadcast, correction), scale, offset)
        updates = self._updates((moments[0], variance_to_average), correction)
        mean, variance = map(self._broadcast, deliver(updates, tuple(moments)))
        mean, variance, offset, scale = (
            None if value is None else tf.cast(value, inputs.dtype) for value in (mean, variance, offset, scale)
        )
        return tf.nn.batch_normalization(inputs, mean, variance, offset, scale, self._epsilon)

    def _moments(self, inputs, batch_weights):
        """Returns the mean, the variance, and the variance that the moving one shall follow."""
        weights = None if batch_weights is None else self._weights(inputs, batch_weights)
        axes = [i for i in range(self._rank) if i != self._axis]
        moving = self._moving_values()

        def of_the_batch():
            values = tf.cast(inputs, self._dtype)
            if weights is None:
                return tf.nn.moments(values, axes)
            return tf.nn.weighted_moments(values, axes, weights)

        if self.is_synchronized:
            return self._global_moments(tf.cast(inputs, self._dtype), axes, weights, moving)
        mean, variance = utils.smart_cond(self._training, of_the_batch, lambda: moving)
        return mean, variance, variance

    def _global_moments(self, values, axes, weights, moving):
        mean, variance, count = global_moments(self._replicas, values, axes, weights)
        corrected = variance * (count / tf.maximum(count - 1, 1)) if self._as_fused else variance
        if self._training is True:
            return mean, variance, corrected
        # Replicas meet in the moments, which they can not within a branch of `tf.cond`.
        mean, variance = (tf.where(self._training, new, old) for new, old in zip((mean, variance), moving))
        return mean, variance, corrected

    def _weights(self, inputs, batch_weights):
        weights = tf.cast(tf.convert_to_tensor(batch_weights), self._dtype)
        inputs.shape[0:1].assert_is_compatible_with(weights.shape)
        return tf.reshape(weights, [-1] + [1] * (self._rank - 1))

    def _adjusted(self, inputs, adjustment, scale, offset):
        """Returns `scale` and `offset` with the caller's adjustment put before them."""
        if adjustment is None:
            return scale, offset
        by, plus = (tf.cast(value, self._dtype) for value in adjustment(tf.shape(inputs)))
        if self._training is not True:
            by = tf.where(self._training, by, tf.ones_like(by))
            plus = tf.where(self._training, plus, tf.zeros_like(plus))
        return _composed(by, plus, scale, offset)

    def _broadcast(self, value):
        """Returns a value of shape [channels] in a shape that goes with the inputs."""
        if value is None:
            return None
        value = tf.convert_to_tensor(value)  # A variable in parts has no shape to reshape.
        if self._axis == self._rank - 1 or value.shape.rank != 1:
            return value
        return tf.reshape(value, [1, self._channels] + [1] * (self._rank - 2))

    # --- the moving averages ----------------------------------------------------------------

    def _moving_values(self):
        """Returns the values of the moving averages; None where nothing will ask for them."""
        if self._training is True:
            return None
        return tuple(tf.convert_to_tensor(average) for average in self._moving)

    def _updates(self, moments, correction=None):
        """Returns the updates of `moving_mean` and `moving_variance`, if they are to move."""
        if not self._moves:
            return ()
        rate = training_rate(self._training, self._rate)
        if self._renorm is not None:
            return self._renorm.updates(correction, moments, self._moving, self._training, rate)
        (mean, variance), (moving_mean, moving_variance) = moments, self._moving
        if self._debiasing is None:
            update_mean = assign_moving_average(moving_mean, mean, rate)
        else:
            update_mean = assign_debiased_moving_average(
                moving_mean, mean, self._rate, *self._debiasing, training=self._training
            )
        return update_mean, assign_moving_average(moving_variance, variance, rate)


def _composed(scale, offset, then_scale, then_offset):
    """Returns (scale, offset) of `(x * scale + offset) * then_scale + then_offset`."""
    if then_scale is not None:
        scale, offset = scale * then_scale, offset * then_scale
    if then_offset is not None:
        offset = offset + then_offset
    return scale, offset


def _shape_to_reshape(tensor):
    """Returns the shape of `tensor` to reshape to: as far as can be, one that is known now."""
    sizes = tensor.shape.as_list()
    if sizes.count(None) > 1:
        return tf.shape(tensor)
    return [-1 if size is None else size for size in sizes]
