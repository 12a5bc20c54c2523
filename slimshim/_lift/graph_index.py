"""A `GraphDef` that can be asked which of its nodes compute some tensors, given others."""

from __future__ import annotations

import dataclasses
import itertools
from typing import NamedTuple

import tensorflow as tf

v1 = tf.compat.v1

_count = itertools.count()


class TensorName(NamedTuple):
    """One output of a node."""

    node: str
    index: int

    def __str__(self):
        return f"{self.node}:{self.index}"


def tensor_name(text):
    """Returns the `TensorName` of "node:1", or of "node", which is its output 0."""
    node, _, index = text.partition(":")
    return TensorName(node, int(index or 0))


@dataclasses.dataclass
class Part:
    """The nodes that compute some tensors.

    Attributes:
      nodes: their names.
      given: the `TensorName`s that they read and that somebody else computes, in the order in which
        they were met.
      awaited: names of the nodes outside that they have to wait for.
    """

    nodes: set
    given: dict
    awaited: set


class GraphIndex:
    """The nodes of a `GraphDef` by name."""

    def __init__(self, graph_def):
        self.graph_def = graph_def
        self._nodes = {node.name: node for node in graph_def.node}
        self._functions = {function.signature.name: function for function in graph_def.library.function}

    def __contains__(self, name):
        return name in self._nodes

    def node(self, name):
        """Returns the `NodeDef` of that name."""
        return self._nodes[name]

    @property
    def nodes(self):
        """All `NodeDef`s."""
        return self._nodes.values()

    def part(self, tensors, ops=(), is_given=None, is_done=None):
        """Returns the `Part` that computes `tensors` and runs `ops`.

        Args:
          tensors: `TensorName`s.
          ops: names of nodes.
          is_given: a function that tells of a `TensorName` whether somebody else computes it.
          is_done: a function that tells of a node's name whether it need not be waited for.
        """
        is_given = is_given or (lambda tensor: False)
        is_done = is_done or (lambda name: False)
        part = Part(set(), {}, set())
        waiting = []

        def needs(tensor):
            if is_given(tensor):
                part.given[tensor] = None
            else:
                waiting.append(tensor.node)

        for tensor in tensors:
            needs(tensor)
        waiting.extend(ops)
        while waiting:
            name = waiting.pop()
            if name in part.nodes:
                continue
            part.nodes.add(name)
            for source in self._nodes[name].input:
                if not source.startswith("^"):
                    needs(tensor_name(source))
                elif is_done(source[1:]):
                    part.awaited.add(source[1:])
                else:
                    waiting.append(source[1:])
        return part

    def inputs(self, name):
        """Returns the `TensorName`s that the node reads."""
        return [tensor_name(source) for source in self._nodes[name].input if not source.startswith("^")]

    def read_of(self, variable):
        """Returns the `TensorName` of a plain read of the variable; adds one if there is none."""
        for node in self._nodes.values():
            if node.op == "ReadVariableOp" and list(node.input) == [variable]:
                return TensorName(node.name, 0)
        read = self.graph_def.node.add()
        read.name, read.op = f"{variable}/read_by_lift", "ReadVariableOp"
        read.input.append(variable)
        read.attr["dtype"].type = self._nodes[variable].attr["dtype"].type
        self._nodes[read.name] = read
        return TensorName(read.name, 0)

    def changed_variables(self, names):
        """Returns the names of the variables that one of the named nodes may assign to."""
        found = set()
        for name in names:
            if self._nodes[name].op not in _READS:
                found.update(
                    source.node for source in self.inputs(name) if self._nodes[source.node].op == "VarHandleOp"
                )
        return found

    def functions_of(self, names):
        """Returns the `FunctionDef`s that the named nodes use, directly or not, by name."""
        found = {}
        gradients = {g.function_name: g.gradient_func for g in self.graph_def.library.gradient}
        waiting = [called for name in names for called in _called_by(self._nodes[name], self._functions)]
        while waiting:
            name = waiting.pop()
            if name in found or name not in self._functions:
                continue
            found[name] = self._functions[name]
            waiting.append(gradients.get(name))
            waiting.extend(called for node in found[name].node_def for called in _called_by(node, self._functions))
        return found

    def graph_def_of(self, nodes, without=()):
        """Returns a `GraphDef` of the named nodes, fit to be imported where other nodes are missing.

        Devices are left out: they were those of the machine on which the graph was built.

        Args:
          nodes: names.
          without: names of nodes that are left out, although others read them.
        """
        result = v1.GraphDef()
        result.versions.CopyFrom(self.graph_def.versions)
        kept = set(nodes) - set(without)
        for node in self.graph_def.node:
            if node.name in kept:
                self._add(result, node, kept)
        functions = self.functions_of(kept)
        result.library.function.extend(functions.values())
        result.library.gradient.extend(g for g in self.graph_def.library.gradient if g.function_name in functions)
        # All functions of a process share one space of names.
        mark = f"_lifted_{next(_count)}"
        return _with_functions_renamed(result, {name: name + mark for name in functions})

    @staticmethod
    def _add(result, node, kept):
        copy = result.node.add()
        copy.CopyFrom(node)
        copy.device = ""
        del copy.input[:]
        copy.input.extend(source for source in node.input if not source.startswith("^") or source[1:] in kept)
        for colocation in ("_class", "_output_shapes"):
            if colocation in copy.attr:
                del copy.attr[colocation]


def has_outputs(node):
    """Returns False for a `NodeDef` of an op that is only run."""
    return not (node.op == "NoOp" or node.op.startswith(_WITHOUT_OUTPUTS) or node.op in _ASSIGNMENTS)


_READS = ("ReadVariableOp", "ResourceGather", "ResourceGatherNd", "VarIsInitializedOp", "VariableShape")
_WITHOUT_OUTPUTS = ("ResourceApply", "ResourceSparseApply", "ResourceScatter", "InitializeTable", "QueueEnqueue")
_ASSIGNMENTS = (
    "AssignVariableOp",
    "AssignAddVariableOp",
    "AssignSubVariableOp",
    "MakeIterator",
    "SaveV2",
    "QueueCloseV2",
)


def _functions_in(attributes):
    """Yields each function that attributes name, those in attributes of functions too."""
    for value in attributes.values():
        for function in [value.func] if value.HasField("func") else value.list.func:
            yield function
            yield from _functions_in(function.attr)


def _called_by(node, known):
    """Yields the names among `known` that the node's type or its attributes name."""
    if node.op in known:
        yield node.op
    yield from (function.name for function in _functions_in(node.attr) if function.name in known)


def _with_functions_renamed(graph_def, names):
    """Returns the `GraphDef`, changed in place: `names` is a dict of old name -> new one."""
    library = graph_def.library
    for node in [*graph_def.node, *(node for function in library.function for node in function.node_def)]:
        node.op = names.get(node.op, node.op)
        for called in _functions_in(node.attr):
            called.name = names.get(called.name, called.name)
    for function in library.function:
        function.signature.name = names[function.signature.name]
    for gradient in library.gradient:
        gradient.function_name = names[gradient.function_name]
        gradient.gradient_func = names.get(gradient.gradient_func, gradient.gradient_func)
    return graph_def
