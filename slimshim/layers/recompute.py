"""Gradients that compute a function a second time rather than keep what it computed.

Holds `recompute_grad`, and the pieces that `RevBlock` shares with it.
"""

from __future__ import annotations

import contextlib
import functools
import inspect

import numpy as np
import tensorflow as tf

from .._checks import error_text
from .._tf.gradient_recording import in_xla_context, stop_recording
from ..ops.arg_scope import arg_scope, current_arg_scope
from ..ops.stores import deferring_losses, to_enter_again
from ._symbolic import symbolic

v1 = tf.compat.v1

_USE_DEFAULT = "__rev_block_lib_default"


def _usable_without_arguments(decorator):
    """Returns `decorator`, made to serve both as `@decorator` and as `@decorator(option=...)`."""

    @functools.wraps(decorator)
    def flexible(*args, **kwargs):
        if len(args) == 1 and not kwargs and callable(args[0]):
            return decorator(args[0])
        return lambda fn: decorator(fn, *args, **kwargs)

    return flexible


@_usable_without_arguments
def recompute_grad(fn, use_data_dep=_USE_DEFAULT, tupleize_grads=False):
    """Returns `fn` with a gradient that computes `fn` again: what it computes is not kept.

    Use it as `@recompute_grad` or `@recompute_grad(use_data_dep=True)`. The variables of `fn` must
    be resource variables. Since `fn` runs twice, it should not change state or draw random
    numbers; if it does, let it take the keyword argument `is_recomputing`, which is True the
    second time, and leave the state alone then.

    Args:
      fn: a function from tensors, given by position, to a tensor or a structure of tensors. It
        may make variables, and must not use tensors or variables of the function around it.
      use_data_dep: whether the second run waits for the gradients by a dummy addition (of floats
        alone) rather than by a control dependency. Default: True under XLA, which ignores control
        dependencies, else False.
      tupleize_grads: whether no gradient may be used before all are there.

    Returns:
      A function with the arguments of `fn`.

    Raises:
      ValueError: if `fn` uses a tensor or variable of the function around it; on a call, if an
        argument is no tensor; on computing the gradient, if `fn` finds other variables than the
        first time.

    Source: `tf.contrib.layers.recompute_grad` of TF 1.15.
    """
    _check_no_captured_tensors(fn)
    knows_recomputing = "is_recomputing" in inspect.signature(fn).parameters

    def run(args, is_recomputing):
        return fn(*args, is_recomputing=is_recomputing) if knows_recomputing else fn(*args)

    def wrapped(*args):
        for arg in args:
            if not isinstance(arg, (tf.Tensor, tf.Variable)):
                raise ValueError(error_text("args", "only tensors, given by position", arg))
        return _run_recomputing(run, args, use_data_dep, tupleize_grads)

    return wraps_if_possible(fn)(symbolic(wrapped))


def wraps_if_possible(fn):
    """Returns `functools.wraps(fn)`, or nothing for a partial, which has no name."""
    return functools.wraps(fn) if hasattr(fn, "__name__") else lambda wrapped: wrapped


def _check_no_captured_tensors(fn):
    code = getattr(fn, "__code__", None)
    names = code.co_freevars if code is not None else ()
    for name, cell in zip(names, getattr(fn, "__closure__", None) or ()):
        try:
            value = cell.cell_contents
        except ValueError:  # The name is not bound yet.
            continue
        if isinstance(value, (tf.Tensor, tf.Variable)):
            raise ValueError(
                f"fn: the function closes over the tensor or variable {name!r} of the function around it, for which "
                "no gradient would be computed. Make it an argument of fn."
            )


