"""`ParallelReader`: TF1's readers around one common queue, in graphs."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check, error_text
from .._tf import in_graph_mode

v1 = tf.compat.v1

_QUEUE_DTYPES = (tf.string, tf.string)


class ParallelReader(v1.ReaderBase):
    """Reads with several TF1 readers at once into one common queue.

    Graph mode only: it is made of queues and queue runners, for programs that bring their own
    common queue or their own reader class. `parallel_read` reads the usual files through `tf.data`
    instead.

    Args:
      reader_class: a TF1 reader class, called as `reader_class(**reader_kwargs)`.
      common_queue: a queue of (key, value) pairs, dtypes `[tf.string, tf.string]`. A shuffling
        queue shuffles the records.
      num_readers: how many readers to make.
      reader_kwargs: a dict, or None.

    Raises:
      TypeError: if `common_queue.dtypes` is not `[tf.string, tf.string]`.
      RuntimeError: in TF2 mode.

    Source: `tf.contrib.slim.parallel_reader.ParallelReader` of TF 1.15.
    """

    def __init__(self, reader_class, common_queue, num_readers=4, reader_kwargs=None):
        # The base class would wrap one reader's handle; this one stands for many.
        if not in_graph_mode():
            raise RuntimeError(
                "ParallelReader works in graph mode only, as TF1's queues do. In TF2 mode use "
                "DatasetDataProvider(...).as_dataset(), or tf.data itself."
            )
        check_dtypes("common_queue.dtypes", common_queue.dtypes)
        kwargs = dict(reader_kwargs or {})
        self._readers = [reader_class(**kwargs) for _ in range(num_readers)]
        self._common_queue = common_queue

    @property
    def num_readers(self):
        """How many readers work side by side."""
        return len(self._readers)

    @property
    def common_queue(self):
        """The queue that all readers fill."""
        return self._common_queue

    def read(self, queue, name=None):
        """Returns (key, value), two string tensors: the common queue's next record.

        Adds the queue runner that fills the common queue to the graph.

        Args:
          queue: a queue of file names.
          name: the operation's name, or None.
        """
        self._fill_from(queue)
        return self._common_queue.dequeue(name=name)

    def read_up_to(self, queue, num_records, name=None):
        """Returns (keys, values), two string tensors of up to `num_records` records each.

        Adds the queue runner that fills the common queue to the graph.

        Args:
          queue: a queue of file names.
          num_records: an int or a scalar tensor.
          name: the operation's name, or None.

        Raises:
          tf.errors.UnimplementedError: when run, if the common queue has no `dequeue_up_to`.
        """
        self._fill_from(queue)
        return self._common_queue.dequeue_up_to(num_records, name)

    def num_records_produced(self, name=None):
        """Returns an int64 scalar: how many records all readers have read."""
        return tf.add_n([reader.num_records_produced() for reader in self._readers], name=name)

    def num_work_units_completed(self, name=None):
        """Returns an int64 scalar: how many files all readers have finished."""
        return tf.add_n([reader.num_work_units_completed() for reader in self._readers], name=name)

    def reset(self, name=None):
        """Returns an op that sets every reader back to its start."""
        return tf.group(*[reader.reset() for reader in self._readers], name=name)

    def _fill_from(self, queue):
        fill = [self._common_queue.enqueue(reader.read(queue)) for reader in self._readers]
        v1.train.add_queue_runner(v1.train.QueueRunner(self._common_queue, fill))


def check_dtypes(argument, dtypes):
    """Raises TypeError unless `dtypes` is `[tf.string, tf.string]`."""
    bases = tuple(tf.as_dtype(dtype).base_dtype for dtype in dtypes)
    if bases != _QUEUE_DTYPES:
        raise TypeError(error_text(argument, "[tf.string, tf.string]", list(dtypes)))


def queue_read(data_files, reader_class, num_epochs, num_readers, reader_kwargs, shuffle,
               capacity, min_after_dequeue, seed):  # fmt: skip
    """Returns (key, value) read by `reader_class` itself through TF1's queues.

    For reader classes that `tf.data` has nothing for. Graph mode only.
    """
    expected = "a TF1 reader class such as tf.compat.v1.TFRecordReader"
    check(callable(reader_class), "reader_class", expected, reader_class)
    file_names = v1.train.string_input_producer(
        data_files, num_epochs=num_epochs, shuffle=shuffle, seed=seed, name="filenames"
    )
    if shuffle:
        common_queue = v1.RandomShuffleQueue(capacity, min_after_dequeue, _QUEUE_DTYPES, seed=seed, name="common_queue")
    else:
        common_queue = v1.FIFOQueue(capacity, _QUEUE_DTYPES, name="common_queue")
    reader = ParallelReader(reader_class, common_queue, num_readers, reader_kwargs)
    return reader.read(file_names)
