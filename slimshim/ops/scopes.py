"""Variable scopes of layers, and what a scope means outside any Module in TF2 mode."""

from __future__ import annotations

import contextlib
import contextvars
import sys
import warnings

import tensorflow as tf

from .._checks import error_text
from .._tf import in_graph_mode
from .stores import VariableStore, current_store, in_function_of_the_step, strategy_in_scope

v1 = tf.compat.v1

# TF2 mode outside any Module: what has an explicit scope is shared by name in the whole process.
_root_store = VariableStore()


class _NamelessCall:
    """A layer call outside any Module whose scope nobody named: it makes new weights."""

    def __init__(self):
        self.made_weights = False


_nameless_call = contextvars.ContextVar("nameless_layer_call", default=None)

# A list that takes the full names of the layer scopes that are opened, or None.
_opened_names = contextvars.ContextVar("names_of_opened_layer_scopes", default=None)

_lines_that_made_weights = set()
_lines_warned_of = set()


def root_store():
    """Returns the process-wide store for variables with explicit scopes, outside any Module."""
    return _root_store


@contextlib.contextmanager
def layer_scope(scope, default_name, values=None, reuse=None, **kwargs):
    """Opens a layer's variable scope, as `tf.compat.v1.variable_scope(scope, default_name, ...)`.

    Args:
      scope: a name, a `VariableScope`, or None to make up a name from `default_name`.
      default_name: the TF1 default name of the layer, such as "Conv".
      values: the layer's input tensors.
      reuse: None, True, or `tf.compat.v1.AUTO_REUSE`.
      **kwargs: further arguments of `tf.compat.v1.variable_scope`.

    Yields:
      The `VariableScope`.

    Raises:
      ValueError: if there is no scope, and the layer is in a `tf.function` within a Module's function.
    """
    if scope is None and in_function_of_the_step():
        raise ValueError(
            error_text(
                "scope",
                "a name, because the layer is in a tf.function that the model function calls",
                None,
                f"Automatic names ({default_name}, {default_name}_1, ...) would differ from trace to trace. Give the "
                "layer a scope, or decorate what calls the model in place of its parts.",
            )
        )
    token = _nameless_call.set(_NamelessCall()) if _is_nameless(scope) else None
    try:
        with v1.variable_scope(scope, default_name, values, reuse=reuse, **kwargs) as opened:
            names = _opened_names.get()
            if names is not None:
                names.append(opened.name)
            yield opened
    finally:
        if token is not None:
            _nameless_call.reset(token)


@contextlib.contextmanager
def noting_layer_scopes():
    """Yields a list that takes the full name of each layer's scope that is opened within."""
    names = []
    token = _opened_names.set(names)
    try:
        yield names
    finally:
        _opened_names.reset(token)


def _is_nameless(scope):
    # Within an enclosing scope that has a name, automatic names count from the start each time
    # that scope is entered, so the same weights are found again.
    return (
        scope is None
        and _nameless_call.get() is None
        and current_store() is None
        and not in_graph_mode()
        and not v1.get_variable_scope().name
    )


@contextlib.contextmanager
def store_for_call(custom_getter=None):
    """Yields the extra arguments of `get_variable` that make it keep variables in TF2 mode.

    Empty in graph mode, inside a Module (whose scope has the getter) and with the caller's own
    getter.
    """
    call = _nameless_call.get()
    if custom_getter is not None or current_store() is not None or in_graph_mode():
        yield {}
    elif call is not None:
        if not call.made_weights:
            call.made_weights = True
            _note_new_weights(_calling_line())
        yield {"custom_getter": VariableStore(strategy_in_scope()).getter}
    else:
        yield {"custom_getter": _root_store.getter}


def _calling_line():
    """Returns (file, line) of the first frame that is the user's own."""
    not_the_users = {__package__.rpartition(".")[0], "contextlib", "wrapt", "tensorflow", "keras", "tf_keras"}
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not any(module == name or module.startswith(name + ".") for name in not_the_users):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return "<unknown>", 0


def _note_new_weights(line):
    """Warns, once for each source line, when the line makes new weights a second time."""
    if line not in _lines_that_made_weights:
        _lines_that_made_weights.add(line)
    elif line not in _lines_warned_of:
        _lines_warned_of.add(line)
        warnings.warn_explicit(
            f"{line[0]}:{line[1]} makes new weights again. A layer without a scope, called in TF2 mode outside any "
            "Module, makes new weights at each call, as in TF1; nothing finds the old ones. Wrap the model function "
            "in Module(fn), or give the layer scope='name' to share its weights by that name.",
            UserWarning,
            *line,
        )
