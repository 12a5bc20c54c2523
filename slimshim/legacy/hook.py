"""The import hook: two finders on `sys.meta_path`, driven by the table.

`First` stands before Python's own finders and serves what is always ours (`tf_slim`,
`tensorflow.contrib`). `Last` stands behind them all and serves what today's TensorFlow no longer has,
so a TensorFlow that still has the piece keeps its own.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys

from .._tf import private_names
from . import old_protos, research_slim, table
from .ledger import Ledger
from .placeholders import LegacyModule


class AliasLoader:
    """Loads an old path as this package's own module: the same object under a second name."""

    def __init__(self, target, ledger):
        self._target = target
        self._ledger = ledger
        self._own_spec = None

    def create_module(self, unused_spec):
        module = table.resolve(self._target)
        self._own_spec = module.__spec__
        # The import system makes a package of what has no path of its own.
        self._ledger.note_attribute(module, "__path__")
        return module

    def exec_module(self, module):
        # The import system has put the alias's spec on the module; it keeps its own.
        module.__spec__ = self._own_spec


class FaceLoader:
    """Loads an old path as a module of its own that asks its sources for names."""

    def __init__(self, sources):
        self._sources = sources

    def create_module(self, spec):
        return LegacyModule(spec.name, LazySource.of(self._sources))

    def exec_module(self, module):
        """Nothing is left to run: names come when they are asked for."""


class MovedLoader:
    """Loads a private path of TensorFlow as the module that has its names today."""

    def __init__(self, module):
        self._module = module

    def create_module(self, spec):
        return LegacyModule(spec.name, [self._module], open_ended=False)

    def exec_module(self, module):
        """Nothing is left to run: names come when they are asked for."""


class LazySource:
    """A source of names that is imported when the first name is asked of it."""

    def __init__(self, path):
        self._path = path

    @classmethod
    def of(cls, paths):
        return tuple(cls(path) for path in paths)

    def __getattr__(self, attribute):
        try:
            return getattr(table.resolve(self._path), attribute)
        except ModuleNotFoundError as error:
            # A room that this version does not have serves nothing. Another package that is
            # missing is the user's to install, and must be heard.
            if (error.name or "").startswith(f"{table.ROOT}."):
                raise AttributeError(attribute) from error
            raise

    def __dir__(self):
        return dir(table.resolve(self._path))


class _Finder:
    """What both finders share: they note every path they served, so that it can be taken back."""

    def __init__(self, ledger):
        self._ledger = ledger

    def spec_for(self, name, entry):
        """Returns the import spec for a table entry, and notes what the import will change."""
        self._ledger.note_module(name)
        if isinstance(entry, table.Alias):
            loader = AliasLoader(entry.target, self._ledger)
        else:
            loader = FaceLoader(entry.sources)
        return importlib.machinery.ModuleSpec(name, loader, is_package=True)


class First(_Finder):
    """Serves what is always ours."""

    def find_spec(self, name, path=None, target=None):
        """Returns a spec for `tf_slim` and `tensorflow.contrib` paths, None for all others."""
        if not name.startswith(("tf_slim", "tensorflow.contrib")):
            return None
        entry = table.lookup(name)
        return None if entry is None else self.spec_for(name, entry)


class Last(_Finder):
    """Serves what nobody else has."""

    def find_spec(self, name, path=None, target=None):
        """Returns a spec for removed TensorFlow paths and research/slim's folders, or None."""
        entry = table.lookup_missing(name)
        if entry is not None:
            return self.spec_for(name, entry)
        moved = private_names.moved_module(name)
        if moved is not None:
            self._ledger.note_module(name)
            return importlib.machinery.ModuleSpec(name, MovedLoader(moved))
        return research_slim.find_spec(name, self._ledger)


class Hook:
    """Both finders and the protobuf finder, put in and taken out together."""

    def __init__(self):
        self.ledger = Ledger()
        self._first = [First(self.ledger), old_protos.Finder(self.ledger)]
        self._last = [Last(self.ledger)]

    def put_in(self):
        sys.meta_path[:0] = self._first
        sys.meta_path.extend(self._last)

    def take_out(self):
        for finder in self._first + self._last:
            sys.meta_path.remove(finder)
        self.ledger.undo()
