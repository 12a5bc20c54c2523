"""The counters behind automatic variable scope names ("Conv", "Conv_1", ...).

TensorFlow keeps one for each graph and thread, and nothing public sets it back: in TF2 mode it counts
on through the whole process. TF 2.10 to 2.21, in which the key and the attribute are the same.
Can go with `tf.compat.v1.variable_scope`.
"""

from __future__ import annotations

import contextlib

import tensorflow as tf

v1 = tf.compat.v1

_STORE = ("__varscope",)


@contextlib.contextmanager
def automatic_names_from_the_start():
    """Lets automatic scope names count from the start within, and go on as before afterwards."""
    store = _scope_store()
    before = store.variable_scopes_count
    store.variable_scopes_count = {}
    try:
        yield
    finally:
        store.variable_scopes_count = before


@contextlib.contextmanager
def automatic_names_counted_in(counts):
    """Lets automatic scope names count in `counts`, a dict that is changed, and go on as before afterwards."""
    store = _scope_store()
    before = store.variable_scopes_count
    store.variable_scopes_count = counts
    try:
        yield
    finally:
        # Scopes that were entered again put a copy of the counts in place.
        left, store.variable_scopes_count = store.variable_scopes_count, before
        if left is not counts:
            counts.clear()
            counts.update(left)


def _scope_store():
    v1.get_variable_scope()  # Makes the store, if there is none yet.
    (store,) = v1.get_collection(_STORE)
    return store
