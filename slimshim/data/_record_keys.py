"""The key of the record that is being decoded, for who has to complain about it.

Decoders get a record's bytes alone; whoever calls one inside this scope lets its errors say which
record they are about.
"""

from __future__ import annotations

import contextlib
import contextvars

_current = contextvars.ContextVar("record_key", default=None)


@contextlib.contextmanager
def record_key_scope(key):
    """Within it, `current_record_key()` is `key`, a scalar string tensor."""
    token = _current.set(key)
    try:
        yield
    finally:
        _current.reset(token)


def current_record_key():
    """Returns the key tensor of the record that is being decoded, or None outside a scope."""
    return _current.get()
