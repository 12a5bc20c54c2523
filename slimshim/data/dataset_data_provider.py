"""`DatasetDataProvider`: decoded samples of a `Dataset`, in graphs and in TF2."""

from __future__ import annotations

import weakref

import tensorflow as tf

from .._checks import error_text
from .._tf import in_graph_mode
from . import data_provider, parallel_reader
from ._decoding import decoded
from ._files import get_data_files
from ._graph_iterators import OTHER_STATE, leans_on, next_element
from ._pipeline import is_ordered, record_dataset
from ._record_keys import record_key_scope
from ._skipping import SkippedRecords, check_on_error
from ._sources import block_size, locator_for, source_for

v1 = tf.compat.v1


class DatasetDataProvider(data_provider.DataProvider):
    """Reads a dataset's files, decodes its records, and gives the items' tensors.

    Graph mode: `get` always gives the same tensors, and each run of them is the next sample, as in
    TF1. They go into the program's own `tf.compat.v1.train.batch`. Nothing has to be initialized
    for them, except that a decoder with lookup tables needs `tf.compat.v1.tables_initializer()`,
    as it did in TF1. Reading and decoding happen in `tf.data`. Only a decoder that leans on other
    state of the graph (variables, placeholders) decodes in the graph itself, and only a reader
    class that `tf.data` has nothing for reads through TF1's queues and its queue runner.

    TF2 mode: `get` gives the tensors of the current sample. Asking again for an item that was
    already given moves on to the next sample, so `get(["image"])` and `get(["label"])` one after
    the other belong together, and a loop sees a new sample each time. In a `tf.function` each
    call starts with a new sample. `as_dataset` gives the whole as a `tf.data.Dataset`.

    After the last epoch both modes raise `tf.errors.OutOfRangeError`.

    Args:
      dataset: a `dataset.Dataset`.
      num_readers: how many files are read side by side.
      reader_kwargs: the reader's own arguments, or None. One more is `on_error`: "raise" (the
        default) stops at a record that cannot be read or decoded; "skip" leaves it out, warns and
        counts (see `num_skipped`); pass a `parallel_reader.SkippedRecords`, or any callable that
        takes a `SkippedRecord`, to see the places. A TFRecord that cannot be read hides the rest of
        its file; one that cannot be decoded is left out alone.
      shuffle: whether files and records come in random order.
      num_epochs: how often every file is read; None for without end.
      common_queue_capacity: the most undecoded records held: the shuffle buffer, or the read-ahead
        without `shuffle`.
      common_queue_min: how many records TF1's shuffling queue kept at least; less than
        `common_queue_capacity`.
      record_key: the name under which `get` gives the record's key: `file:byte` for TFRecords,
        `file:line` for text, `file:number` for records of fixed length, else the file.
      seed: for `shuffle`. With a seed, or without `shuffle`, every run has the same order.
      scope: the operations' name scope; "parallel_read" by default.

    Raises:
      ValueError: if `record_key` is also an item of the dataset, no file is found, or a number is
        out of its range.
      TypeError: in TF2 mode, if `tf.data` has nothing for the dataset's reader.
      tf.errors.InvalidArgumentError: when run, at a record that is corrupt, truncated, or cannot
        be decoded; it names the file, the record's number and its byte. Records are decoded in
        blocks, and good ones of the same block may come before the error. A decoder that has to
        work in the graph itself gives its own error, and cannot skip.

    Source: `tf.contrib.slim.dataset_data_provider.DatasetDataProvider` of TF 1.15.
    """

    def __init__(
        self,
        dataset,
        num_readers=1,
        reader_kwargs=None,
        shuffle=True,
        num_epochs=None,
        common_queue_capacity=256,
        common_queue_min=128,
        record_key="record_key",
        seed=None,
        scope=None,
    ):
        self._decoder = dataset.decoder
        self._reader = dataset.reader
        self._items = list(dataset.decoder.list_items())
        self._record_key = record_key
        if record_key in self._items:
            expected = f"a name besides the dataset's items {sorted(self._items)}"
            raise ValueError(error_text("record_key", expected, record_key))
        reader_kwargs, self._on_error, self._skipped = _with_counter(reader_kwargs, dataset.reader)
        self._in_order = is_ordered(shuffle, seed)
        self._capacity = common_queue_capacity

        data_files = get_data_files(dataset.data_sources)
        block = block_size(common_queue_capacity, num_readers)
        open_file = source_for(dataset.reader, reader_kwargs, block)
        settings = (num_epochs, num_readers, shuffle, common_queue_capacity, common_queue_min, seed)
        self._locate = locator_for(dataset.reader, reader_kwargs)
        if open_file is None:
            self._records = None
            tensors = self._read_through_queues(dataset, reader_kwargs, settings, scope)
        elif in_graph_mode():
            with v1.name_scope(scope, "parallel_read"):
                self._records = record_dataset(data_files, open_file, *settings)
                tensors = self._graph_tensors()
        else:
            # Lifted out of a function that is being traced: the data outlives its one call.
            with tf.init_scope():
                self._records = record_dataset(data_files, open_file, *settings)
            tensors = dict.fromkeys([*self._items, record_key])
            self._samples = _Samples(self.as_dataset)
        super().__init__(items_to_tensors=tensors, num_samples=dataset.num_samples)

    def get(self, items):
        """Returns the list of tensors for `items`, in that order.

        Args:
          items: a list or tuple of names among `list_items()`.

        Raises:
          ValueError: if `items` is no list or tuple, or holds an unknown name.
          tf.errors.OutOfRangeError: after the last sample; in graph mode when the tensors are run.
        """
        if in_graph_mode():
            return super().get(items)
        self._validate_items(items)
        return self._samples.get(items)

    def as_dataset(self):
        """Returns a `tf.data.Dataset` of decoded samples: dicts of item name -> tensor.

        The record's key is among the items. Batch and prefetch it as you like.

        Raises:
          TypeError: if the dataset's reader is one that `tf.data` has nothing for.
        """
        if self._records is None:
            raise TypeError(_no_source_text(self._reader))
        return decoded(self._records, self._decode, self._locate, self._on_error, self._capacity, self._in_order)

    def num_skipped(self):
        """Returns at how many places reading or decoding had to skip so far, in this process.

        Always 0 unless `reader_kwargs` asked for `{"on_error": "skip"}` or handed over a
        `parallel_reader.SkippedRecords`.
        """
        return self._skipped.count

    @tf.autograph.experimental.do_not_convert  # TF1 ran decoders as they are written.
    def _decode(self, key, record):
        with record_key_scope(key):
            tensors = list(self._decoder.decode(record, self._items))
        if len(tensors) != len(self._items):
            expected = f"one tensor for each of the {len(self._items)} items {self._items}"
            raise ValueError(error_text("decoder.decode(...)", expected, tensors))
        return {**dict(zip(self._items, tensors)), self._record_key: key}

    def _graph_tensors(self):
        samples = self.as_dataset()
        if leans_on(samples) < OTHER_STATE:
            return next_element(samples.prefetch(tf.data.AUTOTUNE))
        # An iterator cannot see such state in time: a session initializes it, or feeds it.
        return self._decode(*next_element(self._records.prefetch(tf.data.AUTOTUNE)))

    def _read_through_queues(self, dataset, reader_kwargs, settings, scope):
        if not in_graph_mode():
            raise TypeError(_no_source_text(dataset.reader))
        num_epochs, num_readers, shuffle, capacity, minimum, seed = settings
        key, record = parallel_reader.parallel_read(
            dataset.data_sources,
            dataset.reader,
            num_epochs=num_epochs,
            num_readers=num_readers,
            reader_kwargs=reader_kwargs,
            shuffle=shuffle,
            capacity=capacity,
            min_after_dequeue=minimum,
            seed=seed,
            scope=scope,
        )
        return self._decode(key, record)


