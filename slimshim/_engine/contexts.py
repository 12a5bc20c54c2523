"""Which graph a call belongs to, and errors for calls that belong to none."""

from __future__ import annotations

import contextlib

import tensorflow as tf

from .._checks import error_text

v1 = tf.compat.v1

_BOTH_FORMS = """Two forms are right.
A graph (TensorFlow 1 style):
    with tf.Graph().as_default():
        loss = build_the_model_and_its_loss()
        train_op = learning.create_train_op(loss, tf.compat.v1.train.MomentumOptimizer(0.01, 0.9))
        learning.train(train_op, logdir)
A function that computes the loss (TensorFlow 2 style, arrives with `Module`):
    step = learning.create_train_op(lambda: compute_the_loss(), optimizer)
    learning.train(step, logdir)"""

_TAPE_ENGINE = (
    "Training a function under `tf.GradientTape` arrives with `Module` and is not here yet. "
    "Until then build the loss inside `with tf.Graph().as_default():` and pass the loss tensor."
)


def graph_of(value):
    """Returns the `tf.Graph` that `value` belongs to, or None (eager tensors, numbers, lists)."""
    return getattr(value, "graph", None)


@contextlib.contextmanager
def graph_of_call(*values):
    """Makes sure that a graph is the default: the current one, or the one `values` belong to.

    With v2 behaviour on, a program may hold a graph and call us outside of its `with` block.
    """
    if not tf.executing_eagerly():
        yield v1.get_default_graph()
        return
    graph = next((g for g in map(graph_of, values) if g is not None), None)
    if graph is None:
        raise ValueError(
            "Here eager execution is on and no tf.Graph is entered. Build the model and make this call "
            "inside `with tf.Graph().as_default():`, or call tf.compat.v1.disable_eager_execution() at "
            "the program's start."
        )
    with graph.as_default():
        yield graph


def require_graph_train_value(argument, value):
    """Raises unless `value` can be trained by the session engine.

    The seam for the second engine: a callable `value` will be handed to it from here.
    """
    if callable(value):
        raise NotImplementedError(error_text(argument, "a tensor of a tf.Graph", value, _TAPE_ENGINE))
    if tf.executing_eagerly() and graph_of(value) is None:
        raise ValueError(error_text(argument, "a tensor of a tf.Graph", value, _BOTH_FORMS))
