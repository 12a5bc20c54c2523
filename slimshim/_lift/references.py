"""Reference variables, rewritten as resource variables.

TensorFlow 1 made every variable a node `VariableV2` whose output is a reference to a buffer; ops that
assign take the reference and hand it on. TensorFlow 2 has handles (`VarHandleOp`), explicit reads, and
assigning ops without an output. So here:

* a node that reads a variable gets its value from a `ReadVariableOp`, which waits for what the node
  waits for, and for the assignment whose output it reads;
* `Assign`, `ApplyAdam`, `ScatterAdd` and so on become `AssignVariableOp`, `ResourceApplyAdam`,
  `ResourceScatterAdd`.

Nodes keep their names, and so do variables in checkpoints.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from .graph_index import GraphIndex, tensor_name

v1 = tf.compat.v1

VARIABLES = ("VariableV2", "Variable")

# How many of the first inputs of an optimizer's op are references, by its name without "Apply".
_REFERENCES_OF_OPTIMIZERS = {
    "GradientDescent": 1,
    "ProximalGradientDescent": 1,
    "Adagrad": 2,
    "AdagradV2": 2,
    "AdagradDA": 3,
    "ProximalAdagrad": 2,
    "Adadelta": 3,
    "Momentum": 2,
    "Adam": 3,
    "AdaMax": 3,
    "RMSProp": 3,
    "CenteredRMSProp": 4,
    "Ftrl": 3,
    "FtrlV2": 3,
    "AddSign": 2,
    "PowerSign": 2,
}


class _Op(NamedTuple):
    """How an op on references is written with resources."""

    type: str
    references: int
    # Old attribute -> new one; None keeps all as they are.
    attributes: dict | None


def _ops_on_references():
    ops = {
        "Assign": _Op("AssignVariableOp", 1, {"T": "dtype"}),
        "AssignAdd": _Op("AssignAddVariableOp", 1, {"T": "dtype"}),
        "AssignSub": _Op("AssignSubVariableOp", 1, {"T": "dtype"}),
        "StridedSliceAssign": _Op("ResourceStridedSliceAssign", 1, None),
    }
    for name in ("Update", "Add", "Sub", "Mul", "Div", "Min", "Max"):
        renamed = {"T": "dtype", "Tindices": "Tindices"}
        ops[f"Scatter{name}"] = _Op(f"ResourceScatter{name}", 1, renamed)
        if name not in ("Mul", "Div"):
            ops[f"ScatterNd{name}"] = _Op(f"ResourceScatterNd{name}", 1, None)
    for name, count in _REFERENCES_OF_OPTIMIZERS.items():
        ops[f"Apply{name}"] = _Op(f"ResourceApply{name}", count, None)
        ops[f"SparseApply{name}"] = _Op(f"ResourceSparseApply{name}", count, None)
    return ops


# These give the reference on as their output 0, once they have changed the variable.
_OPS = _ops_on_references()
# These ask about a variable, and give a value.
_QUESTIONS = {
    "IsVariableInitialized": _Op("VarIsInitializedOp", 1, {}),
    "CountUpTo": _Op("ResourceCountUpTo", 1, None),
}
# Control flow that carries references; here it carries values.
_BY_VALUE = {
    "RefSwitch": "Switch",
    "RefMerge": "Merge",
    "RefEnter": "Enter",
    "RefExit": "Exit",
    "RefNextIteration": "NextIteration",
}
WITHOUT_COUNTERPART = (*VARIABLES, *_OPS, "TemporaryVariable", "DestroyTemporaryVariable", "RefIdentity", "RefSelect")


def with_resource_variables(graph_def):
    """Returns a `GraphDef` without reference variables; the same one if it has none.

    Ops on references that have no counterpart are left as they are.
    """
    if any(node.op in VARIABLES for node in graph_def.node):
        graph_def = _Rewriting(graph_def).result()
    return _with_reads_before_switches(graph_def)


class _Reference(NamedTuple):
    variable: str
    # The node that changed the variable before it handed the reference on, or None.
    after: str | None


class _Rewriting:
    def __init__(self, graph_def):
        self._graph_def = graph_def
        self._index = GraphIndex(graph_def)
        self._new = v1.GraphDef()
        self._new.versions.CopyFrom(graph_def.versions)
        self._new.library.CopyFrom(graph_def.library)

    def result(self):
        for node in self._graph_def.node:
            self._rewrite(node)
        return self._new

    def _rewrite(self, node):
        copy = self._new.node.add()
        copy.CopyFrom(node)
        if node.op in VARIABLES:
            self._as_handle(copy)
            return
        sources = [source for source in node.input if not source.startswith("^")]
        references = [self._reference(source) for source in sources]
        if not any(references):
            copy.op = _BY_VALUE.get(node.op, node.op)
            return
        waits = [source for source in node.input if source.startswith("^")]
        if node.op == "Identity":
            copy.op = "ReadVariableOp"
            self._rename(copy, {"T": "dtype"})
            self._set_inputs(copy, [references[0].variable], [*waits, *_after(references)])
        elif node.op == "RefIdentity":
            copy.op = "NoOp"
            copy.attr.clear()
            self._set_inputs(copy, [], [*waits, *_after(references)])
        elif node.op in _OPS or node.op in _QUESTIONS:
            self._as_resource_op(copy, _OPS.get(node.op) or _QUESTIONS[node.op], sources, references, waits)
        else:
            self._set_inputs(copy, self._values(node, sources, references, waits), waits)
            copy.op = _BY_VALUE.get(node.op, node.op)

    def _as_resource_op(self, copy, op, sources, references, waits):
        handles = [reference.variable for reference in references[: op.references] if reference]
        if len(handles) < op.references:
            return  # A reference from somewhere else; whoever lifts it is told so.
        values = self._values(copy, sources[op.references :], references[op.references :], waits)
        copy.op = op.type
        if op.attributes is not None:
            self._rename(copy, op.attributes)
        self._set_inputs(copy, [*handles, *values], [*waits, *_after(references[: op.references])])

    def _reference(self, source):
        """Returns the `_Reference` that the tensor is, or None for a value."""
        name = tensor_name(source)
        node = self._index.node(name.node)
        if node.op in VARIABLES:
            return _Reference(node.name, None)
        if name.index or not (node.op in _OPS or node.op == "RefIdentity"):
            return None
        behind = self._reference(node.input[0])
        return behind and _Reference(behind.variable, node.name)

    def _values(self, node, sources, references, waits):
        """Returns the sources, with a new read in place of each reference."""
        values = list(sources)
        for place, reference in enumerate(references):
            if reference is not None:
                values[place] = self._read(f"{node.name}/read_{place}", reference, waits)
        return values

    def _read(self, name, reference, waits):
        read = self._new.node.add()
        read.name, read.op = name, "ReadVariableOp"
        self._set_inputs(read, [reference.variable], [*waits, *_after([reference])])
        read.attr["dtype"].type = self._index.node(reference.variable).attr["dtype"].type
        return name

    @staticmethod
    def _as_handle(copy):
        copy.op = "VarHandleOp"
        if not copy.attr["shared_name"].s:
            copy.attr["shared_name"].s = copy.name.encode()

    @staticmethod
    def _rename(copy, attributes):
        before = {name: copy.attr[name] for name in attributes if name in copy.attr}
        kept = {attributes[name]: v1.AttrValue.FromString(value.SerializeToString()) for name, value in before.items()}
        copy.attr.clear()
        for name, value in kept.items():
            copy.attr[name].CopyFrom(value)

    @staticmethod
    def _set_inputs(copy, values, waits):
        del copy.input[:]
        copy.input.extend([*values, *dict.fromkeys(waits)])


def _after(references):
    return [f"^{reference.after}" for reference in references if reference and reference.after]


def _with_reads_before_switches(graph_def):
    """Returns the `GraphDef` with `Switch(Read(variable))` for `Read(Switch(variable))`.

    The old `tf.cond` switches the handle, which has no gradient that TensorFlow could merge.
    """
    index = GraphIndex(graph_def)
    late = {}
    for node in graph_def.node:
        if node.op == "ReadVariableOp" and len(node.input) == 1:
            name = tensor_name(node.input[0])
            switch = index.node(name.node)
            if switch.op == "Switch" and index.node(tensor_name(switch.input[0]).node).op == "VarHandleOp":
                late[node.name] = (switch, name.index)
    if not late:
        return graph_def
    result = v1.GraphDef()
    result.CopyFrom(graph_def)
    for node in list(result.node):
        if node.name in late:
            _read_before(result, node, *late[node.name])
    return result


def _read_before(graph_def, node, switch, branch):
    dtype = node.attr["dtype"].type
    read, early = graph_def.node.add(), graph_def.node.add()
    read.name, read.op = f"{node.name}/read_early", "ReadVariableOp"
    read.input.append(switch.input[0])
    read.attr["dtype"].type = dtype
    early.name, early.op = f"{node.name}/switch_value", "Switch"
    early.input.extend([read.name, *switch.input[1:]])
    early.attr["T"].type = dtype
    node.op = "Identity"
    node.input[0] = f"{early.name}:{branch}"
    node.attr.clear()
    node.attr["T"].type = dtype
