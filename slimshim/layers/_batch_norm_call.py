"""What one call of `batch_norm` is made of: its variables, and the two forms that compute with them."""

from __future__ import annotations

import functools

import tensorflow as tf

from ..ops.variables import variable
from . import utils
from ._batch_renorm import BatchRenorm
from ._layer_variables import layer_variable
from ._moving_averages import assign_debiased_moving_average, assign_moving_average
from ._names import count_scope_twice
from ._synchronized import global_moments
from ._training import training_rate

v1 = tf.compat.v1

# The least epsilon of TF1's fused batch norm (cuDNN asked for it). Later versions take any, which
# would give old models other numbers.
_LEAST_FUSED_EPSILON = 1.001e-5

_INITIALIZERS = {
    "beta": v1.zeros_initializer(),
    "gamma": v1.ones_initializer(),
    "moving_mean": v1.zeros_initializer(),
    "moving_variance": v1.ones_initializer(),
}


class BatchNormCall:
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
