"""Running the queue runners of a graph for a while."""

from __future__ import annotations

import contextlib
import threading

import tensorflow as tf

v1 = tf.compat.v1

__all__ = ["NestedQueueRunnerError", "QueueRunners"]

_STOP_GRACE_SECS = 120
_running = threading.Lock()


class NestedQueueRunnerError(Exception):
    """Raised if `QueueRunners` is entered while another one is open."""


@contextlib.contextmanager
def QueueRunners(session):
    """Returns a context in which the queue runners of the default graph feed their queues.

    Args:
      session: the session to run them in.

    Raises:
      NestedQueueRunnerError: if one is open already, in any thread.

    Source: `tf.contrib.slim.queues.QueueRunners`.
    """
    if not _running.acquire(blocking=False):
        raise NestedQueueRunnerError("QueueRunners cannot be nested: leave the one that is open first.")
    try:
        coordinator = v1.train.Coordinator()
        threads = []
        for runner in v1.get_collection(v1.GraphKeys.QUEUE_RUNNERS):
            threads += runner.create_threads(session, coord=coordinator, daemon=True, start=True)
        try:
            yield
        finally:
            _stop(coordinator, threads, session)
    finally:
        _running.release()


def _stop(coordinator, threads, session):
    coordinator.request_stop()
    try:
        coordinator.join(threads, stop_grace_period_secs=_STOP_GRACE_SECS)
    except RuntimeError:
        session.close()  # Threads that hang inside the session end with it.
