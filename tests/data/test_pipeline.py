"""Order, epochs, shuffling and limits of the record stream."""

import collections

import pytest
import tensorflow as tf

from slimshim.data._pipeline import record_dataset
from slimshim.data._sources import source_for

from .conftest import write_records

v1 = tf.compat.v1

ALL = [b"%d-%d" % (i, j) for i in range(3) for j in range(7)]


def read(files, limit=1000, **settings):
    settings = {"capacity": 16, "min_after_dequeue": 8, **settings}
    dataset = record_dataset(files, source_for(v1.TFRecordReader), **settings)
    return [value.numpy() for _, value in dataset.take(limit)]


def test_without_shuffle_one_reader_gives_the_files_in_order(record_files):
    assert read(record_files, num_epochs=2, shuffle=False) == ALL + ALL


def test_several_readers_take_turns(record_files):
    got = read(record_files, num_epochs=1, shuffle=False, num_readers=2)
    assert got[:4] == [b"0-0", b"1-0", b"0-1", b"1-1"]
    assert sorted(got) == ALL


@pytest.mark.parametrize("num_readers", [1, 2, 5])
def test_shuffle_gives_every_record_once_an_epoch(record_files, num_readers):
    got = read(record_files, num_epochs=3, num_readers=num_readers)
    assert collections.Counter(got) == {record: 3 for record in ALL}
    assert got != ALL * 3


def test_a_seed_makes_the_order_the_same_and_another_seed_another(record_files):
    settings = dict(num_epochs=2, num_readers=2)
    first = read(record_files, seed=1, **settings)
    assert read(record_files, seed=1, **settings) == first
    assert read(record_files, seed=2, **settings) != first


def test_epochs_without_end_go_on(record_files):
    assert len(read(record_files, limit=100)) == 100


def test_empty_files_end_the_stream_instead_of_hanging(tmp_path):
    files = [write_records(tmp_path / name, []) for name in "ab"]
    assert read(files) == []
    assert read(files, shuffle=False, num_readers=2) == []


@pytest.mark.parametrize(
    "setting, value",
    [("num_epochs", 0), ("num_readers", 0), ("capacity", 0), ("min_after_dequeue", 16)],
)
def test_numbers_out_of_range_are_named(record_files, setting, value):
    with pytest.raises(ValueError, match=f"{setting}: expected.*{setting}={value}"):
        read(record_files, **{setting: value})
