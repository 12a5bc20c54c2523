"""Finding variables by scope, name and suffix, and the global step."""

from __future__ import annotations

import re

import tensorflow as tf

from .._checks import error_text, nearest_names
from .arg_scope import add_arg_scope
from .collections import get_collection
from .stores import current_store

v1 = tf.compat.v1


def add_model_variable(var):
    """Adds `var` to the collection `MODEL_VARIABLES`, once."""
    if not any(var is known for known in get_collection(v1.GraphKeys.MODEL_VARIABLES)):
        v1.add_to_collection(v1.GraphKeys.MODEL_VARIABLES, var)


@add_arg_scope
def get_variables(scope=None, suffix=None, collection=v1.GraphKeys.GLOBAL_VARIABLES):
    """Returns the variables of a collection, filtered by scope and suffix.

    Args:
      scope: a `VariableScope`, or a regular expression that names match from their start, or None.
      suffix: the end of the name, such as "weights" or "weights:0", or None.
      collection: name of the collection. Default: `GLOBAL_VARIABLES`.

    Returns:
      A list, in the order in which the variables were made.
    """
    if isinstance(scope, v1.VariableScope):
        scope = scope.name
    if suffix is not None:
        ending = suffix if ":" in suffix else suffix + ":0"
        scope = (scope or "") + ".*" + ending
    store = current_store()
    if store is None:
        return get_collection(collection, scope)
    found = store.in_collection(collection)
    return [v for v in found if re.match(scope, v.name)] if scope else found


def get_model_variables(scope=None, suffix=None):
    """Returns the variables of `MODEL_VARIABLES`; arguments as for `get_variables`."""
    return get_variables(scope, suffix, v1.GraphKeys.MODEL_VARIABLES)


def get_local_variables(scope=None, suffix=None):
    """Returns the variables of `LOCAL_VARIABLES`; arguments as for `get_variables`."""
    return get_variables(scope, suffix, v1.GraphKeys.LOCAL_VARIABLES)


def get_trainable_variables(scope=None, suffix=None):
    """Returns the variables of `TRAINABLE_VARIABLES`; arguments as for `get_variables`."""
    return get_variables(scope, suffix, v1.GraphKeys.TRAINABLE_VARIABLES)


def get_variables_by_suffix(suffix, scope=None):
    """Returns the global variables whose names end in `suffix`."""
    return get_variables(scope=scope, suffix=suffix)


def get_variables_by_name(given_name, scope=None):
    """Returns the global variables whose last name component is `given_name`."""
    suffix = "/" + given_name + ":|^" + given_name + ":"
    return get_variables(scope=scope, suffix=suffix)


def get_variables_to_restore(include=None, exclude=None):
    """Returns the global variables of some scopes, less those of others.

    Args:
      include: a list or tuple of scopes (see `get_variables`), or None for all variables.
      exclude: a list or tuple of scopes to leave out, or None.

    Raises:
      TypeError: if `include` or `exclude` is neither a list nor a tuple.
    """
    included = get_variables() if include is None else _variables_of(include, "include")
    excluded = {id(v) for v in _variables_of(exclude or [], "exclude")}
    return [v for v in included if id(v) not in excluded]


def _variables_of(scopes, argument):
    if not isinstance(scopes, (list, tuple)):
        raise TypeError(error_text(argument, "a list or tuple of scopes", scopes, "Put a single scope in brackets."))
    return [v for scope in scopes for v in get_variables(scope)]


def get_unique_variable(var_op_name):
    """Returns the variable whose full name, without ":0", is `var_op_name`.

    Raises:
      ValueError: if there is none. The message gives the nearest names that exist.
    """
    candidates = get_variables(scope=var_op_name)
    for candidate in candidates:
        if get_variable_full_name(candidate) == var_op_name or _op_name(candidate) == var_op_name:
            return candidate
    if candidates:
        raise ValueError(
            f"Variable {var_op_name} does not uniquely identify a variable: "
            f"{[_op_name(v) for v in candidates[:5]]} begin with it. Give the full name."
        )
    near = nearest_names(var_op_name, [_op_name(v) for v in get_variables()])
    hint = f" Nearest names: {near}." if near else ""
    raise ValueError(f"Couldn't find variable {var_op_name}.{hint}")


def get_variable_full_name(var):
    """Returns the name that a checkpoint has for `var`: for a part of a partitioned one, the whole's."""
    slice_info = getattr(var, "_save_slice_info", None)
    return slice_info.full_name if slice_info else _op_name(var)


def _op_name(var):
    return var.name.split(":")[0]


def filter_variables(var_list, include_patterns=None, exclude_patterns=None, reg_search=True):
    """Returns the variables whose names match some pattern to include and none to exclude.

    Args:
      var_list: a list of variables.
      include_patterns: a list of regular expressions; None or empty keeps all.
      exclude_patterns: a list of regular expressions; None or empty leaves none out.
      reg_search: if True a pattern may match anywhere in the name, else from its start.
    """
    match = re.search if reg_search else re.match

    def any_match(patterns, var):
        return any(match(pattern, var.name) for pattern in patterns)

    kept = [v for v in var_list if any_match(include_patterns, v)] if include_patterns else list(var_list)
    return [v for v in kept if not any_match(exclude_patterns, v)] if exclude_patterns else kept


def assert_global_step(global_step_tensor):
    """Raises TypeError unless the argument is a scalar integer tensor or variable."""
    v1.train.assert_global_step(global_step_tensor)


def assert_or_get_global_step(graph=None, global_step_tensor=None):
    """Returns the graph's global step, or checks and returns the one that is given.

    Args:
      graph: the graph to look in. Default: the default graph.
      global_step_tensor: a scalar integer tensor or variable, or None.

    Raises:
      TypeError: if the given one is no scalar integer.
    """
    if global_step_tensor is None:
        return get_global_step(graph)
    assert_global_step(global_step_tensor)
    return global_step_tensor


def get_global_step(graph=None):
    """Returns the graph's global step, or None if it has none."""
    return v1.train.get_global_step(graph)


def create_global_step(graph=None):
    """Returns a new global step: an int64 scalar, in `GLOBAL_VARIABLES` and `GLOBAL_STEP`.

    Raises:
      ValueError: if the graph has one already.
    """
    return v1.train.create_global_step(graph)


def get_or_create_global_step(graph=None):
    """Returns the graph's global step; makes it if there is none."""
    return v1.train.get_or_create_global_step(graph)