class _Samples:
    """Hands out a dataset's samples item by item, each item once per sample (TF2 mode)."""

    def __init__(self, make_dataset):
        self._make_dataset = make_dataset
        self._iterator = None
        # A function's tensors must not be seen outside its graph: each graph has its own sample.
        self._eager_sample = _Sample({})
        self._traced_samples = weakref.WeakKeyDictionary()

    def get(self, items):
        sample = self._current()
        if not sample.can_give(items):
            sample.tensors = self._draw()
            sample.given = set()
        sample.given.update(items)
        return [sample.tensors[item] for item in items]

    def _current(self):
        if tf.executing_eagerly():
            return self._eager_sample
        return self._traced_samples.setdefault(v1.get_default_graph(), _Sample({}))

    def _draw(self):
        if self._iterator is None:
            with tf.init_scope():
                self._iterator = iter(self._make_dataset().prefetch(tf.data.AUTOTUNE))
        return self._iterator.get_next()


class _Sample:
    def __init__(self, tensors):
        self.tensors = tensors
        self.given = set()

    def can_give(self, items):
        return bool(self.tensors) and self.given.isdisjoint(items)


def _with_counter(reader_kwargs, reader):
    """Returns (reader_kwargs, what to do on an error, the counter of what is skipped)."""
    kwargs = dict(reader_kwargs or {})
    on_error = kwargs.pop("on_error", "raise")
    check_on_error(on_error)
    counter = on_error if isinstance(on_error, SkippedRecords) else SkippedRecords()
    if isinstance(on_error, str) and on_error == "skip":
        on_error = counter
    if reader is v1.TFRecordReader:  # Of other files every byte can be read.
        kwargs["on_error"] = on_error
    return kwargs, on_error, counter


def _no_source_text(received):
    return error_text(
        "dataset.reader",
        "a TF1 reader class that tf.data can stand in for (TFRecordReader, TextLineReader, "
        "FixedLengthRecordReader, WholeFileReader, IdentityReader) or a tf.data.Dataset class",
        received,
        "Other reader classes work in graph mode only, and only through get().",
    )
