"""TF1's reader classes through tf.data, held against the readers themselves."""

import pytest
import tensorflow as tf

from slimshim.data import parallel_reader
from slimshim.data._sources import source_for

from .conftest import run_as_tf1_program, write_records

v1 = tf.compat.v1

BINARY = b"HHabcdefghijkF"
TEXT = "header\naa\nbbb\n\nlast without end of line"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "text").write_text(TEXT)
    (tmp_path / "binary").write_bytes(BINARY)
    write_records(tmp_path / "records", [b"x" * i for i in range(50)])
    write_records(tmp_path / "gzipped", [b"x" * i for i in range(50)], "GZIP")
    write_records(tmp_path / "zlibbed", [b"x" * i for i in range(50)], "ZLIB")
    return tmp_path


def read_by_the_reader_itself(path, reader_class, kwargs):
    with tf.Graph().as_default():
        queue = v1.train.string_input_producer([path], num_epochs=1)
        return run_as_tf1_program(list(reader_class(**kwargs).read(queue)))


def gzip_options():
    return tf.io.TFRecordOptions(compression_type="GZIP")


CASES = [
    ("records", v1.TFRecordReader, {}),
    ("gzipped", v1.TFRecordReader, {"options": gzip_options()}),
    ("zlibbed", v1.TFRecordReader, {"options": tf.io.TFRecordOptions("ZLIB")}),
    ("text", v1.TextLineReader, {}),
    ("text", v1.TextLineReader, {"skip_header_lines": 1}),
    ("binary", v1.FixedLengthRecordReader, dict(record_bytes=14)),
    ("binary", v1.FixedLengthRecordReader, dict(record_bytes=1, header_bytes=2)),
    ("binary", v1.FixedLengthRecordReader, dict(record_bytes=11, header_bytes=2, footer_bytes=1)),
    ("binary", v1.FixedLengthRecordReader, dict(record_bytes=3, header_bytes=2, footer_bytes=1, hop_bytes=2)),
    ("binary", v1.FixedLengthRecordReader, dict(record_bytes=4, header_bytes=2, footer_bytes=1, hop_bytes=3)),
    ("binary", v1.FixedLengthRecordReader, dict(record_bytes=2, header_bytes=2, footer_bytes=1, hop_bytes=5)),
    ("binary", v1.WholeFileReader, {}),
    ("binary", v1.IdentityReader, {}),
]  # fmt: skip


@pytest.mark.parametrize("name, reader_class, kwargs", CASES)
def test_keys_and_values_are_those_of_the_tf1_reader(files, name, reader_class, kwargs):
    path = str(files / name)
    expected = read_by_the_reader_itself(path, reader_class, kwargs)
    got = source_for(reader_class, kwargs)(tf.constant(path))
    assert [(key.numpy(), value.numpy()) for key, value in got] == [tuple(pair) for pair in expected]
    assert expected  # The oracle did read something.


@pytest.mark.parametrize("block", [1, 7, 50, 64])
def test_keys_do_not_depend_on_the_block_size(files, block):
    path = str(files / "records")
    keys = [key.numpy().decode() for key, _ in source_for(v1.TFRecordReader, {}, block)(path)]
    offsets = [sum(16 + length for length in range(i)) for i in range(50)]
    assert keys == [f"{path}:{offset}" for offset in offsets]


def test_a_tf_data_class_serves_as_a_reader(files):
    got = source_for(tf.data.TextLineDataset, {})(str(files / "text"))
    assert [value.numpy().decode() for _, value in got] == TEXT.split("\n")
    assert [key.numpy().decode().rsplit(":")[-1] for key, _ in got] == list("01234")


def test_a_reader_that_tf_data_does_not_know_has_no_source():
    class OwnReader(v1.ReaderBase):
        pass

    assert source_for(OwnReader) is None
    assert source_for(lambda: None) is None


def test_an_unknown_reader_argument_is_named():
    with pytest.raises(ValueError, match="reader_kwargs: expected arguments of TextLineReader.*lines"):
        source_for(v1.TextLineReader, {"lines": 3})
    with pytest.raises(ValueError, match="record_bytes"):
        source_for(v1.FixedLengthRecordReader, {})
    with pytest.raises(ValueError, match="on_error: expected 'raise', 'skip' or a callable"):
        source_for(v1.TFRecordReader, {"on_error": "ignore"})


def test_a_wrong_file_length_is_told_with_the_file(files):
    source = source_for(v1.FixedLengthRecordReader, {"record_bytes": 4})
    with pytest.raises(tf.errors.InvalidArgumentError, match=str(files / "binary")):
        list(source(str(files / "binary")))


@pytest.mark.parametrize("reader_class, kwargs", [(case[1], case[2]) for case in CASES[:12]])
def test_a_missing_file_is_named(tmp_path, reader_class, kwargs):
    with pytest.raises(tf.errors.NotFoundError, match="no-such-file"):
        list(source_for(reader_class, kwargs)(str(tmp_path / "no-such-file")))


def test_the_public_names_are_there():
    assert parallel_reader.SkippedRecords and parallel_reader.SkippedRecord
