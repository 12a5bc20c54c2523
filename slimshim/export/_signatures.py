"""A model's call as a function of named tensors that returns a dict of named tensors."""

from __future__ import annotations

import inspect
import re
import warnings

import tensorflow as tf

from .._checks import check, error_text, nearest_names
from .._tf import in_graph_mode
from ._calls import called, in_order_of_inputs, input_name, is_keras, several_inputs

_ASSIGNS = re.compile(r"Assign(Add|Sub)?VariableOp|ResourceApply\w+|ResourceSparseApply\w+|ResourceScatter\w+")
_RANDOM = re.compile(r"RandomUniform(Int)?|RandomStandardNormal|TruncatedNormal|Multinomial|Stateless(Random|Trunc)\w+")


def signature(model, inputs=None, outputs=None, **kwargs):
    """Returns a concrete function that calls the model: what `saved_model(signatures=...)` takes.

    Args:
      model: a `Module`, a Keras model, another callable object with variables, or a function.
      inputs: what the model is called with: a `tf.TensorSpec`, a shape (float32 then), a list of
        these for several arguments, or a dict from argument name to one of these. A spec's name is
        the input's; default: the argument's. None, for a Keras model: its own inputs. For a Keras
        model of several `keras.Input`s a list goes in the order of `model.inputs`, a dict by their names.
      outputs: which outputs, a list of names; or a function from what the model returns to a dict of
        tensors. A tensor is "output", a tuple's are "output_0", ..., a dict's have their keys; of slim's
        pair (tensor, end points) the tensor is "output" and end points have their names. Default:
        all; of slim's pair the tensor alone.
      **kwargs: further arguments of the call, such as `is_training=False`. A Keras model is called with
        `training=False` unless they say otherwise.

    Raises:
      ValueError: if `outputs` names none of the model's, or the model makes its variables only in
        this call: they would be untrained.
    """
    check(not in_graph_mode(), "model", "a call in TF2 mode", "graph mode", "Call it outside any tf.Graph.")
    check(callable(model), "model", "a Module, a Keras model or a function of tensors", model, error=TypeError)
    specs, by_name = input_specs(model, inputs)
    if is_keras(model):
        kwargs = {"training": False, **kwargs}
    before = _variables(model)

    def call(*tensors):
        if by_name:
            result = model(**dict(zip(by_name, tensors)), **kwargs)
        else:
            result = called(model, tensors, kwargs)
        return _chosen(result, outputs)

    concrete = tf.function(call, autograph=False, input_signature=specs).get_concrete_function()
    new = [variable.name for variable in _variables(model)[len(before) :]]
    remedy = "Build the model and restore it before exporting: model.build(...).restore(checkpoint)."
    check(not new, "model", "a model whose variables exist", new[:3], remedy)
    _warn_of_training(model, concrete, kwargs)
    return concrete


def require_inference(concrete, what):
    """Raises ValueError if the function assigns to variables, which `what` has not."""
    found = op_types(concrete, _ASSIGNS)
    remedy = "Export it for inference: pass is_training=False."
    check(not found, "model", f"a call that updates no variables, because {what} has none", sorted(found), remedy)


def op_types(concrete, pattern):
    """Returns the set of types of ops in a concrete function, functions that it calls included."""
    graph = concrete.graph.as_graph_def()
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    return {node.op for node in nodes if pattern.fullmatch(node.op)}


def input_names(concrete):
    """Returns the names of the inputs, in the order of the call."""
    return [spec.name for spec in concrete.structured_input_signature[0]]


def _warn_of_training(model, concrete, kwargs):
    takes_it = "is_training" in _parameters(model)
    hint = " Pass is_training=False to export for inference." if takes_it and "is_training" not in kwargs else ""
    if op_types(concrete, _ASSIGNS):
        text = "The exported function updates variables (moving averages, say) each time it is called."
        warnings.warn(text + hint, stacklevel=4)
    elif hint and op_types(concrete, _RANDOM):
        text = "The exported function draws random numbers (dropout, say) each time it is called."
        warnings.warn(text + hint, stacklevel=4)


