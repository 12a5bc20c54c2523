"""One formula for every error about an argument.

An error says which argument is wrong, what was expected, what came, and what to do.
This module knows nothing of TensorFlow, so every room may import it.
"""

from __future__ import annotations

import difflib


def error_text(argument, expected, received, remedy=None):
    """Returns the sentence for a bad argument.

    Args:
      argument: the argument's name as the caller wrote it.
      expected: what would have been right, in words.
      received: the value that came; shown with `repr`.
      remedy: what to do about it, a whole sentence, or None.
    """
    text = f"{argument}: expected {expected}. Received: {argument}={received!r}."
    return f"{text} {remedy}" if remedy else text


def check(condition, argument, expected, received, remedy=None, error=ValueError):
    """Raises `error` with `error_text(...)` unless `condition` holds."""
    if not condition:
        raise error(error_text(argument, expected, received, remedy))


def one_of(argument, value, choices, error=ValueError, remedy=None):
    """Returns `value` if it is among `choices`, else raises `error` that lists them."""
    if value not in choices:
        expected = "one of " + ", ".join(repr(choice) for choice in choices)
        raise error(error_text(argument, expected, value, remedy))
    return value


def nearest_names(name, known, count=3):
    """Returns up to `count` of the `known` names that look most like `name`.

    Whole names are compared first. When none is close, the last path components are: a
    checkpoint often differs from a model by a scope prefix alone.
    """
    known = list(known)
    found = difflib.get_close_matches(name, known, n=count, cutoff=0.6)
    if found:
        return found
    leaf = name.rsplit("/", 1)[-1]
    return [other for other in known if other.rsplit("/", 1)[-1] == leaf][:count]
