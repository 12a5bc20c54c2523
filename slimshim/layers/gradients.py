"""Layers that act on gradients alone."""

from __future__ import annotations

import tensorflow as tf

from ._symbolic import symbolic

__all__ = ["scale_gradient"]


@symbolic
def scale_gradient(inputs, gradient_multiplier):
    """Returns `inputs`, whose gradient is multiplied on the way back.

    A multiplier of 0 stops the gradient, a negative one turns it round (Ganin and Lempitsky,
    arXiv:1409.7495).

    Source: TF 1.15 `tf.contrib.layers.scale_gradient`.

    Args:
      inputs: a floating tensor.
      gradient_multiplier: a float or scalar tensor. It gets no gradient itself.
    """

    @tf.custom_gradient
    def identity(values):
        return tf.identity(values), lambda upstream: upstream * tf.cast(gradient_multiplier, upstream.dtype)

    return identity(tf.convert_to_tensor(inputs))
