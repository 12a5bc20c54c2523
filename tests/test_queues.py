"""queues.QueueRunners: threads that feed queues while the context is open."""

import threading

import pytest
import tensorflow as tf

from slimshim import queues

v1 = tf.compat.v1


def counting_queue():
    """A queue that is fed 1, 2, 3, … by a queue runner."""
    counter = v1.get_variable("counter", initializer=0)
    queue = tf.queue.FIFOQueue(2, [tf.int32], [()])
    v1.train.add_queue_runner(v1.train.QueueRunner(queue, [queue.enqueue(v1.assign_add(counter, 1))]))
    return queue


def test_queues_are_fed_inside_and_the_threads_are_gone_afterwards(graph):
    queue = counting_queue()
    before = threading.active_count()
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        dequeue = queue.dequeue()
        with queues.QueueRunners(session):
            assert [session.run(dequeue) for _ in range(3)] == [1, 2, 3]
    assert threading.active_count() == before


def test_contexts_cannot_be_nested(graph):
    with v1.Session() as session:
        with queues.QueueRunners(session):
            with pytest.raises(queues.NestedQueueRunnerError, match="nested"):
                with queues.QueueRunners(session):
                    pass
        with queues.QueueRunners(session):  # The first one has ended.
            pass


def test_after_an_error_inside_another_context_can_be_opened(graph):
    with v1.Session() as session:
        with pytest.raises(KeyError):
            with queues.QueueRunners(session):
                raise KeyError
        with queues.QueueRunners(session):
            pass
