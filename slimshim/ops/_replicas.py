"""Which of several replicas of a `tf.distribute` strategy some code runs in."""

from __future__ import annotations

import tensorflow as tf


def replicas_in_sync():
    """Returns the replica context if this code runs in one of several replicas, else None."""
    context = tf.distribute.get_replica_context() if tf.distribute.has_strategy() else None
    return None if context is None or context.num_replicas_in_sync == 1 else context
