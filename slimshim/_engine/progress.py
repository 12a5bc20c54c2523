"""How far training is: one line that is written over and over, on a terminal."""

from __future__ import annotations

import sys
import time

_WIDTH = 30
_PAUSE_SECS = 0.2


class ProgressLine:
    """A line such as `[#####.....] 120/1000  loss 0.1234  12.3 steps/s`.

    Args of the constructor:
      first, last: the step at which this run starts, and the one at which it ends or None.
      stream: where to write; nothing is written unless it is a terminal.
    """

    def __init__(self, first, last, stream=None, clock=time.monotonic):
        self._first, self._last = first, last
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._started = self._shown = clock()
        self._width = 0
        self.on_a_terminal = bool(getattr(self._stream, "isatty", lambda: False)())

    def show(self, step, loss):
        """Writes the line anew, a few times a second at most."""
        now = self._clock()
        if self.on_a_terminal and now - self._shown >= _PAUSE_SECS:
            self._shown = now
            self._write(self._text(step, float(loss), now))

    def close(self):
        """Leaves the line as it is and goes to the next."""
        if self._width:
            self._stream.write("\n")
            self._stream.flush()

    def _text(self, step, loss, now):
        rate = (step - self._first) / max(now - self._started, 1e-9)
        return f"{self._bar(step)}  loss {loss:.4f}  {rate:.1f} steps/s"

    def _bar(self, step):
        if self._last is None:
            return f"step {step}"
        filled = min(_WIDTH, _WIDTH * step // self._last)
        return f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {step}/{self._last}"

    def _write(self, text):
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._width = len(text)
