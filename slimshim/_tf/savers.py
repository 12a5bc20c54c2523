"""Which variables a `tf.compat.v1.train.Saver` restores.

A saver tells nobody, so its private `_var_list` is read: there in TensorFlow 2.10 to 2.21. A saver
without it is taken for one of all variables. Needed because with resource variables TensorFlow
restores a value of another shape without a word, which has to be checked before. Can go once it refuses that.
"""

from __future__ import annotations

import tensorflow as tf

v1 = tf.compat.v1


def restored_variables(saver):
    """Returns what the saver restores, as it was told: a list, or a dict of checkpoint name -> variable.

    Args:
      saver: a `tf.compat.v1.train.Saver`, or None for one of all global variables.
    """
    told = getattr(saver, "_var_list", None)
    return v1.global_variables() if told is None else told


def reshapes(saver):
    """Returns whether the saver was told to give variables their values in another shape."""
    return bool(getattr(saver, "_reshape", False))
