"""Where losses, updates, end points and summaries are kept, in every mode.

Graph mode: TensorFlow's own collections. TF2 mode: the collections of the current step. Code
that asks `tf.compat.v1.get_collection` inside a traced function finds them too, because they
are put on the function's own graph. In plain eager code TensorFlow would keep them on a
process-wide graph for ever, so there they belong to the running `Module` call alone. Keras
tensors outside any step are kept for as long as somebody else holds them.
"""

from __future__ import annotations

import contextlib
import contextvars
import weakref

import tensorflow as tf

from .._tf import is_keras_tensor

v1 = tf.compat.v1

# The step that is running in TF2 mode: a dict of name -> list, or None outside any Module.
_current_step = contextvars.ContextVar("collections_of_the_step", default=None)

# Symbolic mode: name -> weak references to Keras tensors.
_keras_tensors = {}


@contextlib.contextmanager
def step_collections(step):
    """Makes `step`, a dict of lists, the place where TF2 mode keeps collections."""
    token = _current_step.set(step)
    try:
        yield step
    finally:
        _current_step.reset(token)


def add_to_collection(name, value):
    """Adds `value` to the collection `name` of the graph or of the current step."""
    step = _current_step.get()
    if step is not None:
        step.setdefault(name, []).append(value)
    elif tf.executing_eagerly() and is_keras_tensor(value):
        alive = [reference for reference in _keras_tensors.get(name, ()) if reference() is not None]
        _keras_tensors[name] = [*alive, weakref.ref(value)]
    if not tf.executing_eagerly():
        v1.add_to_collection(name, value)


def add_to_collections(names, value):
    """Adds `value` to each of `names`: one name, a sequence of names, or None."""
    if names is None:
        return
    if isinstance(names, str):
        names = (names,)
    for name in dict.fromkeys(names):
        add_to_collection(name, value)


def get_collection(name, scope=None):
    """Returns the list of what the collection holds, filtered by `scope` as TF1 does.

    Args:
      name: the collection's name.
      scope: a regular expression that an item's name must match from its start, or None.
    """
    if not tf.executing_eagerly():
        return v1.get_collection(name, scope)
    step = _current_step.get()
    if step is None:
        alive = (reference() for reference in _keras_tensors.get(name, ()))
        return _filtered([tensor for tensor in alive if tensor is not None], scope)
    return _filtered(step.get(name, ()), scope)


def clear_collection(name):
    """Empties the collection `name` of the graph or of the current step."""
    step = _current_step.get()
    if step is not None:
        step.pop(name, None)
    else:
        _keras_tensors.pop(name, None)
    if not tf.executing_eagerly():
        v1.get_default_graph().clear_collection(name)


def _filtered(items, scope):
    import re

    if scope is None:
        return list(items)
    pattern = re.compile(scope)
    return [item for item in items if pattern.match(getattr(item, "name", "") or "")]
