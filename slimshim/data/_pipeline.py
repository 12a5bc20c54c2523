"""From files to one stream of records: what TF1's file-name queue and common queue did."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check


def record_dataset(
    data_files,
    open_file,
    num_epochs=None,
    num_readers=1,
    shuffle=True,
    capacity=256,
    min_after_dequeue=128,
    seed=None,
):
    """Returns a `tf.data.Dataset` of (key, value) over all records of `data_files`.

    What TF1's queues did, in `tf.data`'s words:

    * the file-name queue: the files, in a new random order each epoch if `shuffle`, `num_epochs`
      times over;
    * `num_readers` readers: that many files are read side by side, their records taken in turn;
    * the common queue: a shuffle buffer of `capacity` records, or a read-ahead of `capacity`
      records without `shuffle`. `min_after_dequeue` was TF1's promise of how full the buffer is
      at least; here it is full whenever records are left, so the promise always holds.

    The order is the same in every run without `shuffle`, or with a `seed`.

    Args:
      data_files: a list of file names.
      open_file: a source (see `_sources`).
      num_epochs: how often every file is read; None for without end.
      num_readers: how many files are read at the same time.
      shuffle: whether files and records come in random order.
      capacity: records held, at most.
      min_after_dequeue: less than `capacity`.
      seed: for `shuffle`; an int or None.

    Raises:
      ValueError: if a number is out of its range.
    """
    check(num_epochs is None or num_epochs > 0, "num_epochs", "None or more than 0", num_epochs)
    check(num_readers > 0, "num_readers", "more than 0", num_readers)
    check(capacity > 0, "capacity", "more than 0", capacity)
    if shuffle:
        expected = f"less than capacity={capacity}"
        check(min_after_dequeue < capacity, "min_after_dequeue", expected, min_after_dequeue)

    files = tf.data.Dataset.from_tensor_slices(list(data_files))
    if shuffle:
        files = files.shuffle(len(data_files), seed=seed)
    records = _read_files(files, open_file, num_readers)
    # Repeating here rather than at the files: if they hold no record at all, the stream ends,
    # where a loop over empty files would never come back.
    records = records.repeat(num_epochs)
    return records.shuffle(capacity, seed=seed) if shuffle else records.prefetch(capacity)


def is_ordered(shuffle, seed):
    """Returns whether records must come in the same order in every run."""
    return not shuffle or seed is not None


def _read_files(files, open_file, num_readers):
    if num_readers == 1:
        return files.flat_map(open_file)
    # The sources read ahead in the background, so taking turns is all that is left to do. Tf.data's
    # parallel interleave does it in threads, and hands each record from one to another.
    return files.interleave(open_file, cycle_length=num_readers, block_length=1)
