"""Copies of this package in other trees: making one, and telling what became of it.

A copy is the package's files, its licence, and a stamp: `VENDORED.json` with the version and each
file's hash. Relative imports alone hold the package together, so a copy works under the name of the
folder that it lies in.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import importlib
import importlib.resources
import json
import keyword
import os
import pathlib
import shutil
import tempfile

PACKAGE = __name__.rpartition(".cli.")[0]
LICENSE = "LICENSE"
STAMP = "VENDORED.json"
_NOTE = "Made by the command `vendor`, which also checks and updates: do not edit the files of this folder by hand."


class NoCopy(Exception):
    """A copy cannot be made, or there is none to look at; the text is for the user."""


@dataclasses.dataclass
class State:
    """What became of a copy: each list holds paths below its folder.

    Attributes:
      version: the version that was copied.
      changed: files that are not what was copied.
      missing: files that were copied and are gone.
      added: files that were not copied.
      outdated: files that differ between what was copied and the package that looks.
    """

    version: str
    changed: list[str]
    missing: list[str]
    added: list[str]
    outdated: list[str]

    @property
    def touched(self):
        """Whether somebody changed the copy."""
        return bool(self.changed or self.missing or self.added)


def version():
    """Returns this package's version."""
    return importlib.import_module(PACKAGE).__version__


def make(target):
    """Copies this package to a new folder. It appears whole or not at all.

    Args:
      target: a `pathlib.Path`. Folders above it are made.

    Raises:
      NoCopy: if something is there already, or the folder's name is none for a package.
    """
    if target.exists() or target.is_symlink():
        raise NoCopy(f"{target} exists already, and nothing is overwritten")
    made = _make_folders(_fit_for_a_package(target).parent)
    try:
        with _written_beside(target) as folder:
            os.rename(folder, target)
    except BaseException:
        for folder in made:
            folder.rmdir()
        raise


def replace(target):
    """Puts this package in an older copy's place; if that fails, the older one stays.

    Args:
      target: the folder of a copy.
    """
    with _written_beside(target) as folder:
        # In a folder of its own, which is thrown away with whichever copy lies in it at the end.
        old = pathlib.Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent), target.name)
        try:
            os.rename(target, old)
            try:
                os.rename(folder, target)
            except BaseException:
                os.rename(old, target)
                raise
        finally:
            shutil.rmtree(old.parent, ignore_errors=True)


def state(target):
    """Returns the `State` of the copy in a folder.

    Raises:
      NoCopy: if the folder holds no copy that `make` made.
    """
    stamp = _stamp(target)
    copied, found, ours = stamp["files"], _hashes(target), _hashes(_source())
    return State(
        version=stamp["version"],
        changed=sorted(path for path in copied if path in found and found[path] != copied[path]),
        missing=sorted(set(copied) - set(found)),
        added=sorted(set(found) - set(copied)),
        outdated=sorted(path for path in {*copied, *ours} if copied.get(path) != ours.get(path)),
    )


def is_this_package(target):
    """Returns whether the folder is the one that this very package was loaded from."""
    source = _source()
    return isinstance(source, pathlib.Path) and target.exists() and source.samefile(target)


def _fit_for_a_package(target):
    """Returns the path if a package can live there."""
    name = target.name
    if not name.isidentifier() or keyword.iskeyword(name):
        raise NoCopy(f"{name!r} is no name for a package: Python must be able to import it")
    source = _source()
    if isinstance(source, pathlib.Path) and source.resolve() in target.resolve().parents:
        raise NoCopy(f"{target} is within the package that would be copied")
    return target


def _make_folders(folder):
    """Makes a folder and those above it; returns the new ones, the deepest first."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return new


class _written_beside:
    """A context with a whole copy in a hidden folder beside `target`; what is left of it goes away."""

    def __init__(self, target):
        self._target = target

    def __enter__(self):
        self._scratch = tempfile.mkdtemp(prefix=f".{self._target.name}-", dir=self._target.parent)
        try:
            folder = pathlib.Path(self._scratch, self._target.name)
            folder.mkdir()
            _write(folder)
            return folder
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *unused):
        shutil.rmtree(self._scratch, ignore_errors=True)


def _write(folder):
    source = dict(_files(_source()))
    if LICENSE not in source:
        raise NoCopy(f"{PACKAGE} has no {LICENSE} file beside its code, and is not copied without one")
    for path, content in source.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    stamp = {
        "note": _NOTE,
        "copied_from": PACKAGE,
        "version": version(),
        "date": datetime.date.today().isoformat(),
        "files": _hashes(folder),
    }
    (folder / STAMP).write_text(json.dumps(stamp, indent=1) + "\n")


def _source():
    """Returns the folder of this package (in a zip file: something like one)."""
    return importlib.resources.files(PACKAGE)


def _files(folder, prefix=""):
    """Yields (path with forward slashes, content) of a package's files, without the stamp and compiled code."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry, f"{prefix}{entry.name}/")
        elif prefix + entry.name != STAMP and not entry.name.endswith((".pyc", ".pyo")):
            yield prefix + entry.name, entry.read_bytes()


def _hashes(folder):
    """Returns {path: hash}. How lines end does not count: version control may change that."""
    return {path: hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest() for path, content in _files(folder)}


def _stamp(target):
    path = target / STAMP
    if not path.is_file():
        raise NoCopy(f"{target} holds no copy: there is no {STAMP} in it")
    try:
        stamp = json.loads(path.read_text())
        return {"version": str(stamp["version"]), "files": dict(stamp["files"])}
    except (ValueError, KeyError, TypeError) as error:
        raise NoCopy(f"{path} cannot be read as a stamp ({type(error).__name__}: {error})") from error
