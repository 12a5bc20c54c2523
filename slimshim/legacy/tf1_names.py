"""The real `tensorflow` module under `run`: names it lacks fall back to `tensorflow.compat.v1`.

The program's import statements find `tf1_face.Face`. It reaches the real module only by ways that are no
import statement: `importlib.import_module("tensorflow")`, `sys.modules["tensorflow"]`, a module object
that a library hands out. There a name that TensorFlow 2 has keeps its meaning, and a name that it lacks
is TensorFlow 1's, if the program asks. Libraries still see the name missing: they probe
(`hasattr(tf, "Session")`) to tell the versions apart.
"""

from __future__ import annotations

import sys


class FallBack:
    """The `__getattr__` of `tensorflow` under `run`."""

    def __init__(self, tensorflow, program):
        self._v1 = tensorflow.compat.v1
        self._before = vars(tensorflow).get("__getattr__")
        self._program = program

    def __call__(self, name):
        if self._before is not None:
            try:
                return self._before(name)
            except AttributeError:
                pass
        if not name.startswith("__") and self._program.owns(_caller_file()):
            try:
                return getattr(self._v1, name)
            except AttributeError:
                pass
        raise AttributeError(f"module 'tensorflow' has no attribute {name!r}")


def _caller_file():
    """Returns the file of the code that asked `tensorflow` for a name."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return None if frame is None else frame.f_code.co_filename
