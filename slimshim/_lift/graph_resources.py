"""Lookup tables and iterators of a graph: made once, shared by all functions that are lifted from it.

Left inside a function, each copy of the function would make one of its own.
"""

from __future__ import annotations

import itertools

import tensorflow as tf

from .graph_index import TensorName
from .obstacles import ITERATORS

v1 = tf.compat.v1

TABLES = (
    "HashTableV2",
    "MutableHashTableV2",
    "MutableHashTableOfTensorsV2",
    "MutableDenseHashTableV2",
)

_count = itertools.count()


def is_shared_resource(node):
    """Returns True for a node that makes a table or an iterator."""
    return node.op in TABLES or node.op in ITERATORS


def initializers_of(index, name, at_the_start, remedy):
    """Returns the names of the ops that fill the table, or start the iterator, called `name`.

    Args:
      index: the `GraphIndex`.
      name: the node's name.
      at_the_start: names of the nodes that `tables_initializer` runs in this graph.
      remedy: what to do about an iterator that can not be lifted, a whole sentence.

    Raises:
      ValueError: if there are several ways to start an iterator.
    """
    handle = TensorName(name, 0)
    readers = [node for node in index.nodes if _fills(node) and handle in index.inputs(node.name)]
    found = [node.name for node in readers if node.name in at_the_start]
    # A restored table is imported, too, so that alone says nothing.
    found = found or [node.name for node in readers if node.op != "LookupTableImportV2"]
    if len(found) > 1 and index.node(name).op in ITERATORS:
        raise ValueError(f"The iterator {name!r} can not be lifted: several ops start it, {found}. {remedy}")
    return found


def _fills(node):
    return node.op.startswith("InitializeTable") or node.op in ("LookupTableImportV2", "MakeIterator")


class GraphResource:
    """A table or an iterator that lives as long as this object.

    Attributes:
      handle: an eager tensor.
    """

    def __init__(self, index, name):
        part = index.part([TensorName(name, 0)])
        graph_def = index.graph_def_of(part.nodes)
        for node in graph_def.node:
            if node.name == name and node.op != "OneShotIterator":  # It has a name of its own anyway.
                # Two lifted graphs may use one name; their tables are two all the same.
                node.attr["shared_name"].s = f"lifted_{next(_count)}_{name}".encode()

        def make():
            (handle,) = tf.graph_util.import_graph_def(graph_def, return_elements=[f"{name}:0"], name="lifted")
            return handle

        # Kept, since an iterator ends with the function that made it.
        self._make = v1.wrap_function(make, [])
        self.handle = self._make()

    def __del__(self):
        destroy, handle = getattr(tf.raw_ops, "DestroyResourceOp", None), getattr(self, "handle", None)
        if destroy is not None and handle is not None:
            try:
                destroy(resource=handle, ignore_lookup_error=True)
            except Exception:  # The interpreter is ending, or a graph is entered.
                pass
