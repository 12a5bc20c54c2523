"""What happens when a record cannot be read: an error that names the place, or a counted skip."""

from __future__ import annotations

import collections
import logging
import threading

import numpy as np
import tensorflow as tf

from .._checks import error_text

SkippedRecord = collections.namedtuple("SkippedRecord", ["file", "record", "offset"])
SkippedRecord.__doc__ = """A place where reading had to skip.

file: the file's name. record: the record's number in it, from 0. offset: the byte where it starts.
"""


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
        logging.getLogger(__name__).warning(
            "Skipped: corrupt or truncated record %d at byte %d of %s, and the rest of that file (%d skipped so far).",
            place.record,
            place.offset,
            place.file,
            count,
        )


def error_action(on_error):
    """Returns `action(filename, record, offset) -> op` for a reader's `on_error` argument.

    Args:
      on_error: "raise" stops with an error that names the place; "skip" counts and warns; a
        callable is called with each `SkippedRecord`.
    """
    if callable(on_error):
        return lambda *place: _report(on_error, *place)
    if on_error == "skip":
        return error_action(SkippedRecords())
    if on_error == "raise":
        return _stop
    raise ValueError(error_text("on_error", "'raise', 'skip' or a callable", on_error))


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
