"""TFRecord files through `tf.data`, with TF1's record keys and with errors that say where.

`tf.data` reads fast, but its error for a bad record names no file, and an ignored error leaves no
trace. So errors are ignored at the source, and each file's end is checked instead: were all its
bytes (or, in a compressed file, all its turns) used up by good records?

Records are accounted for in blocks, since one function call for each would cost more than reading.
"""

from __future__ import annotations

import bisect
import functools
import struct

import tensorflow as tf

from ._decoding import ignore_errors
from ._skipping import SkippedRecord, error_action

v1 = tf.compat.v1

# A record's bytes in an uncompressed file besides its own: two checksums and its length.
_FRAME_BYTES = 16

# Functions for tf.data that AutoGraph has nothing to do in, and would take its time over.
_as_written = tf.autograph.experimental.do_not_convert


def tfrecord_source(name=None, options=None, on_error="raise", *, block):
    """Returns `open(filename)`, a dataset of (key, record) as `tf.compat.v1.TFRecordReader`.

    The key is `file:byte` with the byte of the (uncompressed) file where the record starts.

    Args:
      name: taken for TF1's sake; tf.data has no use for it.
      options: `tf.io.TFRecordOptions` or None: the files' compression.
      on_error: what to do about a corrupt or truncated record, see `error_action`. A record that
        cannot be read hides where the next one starts, so a skip leaves out the rest of the file.
      block: how many records to account for at once; they are held in memory.
    """
    del name
    compression = tf.io.TFRecordOptions.get_compression_type_string(options)
    act = error_action(on_error)

    @_as_written
    def open_file(filename):
        if compression:
            blocks, look_into = _numbered_blocks(filename, compression, block)
        else:
            blocks, look_into = _plain_blocks(filename, block)

        @_as_written
        def account(state, content):
            return _account(filename, act, state, *look_into(content))

        # State: good records so far, and the byte where the next one starts.
        start = (tf.constant(0, tf.int64), tf.constant(0, tf.int64))
        keyed = blocks.prefetch(1).scan(start, account)
        return _opened_once(filename).concatenate(keyed.unbatch())

    return open_file


def tfrecord_locator(name=None, options=None, on_error="raise"):
    """Returns a function from a key (bytes) to the `SkippedRecord` that tells file, number and byte.

    It reads through the file up to there, so it is for errors alone.
    """
    del name, on_error
    compression = tf.io.TFRecordOptions.get_compression_type_string(options)

    def locate(key):
        file, byte = key.decode("utf-8", "replace").rsplit(":", 1)
        stat = tf.io.gfile.stat(file)
        starts = _record_starts(file, compression, stat.length, stat.mtime_nsec)
        return SkippedRecord(file, bisect.bisect_left(starts, int(byte)), int(byte))

    return locate


@functools.lru_cache(maxsize=4)
def _record_starts(file, compression, length, changed):
    """Returns the bytes at which the records of a file start, as their keys count them."""
    del changed  # A file that was written anew is read anew.
    starts, end = [], 0
    for size in _compressed_sizes(file, compression) if compression else _plain_sizes(file, length):
        starts.append(end)
        end += size + _FRAME_BYTES
    return starts


def _plain_sizes(file, length):
    with tf.io.gfile.GFile(file, "rb") as content:
        start = 0
        while start + _FRAME_BYTES <= length:
            content.seek(start)
            (size,) = struct.unpack("<Q", content.read(8))
            yield size
            start += size + _FRAME_BYTES


def _compressed_sizes(file, compression):
    try:
        for record in v1.io.tf_record_iterator(file, tf.io.TFRecordOptions(compression)):
            yield len(record)
    except tf.errors.DataLossError:  # What comes after was not read either.
        return


def _plain_blocks(filename, block):
    """Returns (blocks of records with an empty one at the end, the function that looks into one).

    That function returns (the good records, whether the file ends with this block, and a function
    from the state then to whether a record was lost).
    """
    blocks = ignore_errors(tf.data.TFRecordDataset(filename)).batch(block)
    end = tf.data.Dataset.from_tensors(tf.constant([], tf.string))

    def look_into(records):
        return records, tf.equal(tf.size(records), 0), lambda state: _goes_on(filename, state[1])

    return blocks.concatenate(end), look_into


def _goes_on(filename, used_bytes):
    """Returns whether the file has more than `used_bytes` bytes.

    They are left out at the end rather than at the start, which would be read over to get past it.
    """
    rest = tf.data.FixedLengthRecordDataset(filename, 1, footer_bytes=used_bytes, buffer_size=1)
    byte_or_nothing = rest.concatenate(tf.data.Dataset.from_tensors(b"")).take(1)
    return tf.not_equal(byte_or_nothing.get_single_element(), b"")


def _numbered_blocks(filename, compression, block):
    """Returns what `_plain_blocks` does, for compressed files: they do not tell their true length.

    Each record is drawn together with a number, and one that cannot be read uses up its number all
    the same. At the end stands a marker that is no record: its number counts the records, good or
    not.
    """
    records = tf.data.TFRecordDataset(filename, compression_type=compression)
    marked = tf.data.Dataset.zip((records, tf.data.Dataset.from_tensors(True).repeat()))
    ended = marked.concatenate(tf.data.Dataset.from_tensors((b"", False)))
    numbered = tf.data.Dataset.zip((tf.data.Dataset.range(tf.int64.max), ended))

    def look_into(content):
        numbers, (records, are_records) = content
        good = tf.boolean_mask(records, are_records)
        return good, ~are_records[-1], lambda state: numbers[-1] > state[0]

    return ignore_errors(numbered).batch(block), look_into


def _account(filename, act, state, records, at_end, is_one_lost):
    """Returns the new state and a block's (keys, records); acts if a record is lost after it."""
    good_before, block_start = state
    sizes = tf.cast(tf.strings.length(records), tf.int64) + _FRAME_BYTES
    starts = block_start + tf.cumsum(sizes, exclusive=True)
    state = (good_before + tf.size(records, tf.int64), block_start + tf.reduce_sum(sizes))

    def act_if_lost():
        return tf.cond(is_one_lost(state), lambda: _done(act(filename, *state)), _nothing)

    with tf.control_dependencies([tf.cond(at_end, act_if_lost, _nothing)]):
        keys = tf.strings.join([filename, ":", tf.strings.as_string(starts)])
        return state, (keys, records)


def _nothing():
    return tf.constant(True)


def _done(action):
    with tf.control_dependencies([action] if action is not None else []):
        return tf.constant(True)


def _opened_once(filename):
    """Returns an empty dataset of (key, record) that fails as TensorFlow does if the file is not
    there or may not be read.

    Without it that error would be ignored with the others, and tf.data tries such a file forever.
    """
    first_byte = tf.data.FixedLengthRecordDataset(filename, 1, buffer_size=1).take(1).skip(1)
    return tf.data.Dataset.zip((tf.data.Dataset.from_tensors(b""), first_byte))