def _variables(model):
    found = getattr(model, "variables", ())
    return [] if callable(found) else list(found)


def _parameters(model):
    """Returns the parameters of what the model's call runs."""
    function = getattr(model, "_model_fn", None) or getattr(model, "call", None) or model
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return {}


# --- inputs


def input_specs(model, inputs):
    """Returns (a list of named specs, argument names if they go by name)."""
    if inputs is None:
        remedy = "Only a Keras model of keras.Input says what it takes."
        check(bool(getattr(model, "inputs", None)), "inputs", "a tf.TensorSpec for each input", inputs, remedy)
        return _keras_specs(model), None
    several = several_inputs(model)
    if several and isinstance(inputs, dict):
        return [_named(_spec(inputs[name]), name) for name in in_order_of_inputs(several, inputs, model)], None
    if isinstance(inputs, dict):
        return [_named(_spec(value), name) for name, value in inputs.items()], list(inputs)
    given = [_spec(value) for value in inputs] if _is_list_of_specs(inputs) else [_spec(inputs)]
    if several:
        names = [input_name(own) for own in several]
        check(len(given) == len(names), "inputs", f"a spec for each of the inputs {names}", inputs)
        return [_named(spec, name) for spec, name in zip(given, names)], None
    arguments = [name for name, parameter in _parameters(model).items() if parameter.kind in _POSITIONAL]
    if len(arguments) < len(given):
        arguments = ["input"] if len(given) == 1 else [f"input_{i}" for i in range(len(given))]
    return [_named(spec, name) for spec, name in zip(given, arguments)], None


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _keras_specs(model):
    return [tf.TensorSpec(tensor.shape, tensor.dtype, input_name(tensor)) for tensor in model.inputs]


def _is_list_of_specs(inputs):
    return isinstance(inputs, (list, tuple)) and any(isinstance(x, (tf.TensorSpec, list, tuple)) for x in inputs)


def _spec(value):
    if isinstance(value, tf.TensorSpec):
        return value
    try:
        return tf.TensorSpec(value, tf.float32)
    except TypeError as error:
        raise TypeError(error_text("inputs", "a tf.TensorSpec or a shape", value)) from error


def _named(spec, name):
    return tf.TensorSpec(spec.shape, spec.dtype, spec.name or name)


# --- outputs


def _chosen(result, outputs):
    if callable(outputs):
        chosen = outputs(result)
        check(isinstance(chosen, dict) and chosen, "outputs", "a function that returns a dict of tensors", chosen)
        return {name: tf.identity(tensor) for name, tensor in chosen.items()}
    named, usual = named_outputs(result)
    if outputs is None:
        outputs = usual
    outputs = [outputs] if isinstance(outputs, str) else list(outputs)
    for name in outputs:
        near = nearest_names(name, named) or list(named)[:10]
        check(name in named, "outputs", "names of the model's outputs", name, f"Nearest: {near}.")
    check(bool(outputs), "outputs", "at least one name", outputs)
    # An identity each: two outputs may be one tensor, or an input.
    return {name: tf.identity(named[name]) for name in outputs}


def named_outputs(result):
    """Returns (dict of name -> tensor, the names that are exported by default)."""
    if isinstance(result, (list, tuple)) and len(result) == 2 and isinstance(result[1], dict):
        named = {"output": result[0], **{key: value for key, value in result[1].items() if tf.is_tensor(value)}}
        return named, ["output"]
    if isinstance(result, dict):
        named = {str(key): value for key, value in result.items() if tf.is_tensor(value)}
    elif isinstance(result, (list, tuple)) and len(result) != 1:
        named = {f"output_{i}": value for i, value in enumerate(result) if tf.is_tensor(value)}
    else:
        named = {"output": tf.nest.flatten(result)[0]}
    return named, list(named)
