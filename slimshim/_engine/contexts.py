"""Which graph a call belongs to, and errors for calls that belong to none."""

from __future__ import annotations

import contextlib

import tensorflow as tf

from .._checks import error_text
from .._tf import in_graph_mode

v1 = tf.compat.v1

_BOTH_FORMS = """Two forms are right.
A graph (TensorFlow 1 style):
    with tf.Graph().as_default():
        loss = build_the_model_and_its_loss()
        train_op = learning.create_train_op(loss, tf.compat.v1.train.MomentumOptimizer(0.01, 0.9))
        learning.train(train_op, logdir)
A function that computes the loss (TensorFlow 2 style):
    step = learning.create_train_op(lambda: compute_the_loss(), optimizer)
    learning.train(step, logdir)"""


def graph_of(value):
    """Returns the `tf.Graph` that `value` belongs to, or None (eager tensors, numbers, lists)."""
    return getattr(value, "graph", None)


@contextlib.contextmanager
def graph_of_call(*values):
    """Makes the graph that `values` belong to the default; the current one if they belong to none.

    A program may hold a graph and call us outside of its `with` block.
    """
    graph = next((g for g in map(graph_of, values) if g is not None), None)
    if graph is None and tf.executing_eagerly():
        raise ValueError(
            "Here eager execution is on and no tf.Graph is entered. Build the model and make this call "
            "inside `with tf.Graph().as_default():`, or call tf.compat.v1.disable_eager_execution() at "
            "the program's start."
        )
    with (graph or v1.get_default_graph()).as_default() as graph:
        yield graph


def is_step_function(argument, value):
    """Returns True if `value` is a function that computes the loss, for training under a tape.

    Raises:
      ValueError: if it is one, and the outermost context is a graph.
    """
    if not callable(value):
        return False
    if in_graph_mode():
        raise ValueError(error_text(argument, "a tensor, because a tf.Graph is entered", value, _BOTH_FORMS))
    return True


def require_graph_train_value(argument, value):
    """Raises unless `value` can be trained by the session engine."""
    if callable(value) or (tf.executing_eagerly() and graph_of(value) is None):
        raise ValueError(error_text(argument, "a tensor of a tf.Graph", value, _BOTH_FORMS))
