"""What `is_training` means: a bool that is known now, or a tensor that a run decides."""

from __future__ import annotations

import numbers

import tensorflow as tf

from .utils import constant_value


def training_flag(is_training):
    """Returns True or False where `is_training` is known now, else a scalar bool tensor.

    Args:
      is_training: a bool or number, a scalar tensor or variable, or None. None means False: Keras
        passes it when nobody said that the model trains.
    """
    if is_training is None:
        return False
    if isinstance(is_training, tf.Variable):
        is_training = tf.convert_to_tensor(is_training)
    value = constant_value(is_training)
    return tf.cast(is_training, tf.bool) if value is None else bool(value)


def training_rate(training, rate):
    """Returns `rate` while training, else 0: how far a moving average follows its batch.

    An update with rate 0 leaves its variable as it is. So updates need no branch of their own,
    and variables are assigned outside `tf.cond`, which knows no ref variables under v2 control
    flow.

    Args:
      training: what `training_flag` gave.
      rate: a float or a scalar tensor.
    """
    if training is True:
        return rate
    if isinstance(rate, numbers.Real):
        rate = tf.constant(rate, tf.float32)
    return tf.where(training, rate, tf.zeros_like(rate))
