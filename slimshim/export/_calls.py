"""How a model takes its tensors: as arguments, or as the one structure that Keras has for several inputs."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text


def is_keras(model):
    """Returns whether the object is a Keras model or layer. Never imports Keras."""
    return hasattr(model, "get_config") and hasattr(model, "weights")


def called(model, tensors, kwargs):
    """Returns what a model gives for tensors in the order of its arguments, or of its `keras.Input`s."""
    inputs = several_inputs(model)
    if not inputs:
        return model(*tensors, **kwargs)
    given = {id(own): tensor for own, tensor in zip(inputs, tensors)}
    return model(tf.nest.map_structure(lambda own: given[id(own)], model.input), **kwargs)


def several_inputs(model):
    """Returns the `keras.Input`s of a Keras model that was made of more than one, else an empty list."""
    inputs = (getattr(model, "inputs", None) if is_keras(model) else None) or []
    return list(inputs) if len(inputs) > 1 else []


def input_name(keras_input):
    """Returns the name of a `keras.Input`."""
    return keras_input.name.split(":")[0]


def in_order_of_inputs(inputs, by_name, model):
    """Returns the names in `by_name` in the order of the model's inputs.

    Args:
      inputs: what `several_inputs` gave.
      by_name: names of all the inputs, or keys of the dict that the model takes.
      model: the Keras model.
    """
    names = [input_name(own) for own in inputs]
    keys = {id(own): key for key, own in model.input.items()} if isinstance(model.input, dict) else {}
    for known in ([keys.get(id(own)) for own in inputs], names):
        if set(known) == set(by_name):
            return known
    raise ValueError(error_text("inputs", f"a spec for each of the inputs {names}", list(by_name)))
