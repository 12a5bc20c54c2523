"""`parallel_read`, `single_pass_read` and `ParallelReader` in graphs."""

import collections

import pytest
import tensorflow as tf

from slimshim.data import parallel_reader

from .conftest import run_as_tf1_program, write_records

v1 = tf.compat.v1

ALL = [b"%d-%d" % (i, j) for i in range(3) for j in range(7)]


def test_parallel_read_needs_no_initialization(record_files, graph):
    key, value = parallel_reader.parallel_read(record_files, v1.TFRecordReader, num_epochs=2)
    assert key.shape == value.shape == ()
    assert key.op.name.startswith("parallel_read/")
    with v1.Session() as session:
        pairs = [session.run([key, value]) for _ in range(42)]
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(key)
    assert collections.Counter(value for _, value in pairs) == {record: 2 for record in ALL}
    for key, value in pairs:
        file, offset = key.decode().rsplit(":", 1)
        assert file == record_files[int(value[:1])]
        assert int(offset) == int(value[2:]) * (16 + 3)


def test_parallel_read_feeds_the_programs_own_batch(record_files, graph):
    key, value = parallel_reader.parallel_read(record_files, v1.TFRecordReader, num_epochs=1, num_readers=2)
    batch = v1.train.batch([key, value], batch_size=7, num_threads=2)
    batches = run_as_tf1_program(batch)
    assert sorted(value for _, values in batches for value in values) == ALL


def test_two_sessions_of_one_graph_each_read_from_the_start(record_files, graph):
    _, value = parallel_reader.single_pass_read(record_files, v1.TFRecordReader)
    for _ in range(2):
        with v1.Session() as session:
            assert [session.run(value) for _ in range(21)] == ALL


def test_single_pass_read_reads_in_order_and_ends(record_files, graph):
    _, value = parallel_reader.single_pass_read(record_files[:2], v1.TFRecordReader, scope="once")
    assert value.op.name.startswith("once/")
    assert run_as_tf1_program(value) == ALL[:14]


def test_lines_come_with_their_numbers(tmp_path, graph):
    (tmp_path / "lines").write_text("name\nfirst\nsecond\n")
    pair = parallel_reader.single_pass_read(str(tmp_path / "li*"), v1.TextLineReader, {"skip_header_lines": 1})
    file = str(tmp_path / "lines").encode()
    assert run_as_tf1_program(pair) == [(file + b":2", b"first"), (file + b":3", b"second")]


def test_an_own_reader_class_runs_itself(record_files, graph):
    class OwnReader(v1.TFRecordReader):
        pass

    _, value = parallel_reader.parallel_read(record_files, OwnReader, num_epochs=1, num_readers=2)
    assert sorted(run_as_tf1_program(value)) == ALL
    _, value = parallel_reader.single_pass_read(record_files, OwnReader)
    assert run_as_tf1_program(value) == ALL


def test_a_damaged_file_is_named_by_the_session(record_files, graph):
    with open(record_files[1], "r+b") as file:
        file.truncate(30)
    pair = parallel_reader.single_pass_read(record_files, v1.TFRecordReader)
    expected = rf"file {record_files[1]}, record 1 \(from 0\), byte 19"
    with pytest.raises(tf.errors.InvalidArgumentError, match=expected):
        run_as_tf1_program(pair)


def test_parallel_read_checks_its_arguments(record_files, graph):
    with pytest.raises(ValueError, match="No data files found"):
        parallel_reader.parallel_read([], v1.TFRecordReader)
    with pytest.raises(TypeError, match=r"dtypes: expected \[tf.string, tf.string\]"):
        parallel_reader.parallel_read(record_files, v1.TFRecordReader, dtypes=[tf.int64])
    with pytest.raises(ValueError, match="reader_class: expected a TF1 reader class"):
        parallel_reader.parallel_read(record_files, "TFRecordReader")


@pytest.mark.parametrize("read", ["parallel_read", "single_pass_read"])
def test_in_tf2_mode_the_error_says_what_to_use(record_files, read):
    with pytest.raises(RuntimeError, match=f"{read} .*DatasetDataProvider"):
        getattr(parallel_reader, read)(record_files, v1.TFRecordReader)


def common_queue(shapes=((), ())):
    return v1.FIFOQueue(64, [tf.string, tf.string], shapes)


def test_parallel_reader_fills_the_common_queue_from_all_files(record_files, graph):
    queue = common_queue()
    reader = parallel_reader.ParallelReader(v1.TFRecordReader, queue, num_readers=2)
    assert isinstance(reader, v1.ReaderBase)
    assert reader.num_readers == 2 and reader.common_queue is queue
    _, value = reader.read(v1.train.string_input_producer(record_files, num_epochs=1))
    assert len(v1.get_collection(v1.GraphKeys.QUEUE_RUNNERS)) == 2
    assert sorted(run_as_tf1_program(value)) == ALL


def test_parallel_reader_reads_up_to_a_number(record_files, graph):
    reader = parallel_reader.ParallelReader(v1.TFRecordReader, common_queue(), num_readers=2)
    _, values = reader.read_up_to(v1.train.string_input_producer(record_files, num_epochs=1), 4)
    results = run_as_tf1_program(values)
    assert sorted(value for values in results for value in values) == ALL
    assert max(len(values) for values in results) <= 4


def test_parallel_reader_counts_over_all_readers(record_files, graph):
    # Without queue runners: each reader is told here when to read.
    reader = parallel_reader.ParallelReader(v1.TFRecordReader, common_queue(), num_readers=2)
    files = v1.FIFOQueue(8, tf.string, ())
    reader.read(files)
    fills = v1.get_collection(v1.GraphKeys.QUEUE_RUNNERS)[0].enqueue_ops
    counts = [reader.num_records_produced(), reader.num_work_units_completed()]
    with v1.Session() as session:
        session.run(files.enqueue_many([record_files]))
        for _ in range(8):
            session.run(fills[0])
        session.run(fills[1])
        assert session.run(counts) == [9, 1]
        session.run(reader.reset())
        assert session.run(counts) == [0, 0]


def test_parallel_reader_wants_a_queue_of_two_strings(graph):
    for dtypes in ([tf.string], [tf.string, tf.int64]):
        with pytest.raises(TypeError, match=r"common_queue.dtypes: expected \[tf.string, tf.string\]"):
            parallel_reader.ParallelReader(v1.TFRecordReader, v1.FIFOQueue(4, dtypes))


def test_parallel_reader_in_tf2_mode_is_an_error_with_a_remedy():
    with pytest.raises(RuntimeError, match="ParallelReader works in graph mode only.*as_dataset"):
        parallel_reader.ParallelReader(v1.TFRecordReader, None)


def test_an_empty_file_list_of_empty_files_ends_at_once(tmp_path, graph):
    write_records(tmp_path / "empty", [])
    pair = parallel_reader.parallel_read(str(tmp_path / "*"), v1.TFRecordReader)
    assert run_as_tf1_program(pair) == []
