"""`prefetch_queue` in graphs."""

import numpy as np
import pytest
import tensorflow as tf

from slimshim.data import prefetch_queue

from .conftest import run_as_tf1_program

v1 = tf.compat.v1


def numbers(count):
    """A queue program's source: 0, 1, ... count - 1, then the end."""
    return v1.train.range_input_producer(count, num_epochs=1, shuffle=False).dequeue()


def test_batches_come_through_in_order(graph):
    batch = v1.train.batch([numbers(12), tf.constant([1.0, 2.0])], batch_size=4)
    got = run_as_tf1_program(prefetch_queue.prefetch_queue(batch).dequeue())
    assert [ids.tolist() for ids, _ in got] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert got[0][1].shape == (4, 2)


def test_a_dict_comes_out_as_a_dict(graph):
    queue = prefetch_queue.prefetch_queue({"b": numbers(3), "a": tf.constant([1.5])})
    out = queue.dequeue()
    assert out["a"].dtype == tf.float32 and out["a"].shape == [1]
    assert [result["b"] for result in run_as_tf1_program(out)] == [0, 1, 2]


def test_several_threads_fill_the_queue(graph):
    queue = prefetch_queue.prefetch_queue([numbers(20)], capacity=4, num_threads=3)
    runner = v1.get_collection(v1.GraphKeys.QUEUE_RUNNERS)[-1]
    assert runner.queue is queue and len(runner.enqueue_ops) == 3
    assert sorted(run_as_tf1_program(queue.dequeue())) == list(range(20))


def test_dynamic_pad_lets_sizes_differ(graph):
    n = numbers(3)
    grown = tf.fill([n + 1], 7)
    queue = prefetch_queue.prefetch_queue([grown], dynamic_pad=True)
    assert queue.dequeue().shape.as_list() == [None]
    sizes = [len(result) for result in run_as_tf1_program(queue.dequeue())]
    assert sizes == [1, 2, 3]


def test_without_dynamic_pad_shapes_must_be_known(graph):
    with pytest.raises(ValueError, match="fully defined"):
        prefetch_queue.prefetch_queue([v1.placeholder(tf.int32, [None, 3])])


def test_a_summary_tells_how_full_the_queue_is(graph):
    prefetch_queue.prefetch_queue([tf.constant(1)], capacity=5, name="ahead")
    (summary,) = v1.get_collection(v1.GraphKeys.SUMMARIES)
    with v1.Session() as session:
        made = v1.Summary.FromString(session.run(summary))
    assert [(value.tag, value.simple_value) for value in made.value] == [("ahead/fraction_of_5_full", np.float32(0))]


def test_in_tf2_mode_the_error_names_tf_data():
    with pytest.raises(RuntimeError, match="graph mode only.*Dataset.prefetch"):
        prefetch_queue.prefetch_queue([tf.constant(1)])
