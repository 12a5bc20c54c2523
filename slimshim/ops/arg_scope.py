"""Default keyword arguments for functions, kept on a stack of scopes.

The stack belongs to the current context (a `ContextVar`): threads and async tasks do not see
each other's scopes. Behaviour and names follow TF1's `tensorflow.contrib.framework.arg_scope`.

    with arg_scope([conv2d, fully_connected], weights_regularizer=l2_regularizer(5e-4)):
        with arg_scope([conv2d], stride=1, padding="SAME") as scope:
            net = conv2d(inputs, 64, [3, 3])
    ...
    with arg_scope(scope):  # the same defaults again
        net = conv2d(net, 64, [3, 3])
"""

from __future__ import annotations

import contextlib
import contextvars
import inspect

import wrapt

from .._checks import error_text

__all__ = [
    "add_arg_scope",
    "arg_scope",
    "arg_scope_func_key",
    "arg_scoped_arguments",
    "current_arg_scope",
    "has_arg_scope",
]

# A tuple of scopes, innermost last; a scope maps a function's key to its keyword arguments.
# Tuples, because a ContextVar's value must never be changed in place: contexts share it.
_stack = contextvars.ContextVar("arg_scope_stack", default=({},))

# Function key -> the names of its arguments that have defaults.
_scoped_arguments = {}


def current_arg_scope():
    """Returns the innermost scope: a dict of function key -> dict of keyword arguments."""
    return _stack.get()[-1]


def arg_scope_func_key(op):
    """Returns the key under which scopes keep the arguments of `op`.

    Two names of one decorated function (`conv2d`, `convolution2d`) have one key.
    """
    return getattr(op, "_key_op", str(op))


def has_arg_scope(func):
    """Returns True if `func` was decorated with `add_arg_scope`."""
    return arg_scope_func_key(func) in _scoped_arguments


def arg_scoped_arguments(func):
    """Returns the names of the arguments of `func` that a scope can set: those with defaults.

    Args:
      func: a function decorated with `add_arg_scope`.

    Returns:
      A tuple of argument names, in the order of the signature.

    Raises:
      ValueError: if `func` is not decorated.
    """
    _require_decorated(func, "func")
    return _scoped_arguments[arg_scope_func_key(func)]


@contextlib.contextmanager
def arg_scope(list_ops_or_scope, **kwargs):
    """Sets default keyword arguments of functions within a `with` block.

    Args:
      list_ops_or_scope: a list or tuple of functions decorated with `add_arg_scope`, or a scope
        (the dict that an earlier `arg_scope` gave) to use again. A scope that is used again
        replaces the enclosing ones.
      **kwargs: the defaults for each function of the list. Inner scopes win over outer ones, and
        what a call gives itself wins over every scope. Must be empty with a scope dict.

    Yields:
      The scope, a dict of function key -> dict of keyword arguments.

    Raises:
      TypeError: if `list_ops_or_scope` is no list, tuple or dict.
      ValueError: if a function is not decorated, or a scope dict comes with `kwargs`.
    """
    scope = _scope_of(list_ops_or_scope, kwargs)  # Before the push: a rejected scope changes nothing.
    token = _stack.set(_stack.get() + (scope,))
    try:
        yield scope
    finally:
        _stack.reset(token)


def _scope_of(list_ops_or_scope, kwargs):
    if isinstance(list_ops_or_scope, dict):
        if kwargs:
            raise ValueError(
                error_text(
                    "kwargs",
                    "no keyword arguments together with a scope dict",
                    sorted(kwargs),
                    "Open a second arg_scope inside, with the list of functions that they are for.",
                )
            )
        return dict(list_ops_or_scope)
    if not isinstance(list_ops_or_scope, (list, tuple)):
        raise TypeError(
            error_text(
                "list_ops_or_scope",
                "a list or tuple of functions, or a scope dict",
                list_ops_or_scope,
                "A single function needs brackets too: arg_scope([conv2d], ...).",
            )
        )
    for op in list_ops_or_scope:
        _require_decorated(op, "list_ops_or_scope")
    scope = dict(current_arg_scope())
    for op in list_ops_or_scope:
        key = arg_scope_func_key(op)
        scope[key] = {**scope.get(key, {}), **kwargs}
    return scope


def _require_decorated(op, argument):
    if not has_arg_scope(op):
        name = f"{getattr(op, '__module__', None)}.{getattr(op, '__qualname__', repr(op))}"
        raise ValueError(
            f"{argument}: {name} is not decorated with @add_arg_scope, so no arg_scope can reach it. "
            "Decorate it, or take it off the list."
        )


class _ScopedFunction(wrapt.FunctionWrapper):
    """A function that takes the defaults of the open scopes.

    Like a plain function it can be deep-copied and pickled: programs keep layers in parameter
    dicts (`{"normalizer_fn": batch_norm}`) and copy those.
    """

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce_ex__(self, protocol):
        return self.__qualname__


def add_arg_scope(func):
    """Returns `func` made open to `arg_scope`; its signature and docstring stay.

    Args:
      func: a function with arguments that have defaults.
    """
    key = arg_scope_func_key(func)
    _scoped_arguments[key] = _names_with_defaults(func)

    def call_with_scope(wrapped, instance, args, kwargs):
        defaults = current_arg_scope().get(key)
        return wrapped(*args, **({**defaults, **kwargs} if defaults else kwargs))

    scoped = _ScopedFunction(func, call_with_scope)
    scoped._key_op = key  # Falls through to `func`, so that both have one key.
    return scoped


def _names_with_defaults(func):
    parameters = inspect.signature(func).parameters.values()
    return tuple(p.name for p in parameters if p.default is not inspect.Parameter.empty)
