"""The few TensorFlow ops between the nets' layers, for Keras tensors too."""

from __future__ import annotations

import tensorflow as tf

from ..layers._symbolic import symbolic

__all__ = ["concat", "pad", "reduce_mean", "relu", "squeeze"]

concat = symbolic(tf.concat)
pad = symbolic(tf.pad)
reduce_mean = symbolic(tf.reduce_mean)
relu = symbolic(tf.nn.relu)
squeeze = symbolic(tf.squeeze)