def _run_recomputing(run, args, use_data_dep, tupleize_grads):
    """Returns run(args, False); its gradient calls run(args, True)."""
    use_data_dep = in_xla_context(v1.get_default_graph()) if use_data_dep is _USE_DEFAULT else use_data_dep
    scope, defaults, store = v1.get_variable_scope(), current_arg_scope(), to_enter_again()

    @tf.custom_gradient
    def with_recompute(*args):
        with not_recorded_if_eager(), tf.GradientTape() as tape:
            outputs = run(args, False)
        first_variables = None if tf.executing_eagerly() else references(tape.watched_variables())

        def grad_fn(*output_grads, variables=None):
            variables = list(variables or ())
            expected = references(variables) if first_variables is None else first_variables
            inputs = _after_gradients([tf.identity(arg) for arg in args], output_grads, use_data_dep)
            with tf.control_dependencies(present(output_grads)):
                with store(), arg_scope(defaults), v1.variable_scope(scope, reuse=True):
                    gradients = gradients_of_rerun(lambda: run(inputs, True), inputs, variables, output_grads, expected)
            if tupleize_grads:
                gradients = _wait_for_all(gradients, use_data_dep)
            input_grads = gradients[: len(inputs)]
            return (input_grads, gradients[len(inputs) :]) if variables else input_grads

        return outputs, grad_fn

    with deferring_losses():
        return with_recompute(*args)


# --- shared with RevBlock -----------------------------------------------------------------------


def not_recorded_if_eager():
    """Returns a context in which eager tapes record nothing.

    In a graph nothing need be done: `tf.custom_gradient` cuts the path there.
    """
    return stop_recording() if tf.executing_eagerly() else contextlib.nullcontext()


def references(variables):
    """Returns the set of the variables' references, since variables need not have a hash."""
    return {variable.ref() for variable in variables}


def present(tensors):
    """Returns the tensors that are not None."""
    return [tensor for tensor in tensors if tensor is not None]


def gradients_of_rerun(rerun, inputs, variables, output_grads, expected_variables=None):
    """Returns the gradients for `inputs`, then `variables`, of running a function again.

    Args:
      rerun: a function without arguments, which computes from `inputs`.
      inputs: a list of tensors, at which gradients stop.
      variables: a list of variables.
      output_grads: the gradient of each output; an output without one is left out.
      expected_variables: None, or the references of the variables that the first run used.

    Returns:
      A list of gradients; None where nothing depends.

    Raises:
      ValueError: if the function uses other variables than are expected.
    """
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = tf.nest.flatten(rerun())
    if expected_variables is not None:
        _check_same_variables(expected_variables, references(tape.watched_variables()))
    pairs = [(output, grad) for output, grad in zip(outputs, output_grads) if grad is not None]
    outputs, output_grads = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    sources = list(inputs) + list(variables)
    if not pairs:
        return [None] * len(sources)
    if tf.executing_eagerly():
        return tape.gradient(outputs, sources, output_gradients=output_grads)
    # Unlike a tape, this also goes through the loops of graphs without v2 control flow.
    return tf.gradients(outputs, sources, output_grads, stop_gradients=list(inputs))


def _check_same_variables(first, second):
    if first == second:  # Sets of references; nothing here is a tensor.
        return
    names = sorted(ref.deref().name for ref in first ^ second)
    raise ValueError(
        f"The function used other variables when it was computed again: {names} only once. Most likely it opens a "
        "variable scope with a default name and is called twice in the same enclosing scope. Give each call a scope "
        "of its own."
    )


# --- order of computation -----------------------------------------------------------------------


def _after_gradients(inputs, output_grads, use_data_dep):
    """Returns the inputs, if need be made to depend on the gradients by value."""
    return _depend_on(present(output_grads), inputs) if use_data_dep else inputs


def _wait_for_all(gradients, use_data_dep):
    """Returns the gradients, each available only when all are."""
    if not present(gradients):
        return gradients
    return _depend_on(present(gradients), gradients) if use_data_dep else v1.tuple(gradients)


def _depend_on(first, tensors):
    """Returns `tensors` unchanged in value, but computed after `first`, by adding a sum that is 0.

    Raises:
      ValueError: if a tensor is not of a floating dtype.
    """
    total = tf.add_n([_any_element(tensor) for tensor in first])
    if not total.dtype.is_floating:
        raise ValueError(error_text("use_data_dep", "gradients of a floating dtype", total.dtype.name))
    # Not zero itself: a compiler would see that nothing is added.
    tiny = tf.stop_gradient(np.finfo(total.dtype.as_numpy_dtype).tiny * total)
    return [None if tensor is None else tf.identity(tensor) + tf.cast(tiny, tensor.dtype) for tensor in tensors]


def _any_element(tensor):
    return tf.reshape(tf.convert_to_tensor(tensor), [-1])[0]
