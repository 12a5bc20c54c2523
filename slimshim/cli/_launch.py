"""Runs a Python program as `python PROGRAM` or `python -m MODULE` would, from inside this process."""

from __future__ import annotations

import builtins
import dataclasses
import importlib.machinery
import importlib.util
import os
import sys
import types


class NoProgram(Exception):
    """There is nothing to run under the given name; the text is for the user."""


@dataclasses.dataclass
class Program:
    """A program that was found: its code, and what its `__main__` module knows about itself."""

    code: types.CodeType
    argv0: str
    spec: importlib.machinery.ModuleSpec | None
    path: str

    def execute(self):
        """Runs the code as `__main__`."""
        sys.argv[0] = self.argv0
        main = types.ModuleType("__main__")
        main.__file__ = self.path
        main.__builtins__ = builtins
        main.__spec__ = self.spec
        main.__loader__ = self.spec.loader if self.spec else None
        main.__package__ = self.spec.parent if self.spec else None
        sys.modules["__main__"] = main
        exec(self.code, vars(main))


class Script:
    """A file, or a folder or zip file with a `__main__.py`."""

    def __init__(self, path):
        if not os.path.exists(path):
            raise NoProgram(f"there is no file {path!r} to run")
        self._path = path
        self._is_file = os.path.isfile(path) and not path.endswith((".zip", ".pyz"))
        start = os.path.dirname(os.path.realpath(path)) if self._is_file else path
        set_first_path(start)
        self.folders = [os.path.dirname(os.path.realpath(path))]

    def load(self):
        return self._file() if self._is_file else self._archive()

    def _file(self):
        # As python does: the file is known by its absolute path, sys.argv[0] stays as typed.
        path = os.path.abspath(self._path)
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
        return Program(code, self._path, None, path)

    def _archive(self):
        spec = importlib.machinery.PathFinder.find_spec("__main__", [self._path])
        if spec is None:
            raise NoProgram(f"there is no __main__.py in {self._path!r}")
        return Program(spec.loader.get_code("__main__"), self._path, spec, spec.origin)


class Module:
    """A module found through `sys.path`; for a package, its `__main__`."""

    def __init__(self, name):
        set_first_path(os.getcwd())
        self._name = name
        self._top = name.partition(".")[0]
        self.folders = self._package_folders()

    def _package_folders(self):
        spec = importlib.util.find_spec(self._top)
        if spec is None:
            raise NoProgram(f"there is no module named {self._name!r}")
        return list(spec.submodule_search_locations or [])

    def load(self):
        spec = self._spec(self._name)
        if spec is not None and spec.submodule_search_locations is not None:
            package, spec = self._name, self._spec(f"{self._name}.__main__")
            if spec is None:
                raise NoProgram(f"{package!r} is a package without a __main__ module")
        if spec is None or spec.loader is None:
            raise NoProgram(f"there is no module named {self._name!r}")
        code = spec.loader.get_code(spec.name)
        if code is None:
            raise NoProgram(f"there is no code to run in module {spec.name!r}")
        return Program(code, spec.origin, spec, spec.origin)

    def _spec(self, name):
        """Returns the module's spec, or None. An error inside a parent package is the program's."""
        try:
            return importlib.util.find_spec(name)
        except ModuleNotFoundError as error:
            if error.name and (name == error.name or name.startswith(error.name + ".")):
                return None
            raise


def prepare(module, script, words):
    """Returns the `Module` or `Script`, with `sys.path[0]` and `sys.argv` set for it."""
    sys.argv[:] = [module or script, *words]
    return Module(module) if module else Script(script)


def set_first_path(folder):
    """Puts the folder where python puts the program's own: first, unless python was told not to."""
    if getattr(sys.flags, "safe_path", False):
        return
    sys.path[0] = folder


def hide_launcher_frames():
    """Makes an uncaught error's traceback begin in the program, as without a launcher."""
    show = sys.excepthook
    here = os.path.dirname(os.path.abspath(__file__))

    def excepthook(kind, error, trace):
        while trace is not None and _is_launcher(trace, here):
            trace = trace.tb_next
        show(kind, error.with_traceback(trace), trace)

    sys.excepthook = excepthook


def _is_launcher(trace, here):
    file = trace.tb_frame.f_code.co_filename
    return file.startswith((here, os.path.dirname(here) + os.sep + "__main__")) or "runpy" in file
