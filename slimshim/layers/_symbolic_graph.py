"""What the layers of one Keras graph share: weights by TF1 name, and the names that are taken."""

from __future__ import annotations

import tensorflow as tf

from .._tf.keras_weights import owned, parents
from .._tf.scope_counts import automatic_names_counted_in
from ..ops.stores import VariableStore

v1 = tf.compat.v1

_ATTRIBUTE = "_slim_graph"


class KerasGraph:
    """The layers that hang together by their Keras tensors, down to the `keras.Input`s.

    Within it a variable scope names one set of weights, and automatic names count up. Two models
    built one after the other share nothing and have the same names.
    """

    def __init__(self):
        self.weights = {}  # TF1 name -> (tf.Variable, the weight that Keras layers own)
        self._counts = {}
        self._layer_names = set()

    def automatic_names(self):
        """Returns a context in which automatic scope names count in this graph."""
        return automatic_names_counted_in(self._counts)

    def unique_layer_name(self, name):
        """Returns `name` or, where it is taken, `name_1`, `name_2`, ..."""
        number, unique = 0, name
        while unique in self._layer_names:
            number += 1
            unique = f"{name}_{number}"
        self._layer_names.add(unique)
        return unique

    def own(self, variables):
        """Returns the Keras weights of these variables; the same weight for the same variable."""
        for variable in variables:
            name = variable.name.split(":")[0]
            if name not in self.weights:
                (weight,) = owned([variable])
                self.weights[name] = (variable, weight)
        return [self.weights[variable.name.split(":")[0]][1] for variable in variables]


class LayerStore(VariableStore):
    """The variables of one symbolic layer, with those of other layers of the graph under shared names."""

    def __init__(self, graph):
        super().__init__()
        self._graph = graph
        self.regularizers = {}

    def getter(self, getter, name, shape=None, dtype=None, initializer=None, regularizer=None, **kwargs):
        """As of `VariableStore`; keeps the regularizer for Keras in place of making a loss."""
        if self._graph is not None and self.get(name) is None and name in self._graph.weights:
            self._variables[name] = self._graph.weights[name][0]
            self._collections[name] = ()
        elif regularizer is not None and self.get(name) is None:
            self.regularizers[name] = regularizer
        return super().getter(getter, name, shape, dtype, initializer, None, **kwargs)

    def leave_graph(self):
        """Forgets the graph: all variables are made."""
        self._graph = None


def graph_of(keras_tensors):
    """Returns the `KerasGraph` of these Keras tensors; a new one if no layer of the package made any."""
    inputs, seen, todo = [], set(), list(keras_tensors)
    while todo:
        tensor = todo.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        graph = getattr(tensor, _ATTRIBUTE, None)
        if graph is not None:
            return graph
        before = parents(tensor)
        todo.extend(before)
        if not before:
            inputs.append(tensor)
    graph = KerasGraph()
    for tensor in inputs:
        join_graph(tensor, graph)
    return graph


def join_graph(keras_tensors, graph):
    """Notes that these Keras tensors, a nest, belong to the graph."""
    for tensor in tf.nest.flatten(keras_tensors):
        setattr(tensor, _ATTRIBUTE, graph)
