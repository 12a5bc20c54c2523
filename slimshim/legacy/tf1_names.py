"""TensorFlow 1's names on `tensorflow` itself, for the program and not for libraries.

A contrib-era program says `import tensorflow as tf` and `tf.placeholder`. Keras and other libraries
of the same process say `import tensorflow as tf` too, and need TensorFlow 2's meaning. So nothing on
`tensorflow` is replaced. A name that TensorFlow 2 has keeps its meaning; a name that it lacks falls
back to `tensorflow.compat.v1`, and that only when the program asks. Libraries still see the name
missing: they probe (`hasattr(tf, "Session")`) to tell the versions apart.

Who asks is told by the file of the calling code. Files below the program's own folders are the
program. Files in the interpreter's library folders are libraries. All others are the program.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
import sysconfig


class FallBack:
    """The `__getattr__` of `tensorflow` under `run`."""

    def __init__(self, tensorflow, folders, packages):
        self._v1 = tensorflow.compat.v1
        self._before = vars(tensorflow).get("__getattr__")
        self._program = [os.path.realpath(f) + os.sep for f in [*folders, *_folders_of(packages)]]
        self._libraries = _library_folders()
        self._asks = functools.lru_cache(maxsize=None)(self._is_program)

    def __call__(self, name):
        if self._before is not None:
            try:
                return self._before(name)
            except AttributeError:
                pass
        if not name.startswith("__") and self._asks(_caller_file()):
            try:
                return getattr(self._v1, name)
            except AttributeError:
                pass
        raise AttributeError(f"module 'tensorflow' has no attribute {name!r}")

    def _is_program(self, file):
        if file is None:
            return False
        path = os.path.realpath(file)
        if path.startswith(tuple(self._program)):
            return True
        return not path.startswith(tuple(self._libraries)) and "-packages" + os.sep not in path


def _folders_of(packages):
    """Returns the folders of the named packages."""
    found = []
    for package in packages:
        spec = importlib.util.find_spec(package)
        if spec is None:
            raise ModuleNotFoundError(f"--tf1 {package}: there is no such package", name=package)
        found += spec.submodule_search_locations or [os.path.dirname(spec.origin)]
    return found


def _library_folders():
    """Returns the folders of the standard library, of installed packages and of this package."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [sysconfig.get_path(name) for name in names]
    folders.append(os.path.dirname(os.path.dirname(__file__)))
    return sorted({os.path.realpath(folder) + os.sep for folder in folders if folder})


def _caller_file():
    """Returns the file of the code that asked `tensorflow` for a name."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return None if frame is None else frame.f_code.co_filename
