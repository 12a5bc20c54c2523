"""Which of the three modes (graph, TF2, symbolic) a call is in.

What asks Keras 2 can go once TensorFlow < 2.16 and tf_keras are dropped.
"""

from __future__ import annotations

import sys

import tensorflow as tf


def in_graph_mode():
    """Returns True if the outermost context is a `tf.Graph`.

    A function traced inside a v1 graph still counts as graph mode, hence `init_scope`, which is
    only asked where it can matter: it costs as much as making an op.
    """
    if tf.executing_eagerly():
        return False
    if not tf.compat.v1.get_default_graph().building_function:
        return True
    with tf.init_scope():
        return not tf.executing_eagerly()


def is_control_flow_graph(graph):
    """Returns True for the graph of a `tf.cond` branch or a `tf.while_loop` body, within another graph.

    TensorFlow has no public word for it. Their classes derive from that of functions' graphs, which
    is private too: `FuncGraph`, TF 2.10 to 2.21.
    """
    return getattr(graph, "outer_graph", None) is not None and type(graph).__name__ != "FuncGraph"


def is_keras_tensor(value):
    """Returns True if `value` is what `keras.Input` gives. Never imports Keras."""
    # No Keras tensor can exist before its package was imported.
    for package in ("keras", "tf_keras"):
        keras = sys.modules.get(package)
        if keras is not None and hasattr(keras, "backend"):
            if _is_keras_tensor_of(keras, value):
                return True
    return False


def _is_keras_tensor_of(keras, value):
    kind = getattr(keras, "KerasTensor", None)
    if kind is not None:
        return isinstance(value, kind)
    try:
        return bool(keras.backend.is_keras_tensor(value))
    except ValueError:  # Keras 2 says so of anything that is no tensor at all.
        return False
