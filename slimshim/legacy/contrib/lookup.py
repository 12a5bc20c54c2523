"""`tensorflow.contrib.lookup`: tables under their TensorFlow 1 names, on `tf.lookup`."""

from __future__ import annotations

import typing

import tensorflow as tf

from ..._checks import check

v1 = tf.compat.v1

MutableHashTable = tf.lookup.experimental.MutableHashTable
MutableDenseHashTable = tf.lookup.experimental.DenseHashTable

__all__ = [
    "FastHashSpec",
    "HashTable",
    "HasherSpec",
    "MutableDenseHashTable",
    "MutableHashTable",
    "index_table_from_file",
    "index_table_from_tensor",
    "index_to_string_table_from_file",
    "index_to_string_table_from_tensor",
    "string_to_index_table_from_file",
    "string_to_index_table_from_tensor",
]


class HasherSpec(typing.NamedTuple):
    """Which hash function a table's buckets use: its name, and a key for those that want one."""

    hasher: str
    key: object = None


FastHashSpec = HasherSpec("fasthash")


class HashTable(v1.lookup.StaticHashTable):
    """A table that is filled once.

    Args:
      initializer: e.g. a `KeyValueTensorInitializer`.
      default_value: what a missing key gives.
      shared_name: accepted; sharing between sessions went with TensorFlow 1.
      name: a name for the operations.
    """

    def __init__(self, initializer, default_value, shared_name=None, name=None):
        super().__init__(initializer, default_value, name=name)

    @property
    def init(self):
        """The operation that fills the table."""
        return self.initializer


def index_table_from_tensor(mapping, num_oov_buckets=0, default_value=-1, hasher_spec=None, dtype=tf.string, name=None):
    """Returns a table from the values of `mapping` to their places.

    Args:
      mapping: a vector of different values.
      num_oov_buckets: unknown keys are hashed into so many ids behind the last place; 0 for none.
      default_value: the id of an unknown key where there are no buckets.
      hasher_spec: which hash the buckets use: None or `FastHashSpec`, TensorFlow's fast one.
      dtype: the type of the keys.
      name: a name for the operations.

    Raises:
      ValueError: if `hasher_spec` is another hash, or there is no `mapping`.
    """
    _check_fast_hash(hasher_spec)
    check(mapping is not None, "mapping", "a vector of keys", mapping)
    with tf.name_scope(name or "string_to_index"):
        keys = tf.convert_to_tensor(mapping, None if tf.is_tensor(mapping) else dtype)
        places = tf.range(tf.size(keys, tf.int64), dtype=tf.int64)
        filler = v1.lookup.KeyValueTensorInitializer(keys, places)
        return _id_table(filler, num_oov_buckets, default_value)


def index_table_from_file(
    vocabulary_file=None,
    num_oov_buckets=0,
    vocab_size=None,
    default_value=-1,
    hasher_spec=None,
    key_dtype=tf.string,
    name=None,
    key_column_index=tf.lookup.TextFileIndex.WHOLE_LINE,
    value_column_index=tf.lookup.TextFileIndex.LINE_NUMBER,
    delimiter="\t",
):
    """Returns a table from the lines of a file to their numbers, counted from 0.

    Args:
      vocabulary_file: the path of a text file.
      num_oov_buckets, default_value, hasher_spec, name: as for `index_table_from_tensor`.
      vocab_size: the number of lines, where it is known.
      key_dtype: the type of the keys, string or an integer.
      key_column_index, value_column_index: which column of a line is the key, and which the id.
      delimiter: what parts the columns.

    Raises:
      ValueError: if `hasher_spec` is another hash, or there is no `vocabulary_file`.
    """
    _check_fast_hash(hasher_spec)
    check(vocabulary_file, "vocabulary_file", "the path of a text file", vocabulary_file)
    with tf.name_scope(name or "string_to_index"):
        filler = v1.lookup.TextFileInitializer(
            vocabulary_file,
            tf.string if key_dtype == tf.string else tf.int64,
            key_column_index,
            tf.int64,
            value_column_index,
            vocab_size=vocab_size,
            delimiter=delimiter,
        )
        return _id_table(filler, num_oov_buckets, default_value)


def index_to_string_table_from_tensor(mapping, default_value="UNK", name=None):
    """Returns a table from places to the strings of `mapping` at them."""
    check(mapping is not None, "mapping", "a vector of strings", mapping)
    with tf.name_scope(name or "index_to_string"):
        values = tf.convert_to_tensor(mapping, tf.string)
        places = tf.range(tf.size(values, tf.int64), dtype=tf.int64)
        filler = v1.lookup.KeyValueTensorInitializer(places, values)
        return v1.lookup.StaticHashTable(filler, default_value)


def index_to_string_table_from_file(
    vocabulary_file,
    vocab_size=None,
    default_value="UNK",
    name=None,
    key_column_index=tf.lookup.TextFileIndex.LINE_NUMBER,
    value_column_index=tf.lookup.TextFileIndex.WHOLE_LINE,
    delimiter="\t",
):
    """Returns a table from line numbers, counted from 0, to the lines of a file."""
    check(vocabulary_file, "vocabulary_file", "the path of a text file", vocabulary_file)
    with tf.name_scope(name or "index_to_string"):
        filler = v1.lookup.TextFileInitializer(
            vocabulary_file,
            tf.int64,
            key_column_index,
            tf.string,
            value_column_index,
            vocab_size=vocab_size,
            delimiter=delimiter,
        )
        return v1.lookup.StaticHashTable(filler, default_value)


def string_to_index_table_from_tensor(mapping, num_oov_buckets=0, default_value=-1, hasher_spec=None, name=None):
    """The older name of `index_table_from_tensor` for strings."""
    return index_table_from_tensor(mapping, num_oov_buckets, default_value, hasher_spec, name=name)


def string_to_index_table_from_file(
    vocabulary_file=None,
    num_oov_buckets=0,
    vocab_size=None,
    default_value=-1,
    hasher_spec=None,
    name=None,
):
    """The older name of `index_table_from_file` for strings."""
    return index_table_from_file(vocabulary_file, num_oov_buckets, vocab_size, default_value, hasher_spec, name=name)


def _check_fast_hash(hasher_spec):
    """Raises ValueError for another hash: it would put unknown words into other buckets than here."""
    check(
        hasher_spec is None or getattr(hasher_spec, "hasher", None) == FastHashSpec.hasher,
        "hasher_spec",
        "None or FastHashSpec; tf.lookup has no other hash",
        hasher_spec,
        "Retrain what depends on the ids of unknown words, or hash them with tf.strings.to_hash_bucket_strong.",
    )


def _id_table(filler, num_oov_buckets, default_value):
    if num_oov_buckets:
        return v1.lookup.StaticVocabularyTable(filler, num_oov_buckets)
    return v1.lookup.StaticHashTable(filler, default_value)
