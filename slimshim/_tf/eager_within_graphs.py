"""Eager code where a graph is entered, or where eager execution is off for the whole process.

`tf.init_scope` goes to the outermost context, which after `tf.compat.v1.disable_eager_execution()` is a
graph. The private `eager_mode` is the one way out; it is the same in TensorFlow 2.10 to 2.21. Can go
once programs of TensorFlow 1 no longer switch eager execution off.
"""

from __future__ import annotations


def eagerly():
    """Returns a context in which TensorFlow executes eagerly, whatever surrounds it."""
    from tensorflow.python.eager import context

    return context.eager_mode()
