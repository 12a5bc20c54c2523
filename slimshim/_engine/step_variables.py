"""Where the function of a step finds its variables, and which ones a trace of it used."""

from __future__ import annotations

import contextlib

import tensorflow as tf

from .._tf.scope_counts import automatic_names_from_the_start
from ..ops.arg_scope import arg_scope, current_arg_scope
from ..ops.stores import VariableStore, strategy_in_scope, using_store, variables_behind

v1 = tf.compat.v1


class StepVariables:
    """The variables of one step's function: those of a store of its own, and all that it uses.

    The scopes that are open where this is made hold in every call.
    """

    def __init__(self):
        self.store = VariableStore(strategy_in_scope())
        self._arg_scope = current_arg_scope()
        # By identity: a later trace (other shapes) may use variables that the first did not.
        self._used = {}

    @contextlib.contextmanager
    def for_call(self):
        """A context for one call: layers outside any Module find their weights, by TF1 name, in the store."""
        scope = v1.VariableScope(reuse=None, custom_getter=self.store.getter, use_resource=True)
        with using_store(self.store), arg_scope(self._arg_scope), automatic_names_from_the_start():
            with v1.variable_scope(scope, auxiliary_name_scope=False):
                yield

    @property
    def used(self):
        """All that were noted, in the order in which they came."""
        return tuple(self._used.values())

    def note(self, more=()):
        """Notes the store's variables, `more`, and those of the function that is being traced."""
        for variable in [*self.store.variables, *more, *_of_the_trace()]:
            self._used.setdefault(id(variable), variable)


def _of_the_trace():
    if tf.executing_eagerly():
        return []
    graph = v1.get_default_graph()
    return [*graph.variables, *variables_behind(handle for handle, _ in graph.captures)]
