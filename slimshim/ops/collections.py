"""Where losses, updates, end points and summaries are kept, in every mode.

Graph mode: TensorFlow's own collections. TF2 mode: the collections of the current step. Code
that asks `tf.compat.v1.get_collection` inside a traced function finds them too, because they
are put on the function's own graph. In plain eager code TensorFlow would keep them on a
process-wide graph for ever, so there they belong to the running `Module` call alone. Keras
tensors outside any step are kept for as long as somebody else holds them.

The replicas of a `tf.distribute` strategy are traced into one graph; each finds what it put there
itself, and what no replica did.
"""

from __future__ import annotations

import contextlib
import contextvars
import weakref

import tensorflow as tf

from .._tf import is_keras_tensor
from ._replicas import replicas_in_sync

v1 = tf.compat.v1

# The step that is running in TF2 mode: a dict of name -> list, or None outside any Module.
_current_step = contextvars.ContextVar("collections_of_the_step", default=None)

# Graph -> (collection name, id of an item there) -> ids of the replicas that put it in.
_put_in_by_replicas = weakref.WeakKeyDictionary()

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


def current_step():
    """Returns the dict of the step that is running in TF2 mode, or None; each step has one of its own."""
    return _current_step.get()


def add_to_collection(name, value):
    """Adds `value` to the collection `name` of the graph or of the current step."""
    step = _current_step.get()
    if step is not None:
        step.setdefault(name, []).append(value)
    elif tf.executing_eagerly() and is_keras_tensor(value):
        alive = [reference for reference in _keras_tensors.get(name, ()) if reference() is not None]
        _keras_tensors[name] = [*alive, weakref.ref(value)]
    if not tf.executing_eagerly() and not _is_there_from_another_replica(name, value):
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
        return _without_other_replicas(name, v1.get_collection(name, scope))
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


def _replica_id():
    """Returns which of several replicas this code runs in, or None."""
    context = replicas_in_sync()
    if context is None:
        return None
    # On TPUs it is not known while tracing; but there a single trace serves all replicas.
    replica = tf.get_static_value(context.replica_id_in_sync_group)
    return None if replica is None else int(replica)


def _is_there_from_another_replica(name, value):
    """Notes that this replica has put in `value`; returns whether another one, which shares it, had."""
    replica = _replica_id()
    if replica is None:
        return False
    owners = _put_in_by_replicas.setdefault(v1.get_default_graph(), {}).setdefault((name, id(value)), set())
    was_there = bool(owners - {replica})
    owners.add(replica)
    return was_there


def _without_other_replicas(name, items):
    replica = _replica_id()
    if replica is None:
        return items
    owners_of = _put_in_by_replicas.get(v1.get_default_graph(), {})
    return [item for item in items if replica in owners_of.get((name, id(item)), (replica,))]


def _filtered(items, scope):
    import re

    if scope is None:
        return list(items)
    pattern = re.compile(scope)
    return [item for item in items if pattern.match(getattr(item, "name", "") or "")]
