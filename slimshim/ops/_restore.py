"""Filling variables from values and from checkpoints."""

from __future__ import annotations

import logging

import numpy as np
import tensorflow as tf

from .._checks import nearest_names
from .._tf import in_graph_mode
from ._lookup import _op_name, get_variable_full_name, get_variables

v1 = tf.compat.v1
_logger = logging.getLogger(__name__)


def open_checkpoint(path):
    """Returns a reader of the checkpoint at `path`: a checkpoint's path, or a directory that has one.

    Also reads the one-file format of before TF 0.12, which `tf.train.load_checkpoint` takes for a
    directory without a checkpoint.

    Raises:
      ValueError: if there is no checkpoint.
    """
    # A checkpoint may be named as a directory beside it is.
    is_directory = tf.io.gfile.isdir(path) and not tf.io.gfile.exists(path + ".index")
    latest = tf.train.latest_checkpoint(path) if is_directory else path
    if not latest:
        raise ValueError(f"model_path: no checkpoint found in the directory {path}. Give a checkpoint's path.")
    try:
        return v1.train.NewCheckpointReader(latest)
    except (tf.errors.OpError, RuntimeError) as error:
        raise ValueError(
            f"model_path: cannot open {path} as a checkpoint: {error}. Give the path without "
            "'.index' or '.data-...', as tf.train.latest_checkpoint gives it."
        ) from error


def assign_from_values(var_names_to_values):
    """Returns an operation, and its feed, that assign values to variables by name.

    The values travel in the feed, so that the graph stays small.

    Args:
      var_names_to_values: a dict of variable name (without ":0") -> array of the variable's size.

    Returns:
      (assign_op, feed_dict), for `session.run(assign_op, feed_dict)`. In TF2 mode the values are
      assigned at once, and (None, {}) comes back.

    Raises:
      ValueError: if a name is no variable's, or a value has another size.
    """
    pairs = [(_find_variable(name), value) for name, value in var_names_to_values.items()]
    return _assign([(var, _reshaped(var, np.asarray(value))) for var, value in pairs])


def _find_variable(name):
    for var in get_variables():
        if _op_name(var) == name:
            return var
    near = nearest_names(name, [_op_name(v) for v in get_variables()])
    hint = f" Nearest names: {near}." if near else " The graph has no variables of a like name."
    raise ValueError(f"Variable {name} wasn't found.{hint}")


def _reshaped(var, value):
    if value.size != var.shape.num_elements():
        raise ValueError(
            f"Variable {_op_name(var)} has shape {tuple(var.shape)}, and the value for it has shape {value.shape}. "
            "Both must have one number of elements."
        )
    return value.reshape(tuple(var.shape))


def _assign(pairs):
    """Assigns arrays to variables: by an operation and a feed in graph mode, at once in TF2 mode."""
    if not in_graph_mode():
        for var, value in pairs:
            var.assign(value)
        return None, {}
    operations, feed = [], {}
    for var, value in pairs:
        placeholder = v1.placeholder(var.dtype.base_dtype, var.shape, name="placeholder/" + _op_name(var))
        operations.append(var.assign(placeholder))
        feed[placeholder] = value
    return tf.group(*operations), feed


def assign_from_values_fn(var_names_to_values):
    """Returns a function of a session that assigns the values; see `assign_from_values`."""
    if not in_graph_mode():
        return lambda session=None: assign_from_values(var_names_to_values)[0]
    assign_op, feed_dict = assign_from_values(var_names_to_values)
    return lambda session: session.run(assign_op, feed_dict)


def assign_from_checkpoint(model_path, var_list, ignore_missing_vars=False):
    """Returns an operation, and its feed, that restore variables from a checkpoint.

    Args:
      model_path: the checkpoint's path, as `tf.train.latest_checkpoint` gives it.
      var_list: a list of variables, or a dict of name in the checkpoint -> variable or list of the
        parts of a partitioned one. A part is filled from its slice of the whole.
      ignore_missing_vars: if True, a name that the checkpoint lacks is warned of and left out.

    Returns:
      (assign_op, feed_dict). In TF2 mode the values are assigned at once, and (None, {}) comes back.

    Raises:
      ValueError: if the checkpoint lacks a name, with the nearest names that it has; or if a
        shape differs, with both shapes.
    """
    reader = open_checkpoint(model_path)
    pairs = []
    for name, variables in _grouped(var_list).items():
        if not reader.has_tensor(name):
            if not ignore_missing_vars:
                raise ValueError(_missing_text(reader, model_path, [name]))
            _logger.warning("Checkpoint is missing variable [%s]", name)
            continue
        value = reader.get_tensor(name)
        pairs.extend((var, _part_of(value, var, name)) for var in variables)
    return _assign(pairs)


def _grouped(var_list):
    """Returns a dict of checkpoint name -> list of variables, parts of one variable together."""
    grouped = {}
    if isinstance(var_list, dict):
        for name, value in var_list.items():
            grouped[name] = list(value) if isinstance(value, (list, tuple)) else [value]
        return grouped
    for var in var_list:
        grouped.setdefault(get_variable_full_name(var), []).append(var)
    return grouped


