"""TF1's reader classes as `tf.data` sources.

A source is a function from a file name (a scalar string tensor) to a dataset of (key, value), both
scalar strings. Keys are TF1's, so that programs which parse them go on working.
"""

from __future__ import annotations

import inspect

import tensorflow as tf

from .._checks import error_text
from ._skipping import SkippedRecord
from ._tfrecords import tfrecord_locator, tfrecord_source

v1 = tf.compat.v1

# Records are given their keys in blocks: a function call for each would cost more than reading it.
_DEFAULT_BLOCK = 32
_LARGEST_BLOCK = 128

# Functions for tf.data that AutoGraph has nothing to do in, and would take its time over.
as_written = tf.autograph.experimental.do_not_convert


def block_size(capacity, num_readers):
    """Returns how many records make a block, so that all readers' together are `capacity` at most.

    Each reader has one block in work while it reads the next.
    """
    return max(1, min(_LARGEST_BLOCK, capacity // num_readers))


def source_for(reader_class, reader_kwargs=None, block=_DEFAULT_BLOCK):
    """Returns the source for a reader class, or None if `tf.data` has nothing for it.

    Args:
      reader_class: a TF1 reader class, or a `tf.data.Dataset` class made from a file name.
      reader_kwargs: that class's own arguments, by name; for TFRecords also `on_error`.
      block: how many records to give keys at once; they are held in memory.

    Raises:
      ValueError: if `reader_kwargs` holds an argument that the reader does not take.
    """
    kwargs = dict(reader_kwargs or {})
    make = _SOURCES.get(reader_class) if inspect.isclass(reader_class) else None
    if make is not None:
        return _make(make, kwargs, reader_class, block)
    if inspect.isclass(reader_class) and issubclass(reader_class, tf.data.Dataset):
        return as_written(lambda filename: _numbered(filename, reader_class(filename, **kwargs), 0, block))
    return None


def locator_for(reader_class, reader_kwargs=None):
    """Returns a function from a record's key (bytes) to its `SkippedRecord`."""
    if reader_class is v1.TFRecordReader:
        return tfrecord_locator(**(reader_kwargs or {}))
    return _whole_file if reader_class in (v1.WholeFileReader, v1.IdentityReader) else _as_in_key


def _whole_file(key):
    return SkippedRecord(key.decode("utf-8", "replace"), 0, 0)


def _as_in_key(key):
    file, number = key.decode("utf-8", "replace").rsplit(":", 1)
    return SkippedRecord(file, int(number), None)


def _make(make, kwargs, reader_class, block):
    try:
        inspect.signature(make).bind(**kwargs, block=block)
    except TypeError as error:
        expected = f"arguments of {reader_class.__name__} ({error})"
        raise ValueError(error_text("reader_kwargs", expected, kwargs)) from None
    return make(**kwargs, block=block)


def _text_line_source(skip_header_lines=None, name=None, *, block):
    """Keys are `file:line`, lines counted from 1, skipped header lines included."""
    del name
    skipped = skip_header_lines or 0

    @as_written
    def open_file(filename):
        lines = tf.data.TextLineDataset(filename).skip(skipped)
        return _numbered(filename, lines, skipped + 1, block)

    return open_file


def _fixed_length_source(
    record_bytes,
    header_bytes=None,
    footer_bytes=None,
    hop_bytes=None,
    name=None,
    encoding=None,
    *,
    block,
):
    """Keys are `file:record`, records counted from 0."""
    del name
    header, footer = header_bytes or 0, footer_bytes or 0
    compression = "" if encoding in (None, "NONE") else encoding
    hop = hop_bytes or record_bytes

    @as_written
    def open_file(filename):
        if hop == record_bytes:
            records = tf.data.FixedLengthRecordDataset(
                filename, record_bytes, header, footer, compression_type=compression
            )
        else:
            records = _hopping_records(filename, record_bytes, header, footer, hop, compression)
        return _numbered(filename, records, 0, block)

    return open_file


def _hopping_records(filename, record_bytes, header, footer, hop, compression):
    """Returns records that overlap or leave gaps, which tf.data has no reader for.

    The whole file is held in memory.
    """
    content = tf.io.read_file(filename)
    if compression:
        content = tf.io.decode_compressed(content, compression)
    end = tf.strings.length(content) - footer - record_bytes + 1
    starts = tf.data.Dataset.range(header, tf.cast(end, tf.int64), hop)
    return starts.map(as_written(lambda start: tf.strings.substr(content, start, record_bytes)))


def _whole_file_source(name=None, *, block):
    """Keys are the files' names, values their contents."""
    del name, block

    @as_written
    def open_file(filename):
        contents = tf.data.Dataset.from_tensors(filename).map(tf.io.read_file)
        return tf.data.Dataset.zip((tf.data.Dataset.from_tensors(filename), contents))

    return open_file


def _identity_source(name=None, *, block):
    """Keys and values are the files' names."""
    del name, block
    return as_written(lambda filename: tf.data.Dataset.from_tensors((filename, filename)))


def _numbered(filename, values, first, block):
    """Returns a dataset of (`filename:number`, value)."""

    @as_written
    def with_keys(numbers, values):
        return tf.strings.join([filename, ":", tf.strings.as_string(numbers)]), values

    return values.enumerate(start=first).batch(block).prefetch(1).map(with_keys).unbatch()


_SOURCES = {
    v1.TFRecordReader: tfrecord_source,
    v1.TextLineReader: _text_line_source,
    v1.FixedLengthRecordReader: _fixed_length_source,
    v1.WholeFileReader: _whole_file_source,
    v1.IdentityReader: _identity_source,
}
