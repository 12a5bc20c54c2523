"""What belongs to some outputs of a graph without being computed for them: its update ops and losses."""

from __future__ import annotations

import tensorflow as tf

from .graph_index import tensor_name
from .meta_graphs import collection
from .obstacles import obstacle

v1 = tf.compat.v1

# Nodes that any two parts of a graph may share.
_COMMON = ("Const", "VarHandleOp", "ReadVariableOp", "NoOp")


class Surroundings:
    """The collections of a graph, as far as they belong to some outputs."""

    def __init__(self, index, meta_graph, outputs, ops, inputs):
        """Looks at the part that computes `outputs` and runs `ops`, given `inputs`: `TensorName`s all."""
        self._index = index
        self._meta_graph = meta_graph
        self._inputs = inputs
        self._own = self._part(outputs, ops)
        self._computed = {name for name in self._own.nodes if index.node(name).op not in _COMMON}

    def update_ops(self):
        """Returns the names of the update ops (moving averages, say) that are computed from the same tensors."""
        ops = [tensor_name(name).node for name in collection(self._meta_graph, v1.GraphKeys.UPDATE_OPS)]
        return [op for op in dict.fromkeys(ops) if self._belongs(self._part([], [op]))]

    def losses(self):
        """Returns the `TensorName`s of the losses that are computed from the same tensors."""
        names = [tensor_name(name) for name in collection(self._meta_graph, v1.GraphKeys.LOSSES)]
        return [name for name in names if self._belongs(self._part([name]))]

    def regularization_losses(self):
        """Returns the `TensorName`s of the regularization losses of the variables that the outputs use."""
        names = [tensor_name(name) for name in collection(self._meta_graph, v1.GraphKeys.REGULARIZATION_LOSSES)]
        return [name for name in names if self._is_of_the_variables(self._part([name]))]

    def _part(self, tensors, ops=()):
        given_nodes = {tensor.node for tensor in self._inputs}
        return self._index.part(tensors, ops, is_given=self._inputs.__contains__, is_done=given_nodes.__contains__)

    def _belongs(self, part):
        """Returns True for a part that has more than variables in common with the outputs, and reads nothing new."""
        common = part.nodes & self._computed or set(part.given) & set(self._own.given)
        return bool(common) and not self._reads_elsewhere(part)

    def _is_of_the_variables(self, part):
        used = {name for name in part.nodes if self._index.node(name).op == "VarHandleOp"}
        return used and used <= self._own.nodes and not self._reads_elsewhere(part)

    def _reads_elsewhere(self, part):
        others = [self._index.node(name) for name in part.nodes - self._own.nodes]
        return any(obstacle(node) or node.op.startswith("IteratorGetNext") for node in others)
