"""Meta graphs: where they come from, and what their collections name."""

from __future__ import annotations

import os
import re

import tensorflow as tf
from google.protobuf import message, text_format

from .._checks import error_text
from .._quiet import quiet_tensorflow

v1 = tf.compat.v1

_KINDS = "a tf.Graph, a MetaGraphDef, a GraphDef, or the path of a .meta file"


def meta_graph_of(source):
    """Returns (`MetaGraphDef`, `tf.Graph` or None) of a graph, a meta graph, or a meta graph's file.

    Args:
      source: a `tf.Graph`, which comes back too; a `MetaGraphDef`; a `GraphDef`; or a path: of a file
        that `tf.compat.v1.train.export_meta_graph` wrote (binary or text), or of a checkpoint that
        has such a file beside it.

    Raises:
      TypeError: for anything else.
      ValueError: if the file holds no meta graph, or there is none.
    """
    if isinstance(source, tf.Graph):
        # Collections of a program's own objects can not be exported, which is warned of, and does no harm.
        with quiet_tensorflow(), source.as_default():
            return v1.train.export_meta_graph(graph=source), source
    if isinstance(source, v1.MetaGraphDef):
        meta_graph = v1.MetaGraphDef()
        meta_graph.CopyFrom(source)  # Lifting adds nodes: not to the program's own.
        return meta_graph, None
    if isinstance(source, v1.GraphDef):
        meta_graph = v1.MetaGraphDef()
        meta_graph.graph_def.CopyFrom(source)
        return meta_graph, None
    if isinstance(source, (str, os.PathLike)):
        return _read(os.fspath(source)), None
    raise TypeError(error_text("graph_or_metagraph", _KINDS, source))


def _read(path):
    if not tf.io.gfile.exists(path) and tf.io.gfile.exists(path + ".meta"):
        path += ".meta"
    if not tf.io.gfile.exists(path) or tf.io.gfile.isdir(path):
        raise ValueError(error_text("graph_or_metagraph", _KINDS, path, "There is no such file."))
    with tf.io.gfile.GFile(path, "rb") as file:
        content = file.read()
    for parse in (v1.MetaGraphDef.FromString, lambda text: text_format.Parse(text, v1.MetaGraphDef())):
        try:
            meta_graph = parse(content)
        except (message.DecodeError, text_format.ParseError, UnicodeDecodeError):
            continue
        if meta_graph.graph_def.node:
            return meta_graph
    raise ValueError(error_text("graph_or_metagraph", _KINDS, path, "This file holds no meta graph."))


def collection(meta_graph, key):
    """Returns the names of the tensors and ops that a collection holds."""
    if key not in meta_graph.collection_def:
        return []
    return list(meta_graph.collection_def[key].node_list.value)


_UNKNOWN_OP = re.compile(r"Op type not registered '(\w+)'")


def imported(graph_def):
    """Returns a new `tf.Graph` of the nodes, to ask for shapes and dtypes.

    Raises:
      ValueError: if a node is of a type that this TensorFlow does not know; the message names it.
    """
    graph = tf.Graph()
    try:
        with graph.as_default():
            tf.graph_util.import_graph_def(graph_def, name="")
    except (ValueError, tf.errors.OpError) as error:
        unknown = _UNKNOWN_OP.search(str(error))
        if unknown is None:
            raise
        kind = unknown.group(1)
        names = [node.name for node in graph_def.node if node.op == kind]
        raise ValueError(
            f"The op {names[0] if names else kind!r} ({kind}) can not be lifted: this TensorFlow has no ops of that "
            "type. Cut the graph behind it: pass its outputs as inputs."
        ) from error
    return graph
