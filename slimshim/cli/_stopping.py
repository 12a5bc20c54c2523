"""Ends a command in order when it is asked to stop."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading


@contextlib.contextmanager
def orderly_end():
    """A context in which SIGTERM raises SystemExit, so that half-written files are cleaned up."""
    if threading.current_thread() is not threading.main_thread():  # Signals are the main thread's.
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
