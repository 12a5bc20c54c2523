"""Generalized divisive normalization."""

from __future__ import annotations

import math

import tensorflow as tf

from .._checks import check, error_text
from ..ops.collections import add_to_collection
from ..ops.scopes import layer_scope
from ..ops.variables import variable
from ._symbolic import symbolic

v1 = tf.compat.v1

__all__ = ["GDN", "gdn"]

_CHANNEL_AXES = {"channels_first": 1, "channels_last": -1}


class GDN(tf.Module):
    """Generalized divisive normalization of the channels, or its inverse.

    `y[i] = x[i] / sqrt(beta[i] + sum_j(gamma[j, i] * x[j]**2))`; the inverse multiplies.

    The variables are `reparam_beta` and `reparam_gamma`, whose squares are beta and gamma (plus an
    offset): so these stay positive and their gradients near zero stay stable.

    Source: TF 1.15 `tf.contrib.layers.GDN`; Ballé, Laparra and Simoncelli, arXiv:1511.06281 and
    arXiv:1611.01704.
    """

    def __init__(
        self,
        inverse=False,
        beta_min=1e-06,
        gamma_init=0.1,
        reparam_offset=2**-18,
        data_format="channels_last",
        activity_regularizer=None,
        trainable=True,
        name=None,
        **kwargs,
    ):
        """Makes the layer; its variables come with the first call.

        Args:
          inverse: if True, multiplies where the layer would divide. This undoes it roughly.
          beta_min: the least value of beta.
          gamma_init: gamma begins as this times the identity matrix.
          reparam_offset: the offset of the reparameterization; its square is the least gamma.
          data_format: "channels_last" or "channels_first".
          activity_regularizer: a function from the outputs to a scalar loss, or None. The loss, divided by
            the batch size, joins `REGULARIZATION_LOSSES`.
          trainable: whether the variables are trained.
          name: the variable scope, to be made unique. Default: "gdn".
          **kwargs: `dtype` of the variables (default: that of the first inputs); `_scope` and
            `_reuse`, the variable scope as it is and whether to share its variables.

        Raises:
          ValueError: if `data_format` is another.
          TypeError: for other keyword arguments.
        """
        # tf.Module uses its name up as a name scope, and "gdn" is to be that of the ops.
        super().__init__(name="gdn_layer")
        if data_format not in _CHANNEL_AXES:
            raise ValueError(
                f"Unsupported `data_format` for GDN layer: {data_format}. "
                + error_text("data_format", f"one of {sorted(_CHANNEL_AXES)}", data_format)
            )
        self.inverse = inverse
        self.data_format = data_format
        self.activity_regularizer = activity_regularizer
        self.trainable = trainable
        self.built = False
        self._beta_min = beta_min
        self._gamma_init = gamma_init
        self._reparam_offset = reparam_offset
        self._base_name = name or "gdn"
        self._take_layer_arguments(**kwargs)

    def _take_layer_arguments(self, dtype=None, _scope=None, _reuse=None):
        self._dtype = None if dtype is None else tf.as_dtype(dtype).base_dtype
        # A scope to be reused is one that exists, so its name must not be made unique.
        self._scope = self._base_name if _reuse and _scope is None else _scope
        self._reuse = _reuse

    @property
    def name(self):
        """The name that was given, or "gdn"."""
        return self._base_name

    @property
    def dtype(self):
        """The dtype of the variables; None before the first call if none was given."""
        return self._dtype

    @property
    def beta(self):
        """The offsets, of shape [channels]."""
        least = math.sqrt(self._beta_min + self._reparam_offset**2)
        return self._from_reparameterized(self._reparam_beta, least)

    @property
    def gamma(self):
        """The weights of the squares, of shape [channels in, channels out]."""
        return self._from_reparameterized(self._reparam_gamma, self._reparam_offset)

    def build(self, input_shape):
        """Makes the variables in the scope that is open.

        Args:
          input_shape: the shape of the inputs, with a known number of channels.

        Raises:
          ValueError: if the rank is not 3 to 5, or the number of channels is unknown.
        """
        channels = self._checked_channels(input_shape)
        self._dtype = self._dtype or tf.float32
        self._reparam_beta = self._variable("reparam_beta", [channels], self._initial_beta)
        self._reparam_gamma = self._variable("reparam_gamma", [channels, channels], self._initial_gamma)
        self.built = True

    def call(self, inputs):
        """Returns the normalized inputs, with variables that exist.

        Args:
          inputs: a tensor of rank 3 to 5.
        """
        inputs = tf.convert_to_tensor(inputs, dtype=self._dtype)
        pooled = self._weighted_sum_of_squares(inputs) + self._along_channels(self.beta, inputs.shape.rank)
        norm = tf.sqrt(pooled)
        outputs = inputs * norm if self.inverse else inputs / norm
        outputs.set_shape(inputs.shape)
        return outputs

    def __call__(self, inputs):
        """Returns the normalized `inputs`; makes the variables at the first call."""
        inputs = tf.convert_to_tensor(inputs, dtype=self._dtype)
        with layer_scope(self._scope, self._base_name, [inputs], reuse=self._reuse) as opened:
            if not self.built:
                self._scope = opened  # Later calls are in the scope of the first.
                self._dtype = self._dtype or inputs.dtype.base_dtype
                self.build(inputs.shape)
            else:
                self._checked_channels(inputs.shape)
            outputs = self.call(inputs)
            self._regularize(outputs)
        return outputs

    def apply(self, inputs):
        """Returns the same as calling the layer."""
        return self(inputs)

    def compute_output_shape(self, input_shape):
        """Returns the shape of the outputs, which is that of the inputs.

        Raises:
          ValueError: if the rank is not 3 to 5, or the number of channels is unknown.
        """
        self._checked_channels(input_shape)
        return tf.TensorShape(input_shape)

    def _checked_channels(self, input_shape):
        shape = tf.TensorShape(input_shape)
        check(shape.rank in (3, 4, 5), "input_shape", "a rank of 3 to 5", shape)
        channels = shape.as_list()[_CHANNEL_AXES[self.data_format]]
        check(channels is not None, "input_shape", "a known number of channels", shape, "Tell it with set_shape.")
        return channels

    def _variable(self, name, shape, initializer):
        return variable(name, shape=shape, dtype=self._dtype, initializer=initializer, trainable=self.trainable)

    def _initial_beta(self, shape, dtype=tf.float32, partition_info=None):
        del partition_info
        return self._to_reparameterized(tf.ones(shape, dtype))

    def _initial_gamma(self, shape, dtype=tf.float32, partition_info=None):
        del partition_info
        return self._to_reparameterized(self._gamma_init * tf.eye(*shape, dtype=dtype))

    def _to_reparameterized(self, value):
        return tf.sqrt(value + self._reparam_offset**2)

    def _from_reparameterized(self, value, least):
        return tf.square(_at_least(tf.convert_to_tensor(value), least)) - self._reparam_offset**2

    def _weighted_sum_of_squares(self, inputs):
        equation = "bc...,cd->bd..." if self.data_format == "channels_first" else "b...c,cd->b...d"
        return tf.einsum(equation, tf.square(inputs), self.gamma)

    def _along_channels(self, vector, rank):
        if self.data_format == "channels_last":
            return vector
        return tf.reshape(vector, [-1] + [1] * (rank - 2))

    def _regularize(self, outputs):
        if self.activity_regularizer is None:
            return
        with v1.name_scope("ActivityRegularizer"):
            loss = self.activity_regularizer(outputs)
            mean = loss / tf.cast(tf.shape(outputs)[0], loss.dtype)
        add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, mean)


