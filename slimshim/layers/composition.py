"""Layers applied one after the other."""

from __future__ import annotations

import operator

from .._checks import check, error_text
from ..ops.scopes import layer_scope
from ._symbolic import automatic_names_for
from ._weights import as_tensor

__all__ = ["repeat", "stack"]


def repeat(inputs, repetitions, layer, *args, **kwargs):
    """Returns the result of applying one layer `repetitions` times, each time with new weights.

        outputs = repeat(images, 3, conv2d, 64, [3, 3], scope="conv1")
        # The same as
        net = conv2d(images, 64, [3, 3], scope="conv1/conv1_1")
        net = conv2d(net, 64, [3, 3], scope="conv1/conv1_2")
        outputs = conv2d(net, 64, [3, 3], scope="conv1/conv1_3")

    Source: TF1 `tensorflow.contrib.layers.repeat`.

    Args:
      inputs: a tensor that the layer takes.
      repetitions: how often, an int.
      layer: a function (inputs, *args, scope=..., **kwargs) -> outputs.
      *args, **kwargs: the layer's further arguments. `scope` names the scope around all calls;
        default: "Repeat", and the calls' own scopes are named after the function.

    Returns:
      The last result; `inputs` as a tensor for no repetitions.

    Raises:
      TypeError: if `repetitions` is no integer.
    """
    try:
        count = operator.index(repetitions)
    except TypeError:
        raise TypeError(error_text("repetitions", "an integer", repetitions)) from None
    return _in_turn(inputs, layer, [args] * count, kwargs, "Repeat")


def stack(inputs, layer, stack_args, **kwargs):
    """Returns the result of applying one layer again and again, with other arguments each time.

        outputs = stack(inputs, fully_connected, [32, 64, 128], scope="fc")
        # The same as
        net = fully_connected(inputs, 32, scope="fc/fc_1")
        net = fully_connected(net, 64, scope="fc/fc_2")
        outputs = fully_connected(net, 128, scope="fc/fc_3")

    Source: TF1 `tensorflow.contrib.layers.stack`.

    Args:
      inputs: a tensor that the layer takes.
      layer: a function (inputs, *arguments, scope=..., **kwargs) -> outputs.
      stack_args: a list or tuple with an item for each call: its arguments as a list or tuple, or
        its only argument.
      **kwargs: arguments of every call. `scope` as for `repeat`; default: "Stack".

    Raises:
      ValueError: if `stack_args` is neither a list nor a tuple.
    """
    check(isinstance(stack_args, (list, tuple)), "stack_args", "a list or tuple", stack_args)
    calls = [item if isinstance(item, (list, tuple)) else [item] for item in stack_args]
    return _in_turn(inputs, layer, calls, kwargs, "Stack")


def _in_turn(inputs, layer, calls, kwargs, default_name):
    kwargs = dict(kwargs)
    scope = kwargs.pop("scope", None)
    with automatic_names_for(inputs), layer_scope(scope, default_name, [inputs]):
        name = scope if scope is not None else _name_of(layer, default_name.lower())
        outputs = as_tensor(inputs)
        for number, arguments in enumerate(calls, start=1):
            outputs = layer(outputs, *arguments, scope=f"{name}_{number}", **kwargs)
        return outputs


def _name_of(layer, default):
    """Returns the function's name, also of the one inside a `functools.partial`."""
    for function in (layer, getattr(layer, "func", None)):
        if hasattr(function, "__name__"):
            return function.__name__
    return default
