"""Actions that come round by the clock, called from the training loop itself.

No threads: an action sees the state between two steps, and runs where the loop's graph is the
default one.
"""

from __future__ import annotations

import time


class EverySecs:
    """Calls `action(step)` at the first tick and then each time `secs` have passed.

    A tick that comes late does not make later ones come early.
    """

    def __init__(self, secs, action, clock=time.monotonic):
        self._secs = secs
        self._action = action
        self._clock = clock
        self._due = None

    @property
    def is_due(self):
        """Whether a tick would call the action now."""
        return self._due is None or self._clock() >= self._due

    def tick(self, *args):
        """Calls the action if it is due."""
        if self.is_due:
            self.call_now(*args)

    def call_now(self, *args):
        """Calls the action, due or not."""
        self._due = self._clock() + self._secs
        self._action(*args)

    def skip_first(self):
        """Makes the first call come after `secs`, not at once."""
        self._due = self._clock() + self._secs
        return self


class StepRate:
    """Measures steps a second between two calls."""

    def __init__(self, step, clock=time.monotonic):
        self._clock = clock
        self._last = (clock(), step)

    def since_last(self, step):
        """Returns the steps a second since the last call, or None if no time has passed."""
        now, (then, last_step) = self._clock(), self._last
        if now <= then:
            return None
        self._last = (now, step)
        return (step - last_step) / (now - then)
