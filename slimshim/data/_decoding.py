"""Decoding a stream of records, so that one that cannot be decoded is named, or skipped and counted.

A decoder that fails inside `Dataset.map` gives TensorFlow's error, which does not know the record.
So errors are ignored at first, and each block of records is counted: if it gave fewer samples than
it has records, the block is decoded once more, record by record, to find those that fail. Sound
data never get there, so looking after errors costs them nothing.
"""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf

from ._skipping import UndecodableRecord

v1 = tf.compat.v1

# Records are decoded in blocks of this many. At a block's end the last ones are waited for, which is
# nothing beside a whole block, as long as a block is much larger than what is decoded side by side.
_RECORDS_PER_WORKER = 64
_WORKERS = 2 * (os.cpu_count() or 1)

# Functions for tf.data that AutoGraph has nothing to do in, and would take its time over.
_as_written = tf.autograph.experimental.do_not_convert


def decoded(records, decode, locate, on_error, capacity, in_order):
    """Returns the dataset of `decode(key, record)` for all `records` that can be decoded.

    Args:
      records: a dataset of (key, record).
      decode: a function from (key, record) to a sample, of `tf.data`'s kind.
      locate: a function from a key (bytes) to its `SkippedRecord`.
      on_error: "raise" ends the data at a block with a record that cannot be decoded, with an error
        that names it; a callable is called with an `UndecodableRecord` for each, which is left out.
      capacity: the most records to hold.
      in_order: whether samples come in the records' order.
    """

    @_as_written
    def samples_of(keys, values):
        block = tf.data.Dataset.from_tensor_slices((keys, values))
        samples = block.map(decode, num_parallel_calls=_WORKERS, deterministic=in_order)

        @_as_written
        def report(keys, values):
            return samples.take(_report(decode, locate, on_error, keys, values))

        # Drawn from only if samples are missing.
        reports = tf.data.Dataset.from_tensors((keys, values)).flat_map(report)
        return ignore_errors(samples).concatenate(reports).take(tf.size(keys, tf.int64))

    return records.batch(max(1, min(capacity, _RECORDS_PER_WORKER * _WORKERS))).flat_map(samples_of)


def ignore_errors(dataset):
    """Returns `dataset` without the elements that fail."""
    if hasattr(dataset, "ignore_errors"):
        return dataset.ignore_errors()
    # Can go once every supported TensorFlow has Dataset.ignore_errors (2.12 has).
    return dataset.apply(tf.data.experimental.ignore_errors())


def _report(decode, locate, on_error, keys, values):
    """Returns 0, after reporting each record of the block that cannot be decoded."""

    @_as_written
    def report_one(count, record):
        return count + _report_record(decode, locate, on_error, *record)

    block = tf.data.Dataset.from_tensor_slices((keys, values))
    found = block.filter(_as_written(lambda key, value: ~_decodes(decode, key, value)))
    count = found.reduce(np.int64(0), report_one)
    # A decoder that failed and then did not: one that reads from a network, say.
    recovered = _as_written(lambda: _report_place(locate, on_error, keys[0], _RECOVERED))
    with tf.control_dependencies([tf.cond(tf.equal(count, 0), recovered, lambda: np.int64(0))]):
        return tf.zeros([], tf.int64)


_RECOVERED = "among this record and those that follow it one failed, and did not when it was tried again"


def _decodes(decode, key, value):
    """Returns whether a record can be decoded, a bool tensor."""
    samples = ignore_errors(tf.data.Dataset.from_tensors((key, value)).map(decode))
    return tf.equal(samples.reduce(0, _as_written(lambda count, sample: count + 1)), 1)


def _report_record(decode, locate, on_error, key, value):
    """Returns 1, after reporting one record; the error or the warning also says what failed."""

    def reason(key, *parts):
        return _reason(decode, key, tf.nest.pack_sequence_as(value, parts)).encode()

    why = tf.numpy_function(reason, [key, *tf.nest.flatten(value)], tf.string)
    return _report_place(locate, on_error, key, why)


def _report_place(locate, on_error, key, reason):
    def report(key, reason):
        place = UndecodableRecord(*locate(key))
        place.reason = reason.decode("utf-8", "replace")
        if on_error == "raise":
            return place.text().encode()
        on_error(place)
        return b""

    error = tf.numpy_function(report, [key, reason], tf.string)
    with tf.control_dependencies([tf.debugging.Assert(tf.equal(error, b""), [error])]):
        return tf.ones([], tf.int64)


def _reason(decode, key, value):
    """Returns the text of the error that decoding `value` gives, or that it is not known."""
    try:
        if tf.executing_eagerly():
            decode(tf.constant(key), tf.nest.map_structure(tf.constant, value))
        else:  # The session that asks waits in one of the threads that all sessions share.
            config = v1.ConfigProto(use_per_session_threads=True)
            with tf.Graph().as_default(), v1.Session(config=config) as session:
                sample = decode(tf.constant(key), tf.nest.map_structure(tf.constant, value))
                session.run([v1.tables_initializer(), sample])
    except tf.errors.OpError as error:
        return error.message
    except Exception:  # The decoder belongs to another graph and cannot be run here.
        pass
    return "the decoder's own error is in TensorFlow's log"
