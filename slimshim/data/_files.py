"""Which files a `data_sources` argument means."""

from __future__ import annotations

import os

import tensorflow as tf

from .._checks import error_text

_PATTERN_SIGNS = "*?["


def get_data_files(data_sources):
    """Returns the list of files that `data_sources` means.

    A name without `*`, `?` or `[` stands for itself, whether or not the file is there yet. The
    files of a pattern come sorted, so that reading in order is the same on every file system.

    Args:
      data_sources: a file name, a pattern such as `/data/train*`, or any nesting of lists and
        tuples of these.

    Raises:
      ValueError: if no file is meant: an empty list, or a pattern that matches nothing.

    Source: `tf.contrib.slim.parallel_reader.get_data_files` of TF 1.15.
    """
    if isinstance(data_sources, (str, bytes, os.PathLike)):
        return _files_of_one(os.fsdecode(data_sources))
    try:
        sources = list(data_sources)
    except TypeError:
        raise ValueError(error_text("data_sources", "file names, patterns or a list of them", data_sources)) from None
    files = [file for source in sources for file in get_data_files(source)]
    return _some(files, data_sources)


def _files_of_one(source):
    if any(sign in source for sign in _PATTERN_SIGNS):
        return _some(sorted(tf.io.gfile.glob(source)), source)
    return _some([source] if source else [], source)


def _some(files, data_sources):
    if not files:
        raise ValueError(f"No data files found in data_sources={data_sources!r}.")
    return files
