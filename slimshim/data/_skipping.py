"""What happens when a record cannot be read: an error that names the place, or a counted skip."""

from __future__ import annotations

import collections
import logging
import threading

import numpy as np
import tensorflow as tf

from .._checks import check

SkippedRecord = collections.namedtuple("SkippedRecord", ["file", "record", "offset"])
SkippedRecord.__doc__ = """A place where reading had to skip.

file: the file's name. record: the record's number in it, from 0 (a line's from 1, as in its key).
offset: the byte where it starts, or None where that is not known.
"""


class UndecodableRecord(SkippedRecord):
    """The place of a record that was read, but could not be decoded. `reason` says why."""

    reason = ""

    def text(self):
        """Returns the error's text."""
        where = f"{self.record}" if self.offset is None else f"{self.record} (from 0), byte {self.offset}"
        return (
            f"cannot decode a record: file {self.file}, record {where}: {self.reason}. "
            "To go on without it: reader_kwargs={'on_error': 'skip'}."
        )


class SkippedRecords:
    """Counts the places where reading had to skip, and warns of each.

    Hand one to a reader as `reader_kwargs={"on_error": SkippedRecords()}`. `count` says how often
    reading skipped; `places` holds the latest `keep` places.
    """

    def __init__(self, keep=1000):
        self._lock = threading.Lock()
        self.count = 0
        self.places = collections.deque(maxlen=keep)

    def __call__(self, place):
        with self._lock:
            self.count += 1
            self.places.append(place)
            count = self.count
        logging.getLogger(__name__).warning("Skipped: %s (%d skipped so far).", _what_is_left_out(place), count)


def _what_is_left_out(place):
    where = (
        f"record {place.record}" + ("" if place.offset is None else f" at byte {place.offset}") + f" of {place.file}"
    )
    if isinstance(place, UndecodableRecord):
        return f"{where}, which cannot be decoded: {place.reason}"
    return f"corrupt or truncated {where}, and the rest of that file"


def error_action(on_error):
    """Returns `action(filename, record, offset) -> op` for a reader's `on_error` argument.

    Args:
      on_error: "raise" stops with an error that names the place; "skip" counts and warns; a
        callable is called with each `SkippedRecord`.
    """
    check_on_error(on_error)
    if callable(on_error):
        return lambda *place: _report(on_error, *place)
    return _stop if on_error == "raise" else error_action(SkippedRecords())


def check_on_error(on_error):
    """Raises ValueError unless `on_error` is "raise", "skip" or a callable."""
    known = callable(on_error) or (isinstance(on_error, str) and on_error in ("raise", "skip"))
    check(known, "on_error", "'raise', 'skip' or a callable", on_error)


def _stop(filename, record, offset):
    place = tf.strings.join(
        [
            "corrupt or truncated record: file ",
            filename,
            ", record ",
            tf.strings.as_string(record),
            " (from 0), byte ",
            tf.strings.as_string(offset),
            ". To go on without it: reader_kwargs={'on_error': 'skip'}.",
        ]
    )
    return tf.debugging.Assert(False, [place])


def _report(callback, filename, record, offset):
    def report(filename, record, offset):
        callback(SkippedRecord(filename.decode("utf-8", "replace"), int(record), int(offset)))
        return np.int64(0)

    return tf.numpy_function(report, [filename, record, offset], tf.int64)
