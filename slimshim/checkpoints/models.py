"""What a model is to a conversion: its variables by name."""

from __future__ import annotations

import contextlib

import tensorflow as tf

from .._checks import check, error_text


def is_keras_model(model):
    """Returns whether the object has Keras's files: a `keras.Model`. Never imports Keras."""
    return hasattr(model, "load_weights") and hasattr(model, "save_weights")


def named_variables(model):
    """Returns a dict of TF1 name -> `tf.Variable` of a model.

    Args:
      model: a Module, a `tf.Module`, a Keras model or layer, a `TrainStep`, or a dict of name ->
        variable.

    Raises:
      TypeError: if it has no variables at all.
      ValueError: if it has none yet, or two of one name.
    """
    pairs = _pairs(model)
    remedy = "Call it once, or build it, so that its variables exist."
    check(bool(pairs), "model", "a model with variables", model, remedy)
    named = dict(pairs)
    if len(named) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        remedy = "Pass a dict of name -> variable that tells them apart."
        raise ValueError(error_text("model", "variables with names of their own", twice, remedy))
    return named


def _pairs(model):
    from .._tf.keras_weights import tf1_name, variable_of

    if isinstance(model, dict):
        return [(name, variable_of(value)) for name, value in model.items()]
    # Keras's `variables` have seed generators and metrics among them.
    found = getattr(model, "weights", None)
    if found is None:
        found = getattr(model, "variables", None)
    if found is None or callable(found):
        expected = "a Module, a tf.Module, a Keras model, a training step or a dict of variables"
        raise TypeError(error_text("model", expected, model))
    return [(tf1_name(value), variable_of(value)) for value in found]


def fill_from_keras_file(model, path):
    """Gives a Keras model the weights in a file."""
    expected = "a Keras model, because the source is a Keras file"
    check(is_keras_model(model), "model", expected, model, "Make one with keras.Model(...).", TypeError)
    if path.endswith(".keras"):  # Keras 2 loads no weights out of it.
        from ..keras_models import load_model

        model.set_weights(load_model(path, compile=False).get_weights())
        return
    model.load_weights(path)


@contextlib.contextmanager
def values_kept(model):
    """A context that gives the model's variables, in the end, the values that they had before.

    Not the weights alone: a file may also hold what the optimizer, metrics and random layers keep.
    """
    kept = [(variable, variable.numpy()) for variable in _all_variables(model)]
    try:
        yield
    finally:
        for variable, value in kept:
            variable.assign(value)


def _all_variables(model):
    """Returns each `tf.Variable` that loading a file into the model may change, once."""
    from .._tf.keras_weights import variable_of

    found = list(named_variables(model).values())
    if is_keras_model(model):
        for part in (model, getattr(model, "optimizer", None), *model.metrics):
            variables = getattr(part, "variables", None) or []
            found += [variable_of(variable) for variable in (variables() if callable(variables) else variables)]
    for item in _tracked(model):
        value = item if isinstance(item, tf.Variable) else getattr(item, "value", None)
        found += [value] if isinstance(value, tf.Variable) else []
    return list({id(variable): variable for variable in found}.values())


def _tracked(model):
    try:
        checkpoint = tf.train.Checkpoint(model=model)
    except ValueError:  # No object that TensorFlow tracks, such as a training step.
        return []
    return tf.train.TrackableView(checkpoint).descendants()


def is_tracked(checkpoint, variables):
    """Returns whether a `tf.train.Checkpoint` would save all of these `tf.Variable`s.

    Keras 3 leaves weights of its layers out of a model's trackable children.
    """
    saved = {id(found) for found in tf.train.TrackableView(checkpoint).descendants()}
    inner = {id(getattr(found, "value", None)) for found in tf.train.TrackableView(checkpoint).descendants()}
    return all(id(variable) in saved or id(variable) in inner for variable in variables)
