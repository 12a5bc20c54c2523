"""`tensorflow.contrib.util`."""

from __future__ import annotations

import tensorflow as tf

constant_value = tf.get_static_value
make_tensor_proto = tf.make_tensor_proto
make_ndarray = tf.make_ndarray

__all__ = ["constant_value", "make_ndarray", "make_tensor_proto", "ops_used_by_graph_def"]


def ops_used_by_graph_def(graph_def):
    """Returns the sorted names of the op types in a `GraphDef`, its functions included."""
    nodes = list(graph_def.node)
    for function in graph_def.library.function:
        nodes.extend(function.node_def)
    own = {function.signature.name for function in graph_def.library.function}
    return sorted({node.op for node in nodes} - own)
