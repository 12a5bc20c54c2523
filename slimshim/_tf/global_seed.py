"""The global seed for a block of eager code.

TensorFlow has `tf.random.set_seed` and no way to ask for the seed or to take it back. While one is set,
each stateful random op of eager code gets a seed of its own, an attribute of the op, and TensorFlow keeps
a kernel for each: 36 KB a call, on TensorFlow 2.10 to 2.21. So whoever sets it for a while takes it back.

Private: `_seed` and `_rng` of the eager context, there and so named in 2.10 to 2.21. Can go if
TensorFlow gets a context manager for its seed.
"""

from __future__ import annotations

import contextlib

import tensorflow as tf
from tensorflow.python.eager import context


@contextlib.contextmanager
def global_seed(seed):
    """A context in which `tf.random.set_seed(seed)` holds; then the program's seed, at its place, is back."""
    eager = context.context()
    before, sequence = eager._seed, getattr(eager, "_rng", None)
    tf.random.set_seed(seed)
    try:
        yield
    finally:
        tf.random.set_seed(before)  # Drops the kernels of the block, too.
        eager._rng = sequence
