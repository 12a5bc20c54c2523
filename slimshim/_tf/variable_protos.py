"""What a meta graph says of its variables.

The protocol buffer `VariableDef` has no public name; its module is the same in TensorFlow 2.10 to 2.21.
Can go once it has one, or with `tf.compat.v1`'s meta graphs.
"""

from __future__ import annotations


def parse_variable(serialized):
    """Returns the `VariableDef` of a meta graph's collection.

    Args:
      serialized: bytes.
    """
    from tensorflow.core.framework import variable_pb2

    return variable_pb2.VariableDef.FromString(serialized)
