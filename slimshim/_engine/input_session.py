"""The input side of a lifted training: queues, readers and iterators of the graph, run in a session.

Queue runners and iterators belong to a session, and so does Python code that a graph calls. They stay
there: what they give is fetched, and handed to the lifted functions as arguments.
"""

from __future__ import annotations

import queue
import threading

import tensorflow as tf

v1 = tf.compat.v1

# How many batches are fetched ahead of the step.
_AHEAD = 2
_STOP_GRACE_SECS = 120


class InputSession:
    """Fetches batches, ahead of time in a thread of its own.

    Args:
      session: an open session; `close` closes it.
      tensors: names of the tensors that make a batch.
      ops: names of ops to run with each batch.
      push: None, or a function of the session to call before each batch; then nothing is fetched
        ahead.
      ignore_live_threads: whether threads that do not end are ignored by `close`.
    """

    def __init__(self, session, tensors, ops, push=None, ignore_live_threads=False):
        self._session = session
        self._fetches = {"tensors": list(tensors), "ops": list(ops)}
        self._push = push
        self._ignore_live_threads = ignore_live_threads
        self._coordinator = v1.train.Coordinator()
        self._threads = []
        self._ready = queue.Queue(_AHEAD)
        self._closed = threading.Event()

    @property
    def gives_anything(self):
        """Whether a step needs the session at all."""
        return bool(self._fetches["tensors"] or self._fetches["ops"])

    def start(self, queue_runners):
        """Starts the queue runners, and the thread that fetches ahead."""
        for runner in queue_runners:
            self._threads += runner.create_threads(self._session, coord=self._coordinator, daemon=True, start=True)
        if self.gives_anything and self._push is None:
            thread = threading.Thread(target=self._fetch_ahead, name="input_session", daemon=True)
            thread.start()
            self._threads.append(thread)

    def next(self):
        """Returns the arrays of the next batch.

        Raises:
          tf.errors.OutOfRangeError: if the input has ended.
        """
        if not self.gives_anything:
            return []
        if self._push is not None:
            self._push(self._session)
            return self._fetch()
        batch = self._ready.get()
        if isinstance(batch, BaseException):
            self._ready.put(batch)  # For whoever asks again.
            # The first error wins: a queue runner's, if that is what ended the input.
            self._coordinator.raise_requested_exception()
            raise batch
        return batch

    def fetch(self, tensors, given):
        """Returns the values of other tensors of the graph, by their names, as they are now.

        Args:
          tensors: their names.
          given: a dict of name -> array, of tensors that they are computed from and that are not to be computed anew.
        """
        return self._session.run(list(tensors), given) if tensors else []

    def close(self):
        """Ends the threads and the session."""
        self._closed.set()
        self._coordinator.request_stop()
        self._session.close()
        self._coordinator.join(
            self._threads, stop_grace_period_secs=_STOP_GRACE_SECS, ignore_live_threads=self._ignore_live_threads
        )

    def _fetch(self):
        return self._session.run(self._fetches)["tensors"]

    def _fetch_ahead(self):
        """Hands over batches and, whatever ends them, an error: a step that waits would wait for ever."""
        end = tf.errors.OutOfRangeError(None, None, "A queue runner, or another thread of the input, asked to stop.")
        try:
            while not self._coordinator.should_stop():
                self._hand_over(self._fetch())
        except Exception as error:  # Whatever it is, the step raises it.
            end = error
        self._hand_over(end)

    def _hand_over(self, batch):
        while not self._closed.is_set():
            try:
                self._ready.put(batch, timeout=0.2)
                return
            except queue.Full:
                pass
