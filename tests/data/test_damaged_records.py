"""Corrupt and truncated TFRecord files: the error says where, a skip counts."""

import logging

import hypothesis
import hypothesis.strategies as st
import pytest
import tensorflow as tf

from slimshim.data import parallel_reader
from slimshim.data._sources import source_for

from .conftest import write_records

v1 = tf.compat.v1

RECORDS = [b"record-%03d" % i * 10 for i in range(70)]
FRAME = 16
SIZE = len(RECORDS[0]) + FRAME


def read(path, on_error, compression="", block=16):
    options = tf.io.TFRecordOptions(compression_type=compression)
    source = source_for(v1.TFRecordReader, {"options": options, "on_error": on_error}, block)
    return [value.numpy() for _, value in source(str(path))]


def damage(path, kind, record):
    """Damages a file of RECORDS within `record`."""
    content = bytearray(path.read_bytes())
    start = record * SIZE
    if kind == "flipped payload":
        content[start + 12 + 5] ^= 0xFF
    elif kind == "flipped length":
        content[start] ^= 0xFF
    elif kind == "cut in the payload":
        del content[start + 12 + 5 :]
    elif kind == "cut in the length":
        del content[start + 5 :]
    path.write_bytes(bytes(content))


KINDS = ["flipped payload", "flipped length", "cut in the payload", "cut in the length"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("record", [0, 16, 69])
def test_the_error_names_file_record_and_byte(tmp_path, kind, record):
    path = tmp_path / "damaged"
    write_records(path, RECORDS)
    damage(path, kind, record)
    expected = rf"file {path}, record {record} \(from 0\), byte {record * SIZE}"
    with pytest.raises(tf.errors.InvalidArgumentError, match=expected):
        read(path, "raise")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("record", [0, 16, 69])
def test_a_skip_keeps_what_comes_before_and_reports_the_place(tmp_path, kind, record):
    path = tmp_path / "damaged"
    write_records(path, RECORDS)
    damage(path, kind, record)
    places = []
    assert read(path, places.append) == RECORDS[:record]
    assert places == [(str(path), record, record * SIZE)]


@pytest.mark.parametrize("compression", ["GZIP", "ZLIB"])
def test_a_truncated_compressed_file_is_noticed(tmp_path, compression):
    path = tmp_path / "damaged"
    write_records(path, RECORDS, compression)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"corrupt or truncated.*{path}"):
        read(path, "raise", compression)
    skipped = parallel_reader.SkippedRecords()
    good = read(path, skipped, compression)
    assert good == RECORDS[: len(good)]
    assert skipped.count == 1
    assert skipped.places[0] == (str(path), len(good), len(good) * SIZE)


def test_what_is_no_record_file_at_all_is_named(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("These are notes and no records, but long enough for a header.")
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"{path}, record 0 \(from 0\), byte 0"):
        read(path, "raise")


@pytest.mark.parametrize("compression", ["", "GZIP"])
def test_sound_and_empty_files_report_nothing(tmp_path, compression):
    sound = write_records(tmp_path / "sound", RECORDS, compression)
    empty = write_records(tmp_path / "empty", [], compression)
    with_empty_records = write_records(tmp_path / "empty records", [b""] * 40, compression)
    skipped = parallel_reader.SkippedRecords()
    assert read(sound, skipped, compression) == RECORDS
    assert read(empty, skipped, compression) == []
    assert read(with_empty_records, skipped, compression) == [b""] * 40
    assert skipped.count == 0


def test_a_missing_file_is_an_error_even_when_skipping(tmp_path):
    with pytest.raises(tf.errors.NotFoundError, match="gone"):
        read(tmp_path / "gone", "skip")


def test_skipping_goes_on_with_the_next_file_and_warns(tmp_path, caplog):
    path = tmp_path / "a-damaged"
    write_records(path, RECORDS)
    damage(path, "flipped payload", 3)
    write_records(tmp_path / "b-sound", RECORDS)
    skipped = parallel_reader.SkippedRecords()
    with tf.Graph().as_default(), v1.Session() as session:
        _, value = parallel_reader.single_pass_read(str(tmp_path / "*"), v1.TFRecordReader, {"on_error": skipped})
        with caplog.at_level(logging.WARNING):
            values = [session.run(value) for _ in range(3 + 70)]
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(value)
    assert values == RECORDS[:3] + RECORDS
    assert skipped.count == 1
    assert f"record 3 at byte {3 * SIZE} of {path}" in caplog.text


@hypothesis.settings(max_examples=25, deadline=None)
@hypothesis.given(
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=40),
    cut=st.integers(1, 60),
    block=st.sampled_from([1, 3, 16]),
)
def test_a_file_cut_anywhere_gives_its_whole_records_and_one_report(tmp_path_factory, lengths, cut, block):
    path = tmp_path_factory.mktemp("cut") / "file"
    records = [bytes([i]) * length for i, length in enumerate(lengths)]
    write_records(path, records)
    content = path.read_bytes()[:-cut]
    path.write_bytes(content)
    ends = [sum(length + FRAME for length in lengths[: i + 1]) for i in range(len(lengths))]
    whole = sum(end <= len(content) for end in ends)
    clean = len(content) == (ends[whole - 1] if whole else 0)
    skipped = parallel_reader.SkippedRecords()
    assert read(path, skipped, block=block) == records[:whole]
    assert skipped.count == (0 if clean else 1)
