"""Moving averages: variables that follow the batches of a layer."""

from __future__ import annotations

import tensorflow as tf

v1 = tf.compat.v1


def assign_moving_average(variable, value, rate):
    """Moves `variable` towards `value`: `variable -= (variable - value) * rate`.

    Source: TF1 `tensorflow.python.training.moving_averages.assign_moving_average`, whose `decay`
    is `1 - rate`.

    Args:
      variable: a float variable.
      value: a tensor of its shape.
      rate: a float or scalar tensor between 0 (stay) and 1 (take the value).

    Returns:
      What `tf.compat.v1.assign_sub` gives: an op in a graph, with the new value.
    """
    dtype = variable.dtype.base_dtype
    with v1.name_scope("AssignMovingAvg") as scope:
        rate = _as_dtype(rate, dtype)
        return v1.assign_sub(variable, (variable - tf.cast(value, dtype)) * rate, name=scope)


def assign_debiased_moving_average(variable, value, rate, biased, local_step, training=True):
    """Moves `variable` towards `value` as if it had not begun at zero.

    `biased -= (biased - value) * rate; local_step += 1;
    variable = biased / (1 - (1 - rate) ** local_step)`.
    Source: the same TF1 function with `zero_debias=True`; section 3 of Kingma and Ba, "Adam",
    arXiv:1412.6980.

    Args:
      variable: a float variable.
      value: a tensor of its shape.
      rate: a float or scalar tensor between 0 and 1.
      biased: a variable of the same shape that began at zero.
      local_step: a scalar float variable that began at zero.
      training: True, or a scalar bool tensor; where it is False nothing changes.

    Returns:
      As `assign_moving_average`.
    """
    dtype = variable.dtype.base_dtype
    with v1.name_scope("AssignMovingAvg") as scope:
        rate = _as_dtype(rate, dtype)
        moved = rate if training is True else tf.where(training, rate, tf.zeros_like(rate))
        old = tf.convert_to_tensor(variable)
        new_biased = tf.convert_to_tensor(v1.assign_sub(biased, (biased - tf.cast(value, dtype)) * moved))
        steps = tf.convert_to_tensor(v1.assign_add(local_step, tf.cast(training, dtype)))
        debiased = new_biased / (1 - tf.pow(1.0 - rate, steps))
        # Before the first step the quotient is 0 / 0, so it is chosen and not blended.
        new = debiased if training is True else tf.where(training, debiased, old)
        return v1.assign(variable, new, name=scope)


def assign_new_value(variable, value):
    """Sets `variable` to `value`, under TF1's op name."""
    with v1.name_scope("AssignNewValue") as scope:
        return v1.assign(variable, tf.cast(value, variable.dtype.base_dtype), name=scope)


def _as_dtype(rate, dtype):
    if isinstance(rate, (tf.Tensor, tf.Variable)):
        return tf.cast(rate, dtype)
    return tf.constant(rate, dtype, name="decay")
