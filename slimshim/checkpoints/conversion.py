"""`convert` and `restore`: a source, rules, a destination."""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf

from .._checks import check
from .._outputs import require_free
from .._tf import in_graph_mode
from . import destinations
from .matching import CLASH, MISSHAPEN, MISSING, Conversion, matched_rows
from .models import named_variables
from .rules import Rules
from .sources import format_of, read


def convert(
    source,
    destination,
    to=None,
    *,
    model=None,
    source_model=None,
    like=None,
    rename=(),
    include=(),
    exclude=(),
    weights_only=False,
    moving_averages=False,
    dtype=None,
    reshape=False,
    allow_missing=False,
    root="model",
    overwrite=False,
    dry_run=False,
):
    """Converts a checkpoint to another format; returns the `Conversion`.

    Names in the source are changed by the rules, and then must be those of the destination. For a
    destination with a model (`model`, `like`) each of its variables must be found, in its shape.
    Without one, everything that the rules leave is written under its new name.

    What is written moves to its place when it is whole. In TF2 mode alone.

    Args:
      source: a checkpoint in any format; see `read`.
      destination: the path to write: a checkpoint's prefix, or a Keras file.
      to: the format: "tf1" (names, for `tf.compat.v1.train.Saver`, TF 1.15 too), "tf2" (objects, for
        `tf.train.Checkpoint`), or "keras" (`.keras`, `.weights.h5`, or Keras 2's `.h5`). Default: by
        the suffix of a Keras file.
      model: the model of the destination, which gets the values: a Keras model for "keras"; for
        "tf2" any object with variables, and without one the file fits a `Module` with these names.
        For "tf1" it is the source's.
      source_model: the model that the source is of, where that differs; see `read`. A `.weights.h5`
        needs one, an object-based checkpoint only if the variables have other names today. It keeps
        its values.
      like: a checkpoint whose names and shapes the destination must have. Not together with a
        destination's model.
      rename: rules in their order, each 'regular expression=replacement' (`re.sub`; the last = parts
        the two), a pair of the two, or a function from name to name. Or a dict of whole names.
      include: regular expressions; names (before renaming) where none is found are left out.
      exclude: regular expressions; names where one is found are left out.
      weights_only: if True, optimizer slots, step counters and moving averages are left out.
      moving_averages: if True, `X/ExponentialMovingAverage` takes the place of `X`.
      dtype: the dtype for floating-point values. Default: a model's own, else as in the source.
      reshape: if True, a variable takes a value of another shape and the same size.
      allow_missing: if True, variables that the source lacks keep the model's values.
      root: the name under which `tf.train.Checkpoint` knows the model in object-based checkpoints;
        "" for the root itself.
      overwrite: if True, what is at the destination is replaced.
      dry_run: if True, nothing is written, no model changed, and problems are in the result.

    Raises:
      ConversionError: if a name is missing, misshapen or claimed twice; it has the table.
      ValueError: if the source is none, or something is at the destination.
    """
    check(not in_graph_mode(), "convert", "a call in TF2 mode", "graph mode", "Call it outside any tf.Graph.")
    source, destination = os.fspath(source), os.fspath(destination)
    to = destinations.format_for(destination, to)
    require_free(destination, overwrite, "destination")
    target_model = None if to == "tf1" else model
    if to == "keras":
        check(model is not None, "model", "a Keras model to write", model, "A Keras file holds its layers, not names.")
    check(like is None or target_model is None, "like", "None, because the model says what is wanted", like)
    values = read(source, _model_of_the_source(source, to, model, source_model), root)
    targets = _targets(target_model, like)
    rules = Rules(rename, include, exclude, weights_only, moving_averages)
    conversion = _planned(source, destination, values, rules, targets, reshape, allow_missing)
    if dry_run:
        return conversion
    conversion.require_ok()
    arrays = _arrays(values, conversion, targets, dtype)
    if target_model is not None:
        _assign(target_model, arrays)
    if to == "tf1":
        destinations.write_tf1(destination, arrays, overwrite)
    elif to == "keras":
        destinations.write_keras(destination, model, overwrite)
    elif model is not None:
        destinations.write_model(destination, model, root, overwrite)
    else:
        destinations.write_objects(destination, arrays, root, overwrite)
    return conversion


def restore(
    model,
    source,
    *,
    source_model=None,
    rename=(),
    include=(),
    exclude=(),
    weights_only=False,
    moving_averages=False,
    reshape=False,
    allow_missing=False,
    root="model",
):
    """Fills a model from a checkpoint in any format, by name; returns the `Conversion`.

    Args:
      model: a Module, Keras model, `TrainStep` or any object with `variables`, which exist; or a
        dict of name -> variable.
      source: a checkpoint in any format; see `read`.
      source_model: see `convert`.
      rename, include, exclude, weights_only, moving_averages, reshape, allow_missing, root: as in
        `convert`.

    Raises:
      ConversionError: if a name is missing, misshapen or claimed twice. Nothing is changed then.
    """
    check(not in_graph_mode(), "restore", "a call in TF2 mode", "graph mode", "There, use assign_from_checkpoint.")
    source, targets = os.fspath(source), _targets(model, None)
    by_position = source.endswith((".weights.h5",))
    values = read(source, source_model or (model if by_position else None), root)
    rules = Rules(rename, include, exclude, weights_only, moving_averages)
    conversion = _planned(source, type(model).__name__, values, rules, targets, reshape, allow_missing)
    conversion.require_ok()
    _assign(model, _arrays(values, conversion, targets, None))
    return conversion


def _model_of_the_source(source, to, model, source_model):
    if source_model is not None:
        return source_model
    kind = format_of(source)
    if kind == "tf1":
        return None
    # The names in an object-based checkpoint do, unless the model was given for nothing else.
    by_position = source.endswith(".weights.h5")
    return model if to == "tf1" or by_position else None


def _targets(model, like):
    if model is not None:
        return {name: (tuple(variable.shape), variable.dtype) for name, variable in named_variables(model).items()}
    if like is not None:
        return {name: (value.shape, value.dtype) for name, value in read(like).items()}
    return None


def _planned(source, destination, values, rules, targets, reshape, allow_missing):
    renamed, dropped = rules.apply(values)
    rows = matched_rows(values, renamed, dropped, targets, reshape)
    problems = [MISSHAPEN, CLASH] if allow_missing else [MISSING, MISSHAPEN, CLASH]
    return Conversion(source, destination, rows, rules.idle, problems)


def _arrays(values, conversion, targets, dtype):
    """Returns the dict of new name -> array, cast and shaped as the destination wants."""
    arrays = {}
    for name, new in conversion.matched.items():
        array = np.asarray(values[name].load())
        if targets is not None:
            shape, wanted = targets[new]
            array = array.reshape(shape)
        else:
            wanted = values[name].dtype
        if dtype is not None and wanted.is_floating:
            wanted = tf.as_dtype(dtype)
        arrays[new] = array if wanted == values[name].dtype else array.astype(wanted.as_numpy_dtype)
    return arrays


def _assign(model, arrays):
    named = named_variables(model)
    for name, array in arrays.items():
        named[name].assign(tf.cast(array, named[name].dtype))
