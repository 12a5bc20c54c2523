"""Op names that programs fetch by."""

from __future__ import annotations

import tensorflow as tf


def count_scope_twice(scope):
    """Makes the names of ops that follow count up as if `scope` had been entered twice.

    Several of TF1's layers did enter it twice. Names are made unique without regard to case, so
    within a scope "Dropout" the op's own scope "dropout" became "dropout_1", and programs fetch
    `Dropout/dropout_1/mul_1`.

    Args:
      scope: the layer's `tf.compat.v1.VariableScope`, which is open.
    """
    if not tf.executing_eagerly():
        tf.compat.v1.get_default_graph().unique_name(scope.name.rpartition("/")[2])
