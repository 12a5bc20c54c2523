"""Facts about the graph that is being built."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text

v1 = tf.compat.v1

__all__ = ["get_graph_from_inputs", "get_name_scope"]


def get_graph_from_inputs(op_input_list, graph=None):
    """Returns the graph that all the inputs belong to.

    Args:
      op_input_list: a list or tuple of tensors, operations, variables and other values; values
        that belong to no graph are passed over.
      graph: a `tf.Graph` that every input must belong to, or None to take the inputs' own.

    Returns:
      `graph` if given, else the graph of the first input that has one, else the default graph.

    Raises:
      TypeError: if `op_input_list` is no list or tuple, or `graph` is no `tf.Graph`.
      ValueError: if the inputs are of different graphs, or not of `graph`.
    """
    if not isinstance(op_input_list, (list, tuple)):
        raise TypeError(error_text("op_input_list", "a list or tuple", op_input_list))
    if graph is not None and not isinstance(graph, tf.Graph):
        raise TypeError(error_text("graph", "a tf.Graph or None", graph))
    passed_in, first = graph is not None, None
    for item in op_input_list:
        found = _graph_of(item)
        if found is None:
            continue
        if graph is None:
            graph, first = found, item
        elif found is not graph and passed_in:
            raise ValueError(f"op_input_list: {item!r} is not from the passed-in graph. Build it inside that graph.")
        elif found is not graph:
            raise ValueError(
                f"op_input_list: {item!r} must be from the same graph as {first!r}. Build all of them inside one tf.Graph."
            )
    return graph if graph is not None else v1.get_default_graph()


def _graph_of(item):
    try:
        found = getattr(item, "graph", None)
    except AttributeError:  # Eager tensors have the attribute, and raise.
        return None
    return found if isinstance(found, tf.Graph) else None


def get_name_scope():
    """Returns the default graph's current name scope, such as "scope1/scope2", or ""."""
    return v1.get_default_graph().get_name_scope()