def _part_of(value, var, name):
    """Returns the slice of `value` that is for `var`, which may be a part of a partitioned variable."""
    info = getattr(var, "_save_slice_info", None)
    if info:
        value = value[tuple(slice(start, start + size) for start, size in zip(info.var_offset, info.var_shape))]
    if tuple(value.shape) != tuple(var.shape):
        raise ValueError(
            f"Total size of new array must be unchanged for {name}: the checkpoint has shape {tuple(value.shape)}, "
            f"and the variable {_op_name(var)} has shape {tuple(var.shape)}. "
            "Leave the variable out of var_list, or build the model as it was when the checkpoint was written."
        )
    return value


def _missing_text(reader, model_path, names):
    known = reader.get_variable_to_shape_map()
    lines = []
    for name in names[:5]:
        near = nearest_names(name, known)
        lines.append(f"[{name}]" + (f" (nearest names there: {near})" if near else ""))
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (
        f"Checkpoint is missing variable {', '.join(lines)}{more}: {model_path} has {len(known)} names. "
        "Map names with a dict {name in checkpoint: variable}, or pass ignore_missing_vars=True."
    )


def assign_from_checkpoint_fn(model_path, var_list, ignore_missing_vars=False, reshape_variables=False):
    """Returns a function of a session that restores variables from a checkpoint.

    Args:
      model_path: the checkpoint's path.
      var_list: a list of variables, or a dict of name in the checkpoint -> variable.
      ignore_missing_vars: if True, names that the checkpoint lacks are warned of and left out.
      reshape_variables: if True, a variable takes a value of another shape and the same size.

    Returns:
      A function of one argument, the session (ignored, and optional, in TF2 mode); or None if
      `ignore_missing_vars` left no variable.

    Raises:
      ValueError: if `var_list` is empty.
      tf.errors.NotFoundError: from the function, if the checkpoint lacks a name.
      tf.errors.InvalidArgumentError: from the function, if a shape differs.
    """
    if not var_list:
        raise ValueError(
            "var_list cannot be empty. Build the model first; then check the scopes given to get_variables_to_restore."
        )
    wanted = var_list if isinstance(var_list, dict) else _by_name(var_list)
    if ignore_missing_vars:
        wanted = _present(model_path, wanted)
        if not wanted:
            _logger.warning("No Variables to restore")
            return None
    if not in_graph_mode():
        return lambda session=None: _assign_now(model_path, wanted, reshape_variables)
    saver = v1.train.Saver(wanted, reshape=reshape_variables)

    def restore(session):
        check_restorable(model_path, wanted, reshape_variables)
        saver.restore(session, model_path)

    return restore


def _by_name(var_list):
    return {name: parts[0] if len(parts) == 1 else parts for name, parts in _grouped(var_list).items()}


def _present(model_path, wanted):
    reader = open_checkpoint(model_path)
    for name in wanted:
        if not reader.has_tensor(name):
            _logger.warning("Variable %s missing in checkpoint %s", name, model_path)
    return {name: var for name, var in wanted.items() if reader.has_tensor(name)}


def check_restorable(model_path, var_list, reshape=False):
    """Raises unless the checkpoint has each variable, in its shape; says the nearest names or both shapes.

    With resource variables TensorFlow itself restores a value of another shape without a word.

    Args:
      model_path: the checkpoint's path.
      var_list: a list of variables, or a dict of name in the checkpoint -> variable; what is no
        variable (the state of a table, say) is passed over.
      reshape: whether another shape of the same size is fine.

    Raises:
      tf.errors.NotFoundError: if the checkpoint lacks a name.
      tf.errors.InvalidArgumentError: if a shape differs.
    """
    reader = open_checkpoint(model_path)
    # Savers find the values of an object-based checkpoint another way.
    if not reader.has_tensor(_OBJECT_GRAPH):
        _check_values(reader, model_path, var_list, reshape)


def _check_values(reader, model_path, var_list, reshape):
    shapes = reader.get_variable_to_shape_map()
    if not isinstance(var_list, dict):
        var_list = [var for var in var_list if hasattr(var, "get_shape")]
    wanted = {name: parts[0] for name, parts in _grouped(var_list).items() if hasattr(parts[0], "get_shape")}
    missing = [name for name in wanted if name not in shapes]
    if missing:
        raise tf.errors.NotFoundError(None, None, _missing_text(reader, model_path, missing))
    for name, var in wanted.items():
        _check_shape(name, _full_shape(var), shapes[name], reshape, model_path)


_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def _full_shape(var):
    """Returns the shape of the variable, of the whole one for a part; None if it is not known."""
    info = getattr(var, "_save_slice_info", None)
    if info:
        return tuple(info.full_shape)
    shape = var.get_shape()
    return tuple(shape.as_list()) if shape.is_fully_defined() else None


def _check_shape(name, wanted, found, reshape, model_path):
    fits = wanted is None or wanted == tuple(found)
    if not fits and not (reshape and np.prod(wanted) == np.prod(found)):
        raise tf.errors.InvalidArgumentError(
            None,
            None,
            f"{name} has shape {wanted} in the model, and shape {tuple(found)} in the checkpoint {model_path}. "
            "Leave it out of the variables to restore, or build the model as it was when the checkpoint was written.",
        )


def _assign_now(model_path, wanted, reshape):
    reader = open_checkpoint(model_path)
    _check_values(reader, model_path, wanted, reshape)
    for name, var in wanted.items():
        value = reader.get_tensor(name)
        var.assign(_reshaped(var, value) if reshape else _part_of(value, var, name))
