"""What a graph remembers of the gradients that were taken in it, for training under a tape.

Kept in a collection of the graph, so that it goes when the graph goes. Names alone are kept.
"""

from __future__ import annotations

import dataclasses

import tensorflow as tf

v1 = tf.compat.v1

# No string, so that it is not exported with a meta graph.
_COLLECTION = ("__gradient_records",)


@dataclasses.dataclass
class DenseGradient:
    """A gradient that is one tensor, by name."""

    value: str

    @property
    def tensors(self):
        return [self.value]


@dataclasses.dataclass
class SlicedGradient:
    """A gradient of some rows of a variable (`tf.IndexedSlices`), by the names of its tensors."""

    values: str
    indices: str

    @property
    def tensors(self):
        return [self.values, self.indices]


@dataclasses.dataclass
class GradientRecord:
    """One differentiation: of losses, by variables.

    Attributes:
      losses: names of tensors.
      loss_gradients: the names of the gradients by them that the program gave, or None for each.
      gradients: a list of (the variable's name, its `DenseGradient` or `SlicedGradient`).
    """

    losses: list
    loss_gradients: list
    gradients: list


def remember(losses, variables, loss_gradients, gradients):
    """Remembers a differentiation in the current graph, as far as it is one by variables.

    Args:
      losses: a tensor, or a list of them.
      variables: a list of variables; other tensors among them are passed over.
      loss_gradients: None, or a list of tensors or None.
      gradients: a list of tensors, `tf.IndexedSlices` or None.
    """
    losses = _as_list(losses)
    pairs = [(_variable_name(v), g) for v, g in zip(_as_list(variables), gradients) if g is not None]
    found = [(name, _gradient(gradient)) for name, gradient in pairs if name is not None]
    if not found or not all(isinstance(loss, tf.Tensor) for loss in losses):
        return
    known = {name for record in records_of(v1.get_default_graph()) for _, g in record.gradients for name in g.tensors}
    if all(name in known for _, gradient in found for name in gradient.tensors):
        return  # Somebody who listens to every differentiation was told already.
    given = [None] * len(losses) if loss_gradients is None else _as_list(loss_gradients)
    given = [None if gradient is None else gradient.name for gradient in given]
    v1.add_to_collection(_COLLECTION, GradientRecord([loss.name for loss in losses], given, found))


def records_of(graph):
    """Returns the `GradientRecord`s of a graph, in the order in which they were made."""
    return list(graph.get_collection(_COLLECTION))


def _as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _gradient(gradient):
    if isinstance(gradient, tf.IndexedSlices):
        return SlicedGradient(gradient.values.name, gradient.indices.name)
    return DenseGradient(gradient.name)


def _variable_name(value):
    """Returns the name of the variable that `value`, a variable or its handle, stands for; else None."""
    op = getattr(value, "op", None)
    if op is None or op.type not in ("VarHandleOp", "VariableV2", "Variable"):
        return None
    return op.name
