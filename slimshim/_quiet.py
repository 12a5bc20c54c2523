"""Keeping TensorFlow's warnings to itself where they do not fit what is done."""

from __future__ import annotations

import contextlib

import tensorflow as tf

v1 = tf.compat.v1


@contextlib.contextmanager
def quiet_tensorflow():
    """A context in which TensorFlow logs errors alone."""
    level = v1.logging.get_verbosity()
    v1.logging.set_verbosity(max(level, v1.logging.ERROR))
    try:
        yield
    finally:
        v1.logging.set_verbosity(level)
