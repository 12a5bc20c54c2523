"""How a graph's train op is cut into what a tape needs: the losses, and what applies the gradients.

    input side         losses                    gradients              train op
    (the session) -->  (lifted, on the tape) --> (by the tape)     -->  (lifted)

The graph has gradients of its own, which are cut out: from the losses to the tensors that
`compute_gradients` gave. Behind them stands all that the program does with gradients, the optimizer
with its slots and its learning rate, and the update ops; that is lifted as it is.
"""

from __future__ import annotations

import dataclasses

from .._checks import error_text
from .._lift import obstacles
from .._lift.graph_index import TensorName, tensor_name
from .._lift.graph_resources import TABLES
from .gradient_records import GradientRecord

_UNKNOWN_GRADIENTS = (
    "Make it with create_train_op, of an optimizer that does not compute gradients in a way of its own; or start the "
    "program by `run --engine tape`, which sees every gradient; or leave engine out: the session engine trains it."
)
# Nodes that cost nothing to have in two functions, and handles, which stand for one thing in both.
_COPIED = ("Const", "VarHandleOp", *TABLES)


@dataclasses.dataclass
class StepParts:
    """One step, as names in the graph.

    Attributes:
      records: the `GradientRecord`s that the train op applies.
      losses: a `TensorName` for each loss of each record.
      carried: `TensorName`s that the losses' part computes and the train op reads.
      loss_nodes: the names of the nodes of the losses' part.
      nodes: the names of all nodes that are lifted.
      done_nodes: the names of the nodes that ran before the gradients are applied.
      fed: `TensorName`s that the session gives to both parts.
      session_ops: names of ops that the session runs beside.
    """

    records: list[GradientRecord]
    losses: list[TensorName]
    carried: list[TensorName]
    loss_nodes: set
    nodes: set
    done_nodes: set
    fed: list[TensorName]
    session_ops: list[str]


def step_parts(index, records, outputs):
    """Returns the `StepParts` of a step that computes `outputs`.

    Args:
      index: the `GraphIndex`.
      records: the `GradientRecord`s of the graph.
      outputs: `TensorName`s: the train op, and what else the step should give.

    Raises:
      ValueError: if the train op applies no gradient that is known.
    """
    session = _SessionSide(index)
    records = _applied(index, records, outputs, session)
    if not records:
        raise ValueError(error_text("train_op", "one whose gradients are known", str(outputs[0]), _UNKNOWN_GRADIENTS))
    losses = [tensor_name(name) for record in records for name in record.losses]
    wanted = [*losses, *(tensor_name(n) for record in records for n in record.loss_gradients if n)]
    before = index.part(wanted, is_given=session.gives, is_done=session.runs)
    gradients = _gradient_tensors(records)
    backward = index.part(list(gradients), is_given=session.gives, is_done=session.runs).nodes
    done = before.nodes | backward

    def is_given(tensor):
        copied = tensor.node in before.nodes and index.node(tensor.node).op not in _COPIED
        return tensor in gradients or copied or session.gives(tensor)

    after = index.part(outputs, is_given=is_given, is_done=lambda name: name in done or session.runs(name))
    fed = [t for t in dict.fromkeys([*before.given, *after.given]) if session.gives(t)]
    return StepParts(
        records=records,
        losses=losses,
        carried=[t for t in after.given if t.node in before.nodes and t not in gradients],
        loss_nodes=before.nodes,
        nodes=before.nodes | after.nodes,
        done_nodes=done,
        fed=fed,
        session_ops=[name for name in before.awaited | after.awaited if session.runs(name)],
    )


class _SessionSide:
    """What stays in the session: queues, readers and iterators, and Python code that feeds the model."""

    def __init__(self, index):
        self._index = index

    def gives(self, tensor):
        return self.runs(tensor.node)

    def runs(self, name):
        return belongs_to_the_session(self._index.node(name))


def belongs_to_the_session(node):
    """Returns True for an op that only a session can run, as a source of data."""
    return obstacles.is_queue_op(node) or obstacles.is_python_op(node) or node.op.startswith("IteratorGetNext")


def _gradient_tensors(records):
    return {tensor_name(name) for record in records for _, gradient in record.gradients for name in gradient.tensors}


def _applied(index, records, outputs, session):
    """Returns the records whose gradients the outputs apply, each loss's own gradients left out."""
    insides = [
        index.part([tensor_name(name) for name in record.losses], is_given=session.gives, is_done=session.runs).nodes
        for record in records
    ]
    # A gradient that a loss is computed from (a penalty on it, say) is a part of that loss.
    outer = []
    for record in records:
        nodes = {tensor.node for tensor in _gradient_tensors([record])}
        if not any(nodes & inside for inside in insides):
            outer.append(record)
    known = _gradient_tensors(outer)
    reached = index.part(outputs, is_given=lambda t: t in known or session.gives(t), is_done=session.runs)
    return [record for record in outer if _gradient_tensors([record]) & set(reached.given)]
