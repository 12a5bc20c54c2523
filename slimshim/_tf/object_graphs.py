"""The object graph inside a checkpoint of `tf.train.Checkpoint`.

TensorFlow publishes no way to read it without the objects. Its protocol buffer's module and the key
`_CHECKPOINTABLE_OBJECT_GRAPH` are the same in TensorFlow 2.10 to 2.21, and so are the names' escapes,
because old checkpoints must stay readable. Can go if `tf.train` ever lists variables by their names.
"""

from __future__ import annotations

import typing

OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE = "VARIABLE_VALUE"


class StoredVariable(typing.NamedTuple):
    """A variable in an object-based checkpoint.

    Attributes:
      key: the tensor's key in the file.
      path: names of attributes from the root object to the variable.
      full_name: the variable's own name when it was saved, or "".
      is_slot: whether an optimizer keeps it for another variable.
    """

    key: str
    path: tuple
    full_name: str
    is_slot: bool


def stored_variables(reader):
    """Returns the list of `StoredVariable`s of an object-based checkpoint.

    Args:
      reader: what `tf.train.load_checkpoint` gives.
    """
    from tensorflow.core.protobuf import trackable_object_graph_pb2

    graph = trackable_object_graph_pb2.TrackableObjectGraph()
    graph.ParseFromString(reader.get_tensor(OBJECT_GRAPH_KEY))
    slots = {slot.slot_variable_node_id for node in graph.nodes for slot in node.slot_variables}
    return [
        StoredVariable(entry.checkpoint_key, _path(entry.checkpoint_key), entry.full_name, index in slots)
        for index, node in enumerate(graph.nodes)
        for entry in node.attributes
        if entry.name == _VALUE and reader.has_tensor(entry.checkpoint_key)
    ]


def _path(key):
    names = key.partition("/.ATTRIBUTES/")[0].split("/")
    return tuple(name.replace(".S", "/").replace("..", ".") for name in names)
