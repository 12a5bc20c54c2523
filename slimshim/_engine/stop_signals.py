"""Ctrl-C and SIGTERM during training: finish the step, save, then leave."""

from __future__ import annotations

import os
import signal
import socket
import threading

import tensorflow as tf

v1 = tf.compat.v1

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# How long a step may go on after a signal before the session is closed under it. Below the
# 30 seconds that schedulers commonly give between SIGTERM and SIGKILL.
_GRACE_SECS = 20.0


class StopSignals:
    """A context in which the first SIGINT or SIGTERM asks for a stop instead of stopping.

    At the end the previous handlers are back, and the signal is given to them: Ctrl-C raises
    KeyboardInterrupt, SIGTERM without a handler of the program's raises SystemExit. A second
    signal does that at once. A signal that the program ignores stays ignored. Outside of the main
    thread, where Python allows no handlers, nothing is changed.

    Attributes:
      received: the signal's number, or None.
      gave_up: True if the step did not end within the grace time and `on_stuck` was called.
    """

    def __init__(self, on_stuck, grace_secs=None):
        self.received = None
        self.gave_up = False
        self._on_stuck = on_stuck
        self._grace_secs = _GRACE_SECS if grace_secs is None else grace_secs
        self._previous = {}
        self._noticed = threading.Event()
        self._sockets = ()

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            try:
                for number in _SIGNALS:
                    self._take(number)
                if self._previous:
                    self._start_watch()
            except BaseException:
                self.let_go()
                raise
            _active.append(self)
        return self

    def __exit__(self, kind, error, traceback):
        if self in _active:
            _active.remove(self)
        self.notice()
        self.let_go()
        if self.received is not None and kind is None:
            self._pass_on(self.received)

    def notice(self):
        """Tells the watch that the loop has seen the signal (or has ended)."""
        self._noticed.set()

    def let_go(self):
        """Takes back what was done to the process."""
        self._stop_watch()
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _take(self, number):
        previous = signal.getsignal(number)
        # None: set by C code, which could not be put back.
        if previous is not None and previous != signal.SIG_IGN:
            self._previous[number] = previous
            signal.signal(number, self._handle)

    def _handle(self, number, frame):
        if self.received is not None:
            signal.signal(number, self._previous[number])
            self._pass_on(number)
            return
        self.received = number
        v1.logging.warning(
            "%s: stopping after this step and saving. Again to stop at once.", signal.Signals(number).name
        )

    def _pass_on(self, number):
        if self._previous[number] == signal.SIG_DFL:
            # Dying by the signal itself would skip the program's own clean-up.
            raise SystemExit(128 + number)
        signal.raise_signal(number)

    # Python runs handlers between byte codes, so a step that is stuck inside TensorFlow (an empty
    # input queue, say) would hold up the handler for ever. The wakeup descriptor is written by the
    # C part of the handler at once, and read by a thread.

    def _start_watch(self):
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        taken = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        if taken != -1:  # Somebody's (asyncio's) already: leave it to them.
            signal.set_wakeup_fd(taken)
            reader.close()
            writer.close()
            return
        self._sockets = (reader, writer)
        threading.Thread(target=self._watch, args=(reader,), daemon=True, name="stop-signals").start()

    def _stop_watch(self):
        if self._sockets:
            signal.set_wakeup_fd(-1)
            self._sockets[1].close()
            self._sockets = ()

    def _watch(self, reader):
        with reader:
            while number := reader.recv(1):  # Nothing: the writer is closed, the context is over.
                # Not if somebody else, a debugger say, has taken the signal for a while.
                ours = number[0] in self._previous and signal.getsignal(number[0]) == self._handle
                if ours and not self.gave_up:
                    self._give_up_after_grace()

    def _give_up_after_grace(self):
        if not self._noticed.wait(self._grace_secs):
            self.gave_up = True
            v1.logging.error("The step did not end within %g seconds of the signal; it is cancelled.", self._grace_secs)
            self._on_stuck()


# The contexts that are open. A child that is forked inside of one, by multiprocessing say, inherits handlers and
# wakeup descriptor: it would not end by SIGTERM, and its signals would look like the parent's. Signals wait until the
# child has given them back.
_active = []
_masks = threading.local()


def _before_fork():
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS) if _active else None


def _after_fork_in_child():
    while _active:
        _active.pop().let_go()
    _after_fork()


def _after_fork():
    if _masks.before is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
