"""The variables of a graph: what it says of them, and live ones in their place."""

from __future__ import annotations

import dataclasses

import tensorflow as tf

from .._tf.variable_protos import parse_variable
from .graph_index import tensor_name

v1 = tf.compat.v1


@dataclasses.dataclass
class GraphVariable:
    """What a graph says of one variable.

    Attributes:
      name: its name in checkpoints, which is that of its node.
      initializer: the name of the op that gives it its first value, or None.
      trainable: whether the graph has it among the trainable ones.
      is_global: whether it belongs into checkpoints, as all but local variables do.
      value: the name of the tensor that reads it, or None.
    """

    name: str
    initializer: str | None = None
    trainable: bool = False
    is_global: bool = True
    value: str | None = None


# In the order of their importance: what a collection says of a variable, the next need not say.
_COLLECTIONS = (v1.GraphKeys.GLOBAL_VARIABLES, v1.GraphKeys.LOCAL_VARIABLES, v1.GraphKeys.MODEL_VARIABLES)


def graph_variables(meta_graph, index):
    """Returns a dict of name -> `GraphVariable`: of the collections first, in their order.

    Args:
      meta_graph: a `MetaGraphDef`.
      index: the `GraphIndex` of its graph, with resource variables.
    """
    trainable = {
        tensor_name(v.variable_name).node for v in _in_collection(meta_graph, v1.GraphKeys.TRAINABLE_VARIABLES)
    }
    found = {}
    for key in (*_COLLECTIONS, v1.GraphKeys.TRAINABLE_VARIABLES):
        for proto in _in_collection(meta_graph, key):
            name = tensor_name(proto.variable_name).node
            is_global = key != v1.GraphKeys.LOCAL_VARIABLES
            said = (proto.initializer_name or None, name in trainable, is_global, proto.snapshot_name or None)
            found.setdefault(name, GraphVariable(name, *said))
    for node in index.nodes:
        if node.op == "VarHandleOp" and node.name not in found:
            usual = f"{node.name}/Assign"
            found[node.name] = GraphVariable(node.name, usual if usual in index else None, False)
    return found


def _in_collection(meta_graph, key):
    if key not in meta_graph.collection_def:
        return []
    return [parse_variable(value) for value in meta_graph.collection_def[key].bytes_list.value]


def live_variable(variable, node):
    """Returns a `tf.Variable` of the node's shape and dtype, filled with zeros.

    Args:
      variable: a `GraphVariable`.
      node: its `VarHandleOp`, a `NodeDef`.
    """
    dtype = tf.as_dtype(node.attr["dtype"].type)
    shape = tf.TensorShape(node.attr["shape"].shape)
    sizes = [] if shape.rank is None else [size or 0 for size in shape.as_list()]
    empty = tf.zeros(sizes, dtype) if dtype != tf.string else tf.fill(sizes, "")
    with tf.init_scope(), v1.name_scope(None):
        return tf.Variable(empty, trainable=variable.trainable, name=variable.name, dtype=dtype, shape=shape)
