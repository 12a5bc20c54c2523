"""Reading many files at once: `parallel_read`, `single_pass_read`, `ParallelReader`."""

from __future__ import annotations

import tensorflow as tf

from .._tf import in_graph_mode
from ._files import get_data_files
from ._graph_iterators import next_element
from ._pipeline import record_dataset
from ._queue_reader import ParallelReader, check_dtypes, queue_read
from ._skipping import SkippedRecord, SkippedRecords, UndecodableRecord
from ._sources import block_size, source_for

v1 = tf.compat.v1

__all__ = [
    "ParallelReader",
    "SkippedRecord",
    "SkippedRecords",
    "UndecodableRecord",
    "get_data_files",
    "parallel_read",
    "single_pass_read",
]


def parallel_read(
    data_sources,
    reader_class,
    num_epochs=None,
    num_readers=4,
    reader_kwargs=None,
    shuffle=True,
    dtypes=None,
    capacity=256,
    min_after_dequeue=128,
    seed=None,
    scope=None,
):
    """Returns (key, value), two scalar string tensors: each run gives the next record.

    Graph mode. The records come through `tf.data`, and nothing has to be initialized or started
    for them; a program that initializes local variables and starts queue runners for its own
    `tf.compat.v1.train.batch` does no harm. At the end of the last epoch a run raises
    `tf.errors.OutOfRangeError`. A `reader_class` that `tf.data` has nothing for (your own, or
    `LMDBReader`) is run itself, with TF1's queues and queue runner; then the program must run
    `local_variables_initializer` and `start_queue_runners`, as in TF1.

    Args:
      data_sources: a file name, a pattern such as `/data/train*`, or a list of either.
      reader_class: `tf.compat.v1.TFRecordReader`, `TextLineReader`, `FixedLengthRecordReader`,
        `WholeFileReader`, `IdentityReader`, a `tf.data.Dataset` class that is made from a file
        name, or your own TF1 reader.
      num_epochs: how often every file is read; None for without end.
      num_readers: how many files are read side by side.
      reader_kwargs: the reader's own arguments, or None. `TFRecordReader` takes one more than in
        TF1: `on_error`. "raise" (the default) stops at a corrupt or truncated record with an error
        that names the file, the record's number and its byte. "skip" leaves out that record and
        the rest of its file, warns and counts; pass a `SkippedRecords` to read the count, or any
        callable that takes a `SkippedRecord`.
      shuffle: whether files and records come in random order.
      dtypes: `[tf.string, tf.string]` or None; nothing else was ever possible.
      capacity: the most records held: the shuffle buffer, or the read-ahead without `shuffle`.
      min_after_dequeue: how many records TF1's shuffling queue kept at least; less than
        `capacity`. Here the buffer is full as long as there are records.
      seed: for `shuffle`. With a seed, or without `shuffle`, every run has the same order.
      scope: the operations' name scope; "parallel_read" by default.

    Raises:
      ValueError: if no file is found or a number is out of its range.
      TypeError: if `dtypes` is not `[tf.string, tf.string]`.
      RuntimeError: in TF2 mode, where a call would start from the first record each time.
      tf.errors.InvalidArgumentError: when run, at a corrupt or truncated record.

    Source: `tf.contrib.slim.parallel_reader.parallel_read` of TF 1.15. Its summary of how full the
    queue is has gone with the queue.
    """
    _need_graph_mode("parallel_read")
    data_files = get_data_files(data_sources)
    if dtypes is not None:
        check_dtypes("dtypes", dtypes)
    with v1.name_scope(scope, "parallel_read"):
        open_file = source_for(reader_class, reader_kwargs, block_size(capacity, num_readers))
        if open_file is None:
            return queue_read(data_files, reader_class, num_epochs, num_readers, reader_kwargs,
                              shuffle, capacity, min_after_dequeue, seed)  # fmt: skip
        records = record_dataset(data_files, open_file, num_epochs, num_readers, shuffle,
                                 capacity, min_after_dequeue, seed)  # fmt: skip
        return next_element(records.prefetch(tf.data.AUTOTUNE))


def single_pass_read(data_sources, reader_class, reader_kwargs=None, scope=None):
    """Returns (key, value), two scalar string tensors: each run gives the next record, in order.

    All files are read once, one after the other. After the last record a run raises
    `tf.errors.OutOfRangeError`. Graph mode.

    Args:
      data_sources: as for `parallel_read`.
      reader_class: as for `parallel_read`.
      reader_kwargs: as for `parallel_read`.
      scope: the operations' name scope; "single_pass_read" by default.

    Raises:
      ValueError: if no file is found.
      RuntimeError: in TF2 mode.
      tf.errors.InvalidArgumentError: when run, at a corrupt or truncated record.

    Source: `tf.contrib.slim.parallel_reader.single_pass_read` of TF 1.15.
    """
    _need_graph_mode("single_pass_read")
    data_files = get_data_files(data_sources)
    with v1.name_scope(scope, "single_pass_read"):
        open_file = source_for(reader_class, reader_kwargs)
        if open_file is None:
            return queue_read(data_files, reader_class, 1, 1, reader_kwargs,
                              shuffle=False, capacity=1, min_after_dequeue=0, seed=None)  # fmt: skip
        return next_element(record_dataset(data_files, open_file, num_epochs=1, shuffle=False, capacity=1))


def _need_graph_mode(function):
    if not in_graph_mode():
        raise RuntimeError(
            f"{function} gives the tensors of a graph's input. In TF2 mode use "
            "DatasetDataProvider: its get() gives the next sample, its as_dataset() the "
            "tf.data.Dataset."
        )
