"""What `install()` changed in the process, so that `uninstall()` can put every bit back."""

from __future__ import annotations

import sys

_ABSENT = object()


class Ledger:
    """Notes changes in order and undoes them in the opposite order."""

    def __init__(self):
        self._undo = []

    def set_attribute(self, holder, name, value):
        """Sets `holder.name = value`, remembering what was there."""
        self.note_attribute(holder, name)
        setattr(holder, name, value)

    def note_attribute(self, holder, name):
        """Remembers `holder.name` (or that there is none) before someone else sets it."""
        before = vars(holder).get(name, _ABSENT)
        self._undo.append(lambda: _put_back(holder, name, before))

    def note(self, undo):
        """Remembers a function that puts something back."""
        self._undo.append(undo)

    def note_module(self, name):
        """Remembers that the module path `name` is about to be imported by the hook.

        The import system then makes an entry in `sys.modules` and an attribute on the parent.
        """
        parent, _, child = name.rpartition(".")
        holder = sys.modules.get(parent)
        # A parent under an alias is a module of this package: it keeps its own submodules.
        if holder is not None and holder.__name__ == parent:
            self.note_attribute(holder, child)
        self._undo.append(lambda: sys.modules.pop(name, None))

    def note_package(self, name):
        """Remembers that everything below the top-level `name` comes through the hook."""
        self._undo.append(lambda: _forget_package(name))

    def set_module(self, name, module):
        """Sets `sys.modules[name] = module`, remembering what was there."""
        before = sys.modules.get(name, _ABSENT)
        self._undo.append(lambda: _put_back_module(name, before))
        sys.modules[name] = module

    def undo(self):
        """Puts everything back."""
        while self._undo:
            self._undo.pop()()


def _put_back(holder, name, before):
    if before is not _ABSENT:
        setattr(holder, name, before)
    elif name in vars(holder):
        delattr(holder, name)


def _forget_package(name):
    for module in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
        del sys.modules[module]


def _put_back_module(name, before):
    if before is _ABSENT:
        sys.modules.pop(name, None)
    else:
        sys.modules[name] = before