def _at_least(value, least):
    """Returns `max(value, least)`, whose gradient still lets a value below the bound go up."""

    @tf.custom_gradient
    def bounded(value):
        bound = tf.constant(least, value.dtype)

        def gradient(upstream):
            passes = tf.logical_or(value >= bound, upstream < 0)
            return tf.cast(passes, upstream.dtype) * upstream

        return tf.maximum(value, bound), gradient

    return bounded(value)


@symbolic
def gdn(
    inputs,
    inverse=False,
    beta_min=1e-06,
    gamma_init=0.1,
    reparam_offset=2**-18,
    data_format="channels_last",
    activity_regularizer=None,
    trainable=True,
    name=None,
    reuse=None,
):
    """Returns `inputs` after generalized divisive normalization; see `GDN`.

    Args:
      inputs: a floating tensor of rank 3 to 5 with a known number of channels.
      inverse, beta_min, gamma_init, reparam_offset, data_format, activity_regularizer, trainable: as for `GDN`.
      name: the variable scope as it is. Default: "gdn", made unique.
      reuse: whether to share the variables of an earlier call with this name.

    Returns:
      A tensor of the shape and dtype of `inputs`.

    Raises:
      ValueError: if `data_format` is another, the rank is not 3 to 5, or the number of channels is unknown.
    """
    inputs = tf.convert_to_tensor(inputs)
    layer = GDN(
        inverse=inverse,
        beta_min=beta_min,
        gamma_init=gamma_init,
        reparam_offset=reparam_offset,
        data_format=data_format,
        activity_regularizer=activity_regularizer,
        trainable=trainable,
        name=name,
        dtype=inputs.dtype.base_dtype,
        _scope=name,
        _reuse=reuse,
    )
    return layer(inputs)
