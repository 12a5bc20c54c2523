"""Defaults that TF-Slim writes as the number 0."""

from __future__ import annotations

# A tensor's `==` is elementwise, so the sentinels below are compared with `is` alone.
USE_DEFAULT = 0
USE_GLOBAL_STEP = 0
# `tf.compat.v1.train.Optimizer.GATE_OP`.
GATE_OP = 1


def is_default(value):
    """Returns True if `value` is the sentinel, never comparing it with `==`."""
    return value is USE_DEFAULT
