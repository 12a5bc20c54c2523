"""Files that appear whole or not at all: written beside their place, then renamed into it.

This module knows nothing of TensorFlow, so every room may import it.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import shutil

from ._checks import check

_PARTIAL = ".{name}.partial-{process}"


class AlreadyThere(ValueError):
    """The output exists, and nobody said to replace it."""


def require_free(path, overwrite=False, argument="path"):
    """Raises unless something may be written at `path`.

    Args:
      path: a file, a folder, or a checkpoint's prefix.
      overwrite: whether what is there may be replaced.
      argument: the name of the path's argument, for the message.

    Raises:
      AlreadyThere: if something is there, and `overwrite` is false.
      ValueError: if the path is empty, or names a remote file system.
    """
    check(bool(path) and not path.endswith("/."), argument, "a path to write to", path)
    remote = re.match(r"[a-z][a-z0-9+.-]+://", path)
    check(not remote, argument, "a path on this machine", path, "Write it here, then copy it.")
    remedy = "Choose another path, or allow it with overwrite=True (--overwrite on the command line)."
    check(overwrite or not existing(path), argument, "a path where nothing is yet", path, remedy, AlreadyThere)


def existing(path):
    """Returns the files or folders that are at `path`, taken also as a checkpoint's prefix."""
    found = [path] if os.path.lexists(path) else []
    return found + _checkpoint_files(path)


def _checkpoint_files(prefix):
    known = re.compile(r"\.(index|data-\d{5}-of-\d{5})$")
    candidates = glob.glob(glob.escape(prefix) + ".*")
    return sorted(file for file in candidates if known.fullmatch(file[len(prefix) :]))


@contextlib.contextmanager
def whole_output(path, overwrite=False, argument="path"):
    """A context that yields a path to write to; what is there in the end moves to `path`.

    What was written is a file, a folder, or the files of a checkpoint with that prefix. After an
    error nothing is left. After a kill a hidden folder `.NAME.partial-PROCESS` may be left, which
    the next call for this path removes; `path` itself is whole or absent. An old checkpoint that is
    replaced loses its index first, so that old and new files are never taken for one.

    Args:
      path: where the output goes; missing parent folders are made.
      overwrite: whether what is there may be replaced.
      argument: the name of the path's argument, for messages.

    Raises:
      AlreadyThere, ValueError: as `require_free`.
    """
    path = os.fspath(path).rstrip("/")
    require_free(path, overwrite, argument)
    parent, name = os.path.split(os.path.abspath(path))
    os.makedirs(parent, exist_ok=True)
    _sweep(parent, name)
    workplace = os.path.join(parent, _PARTIAL.format(name=name, process=os.getpid()))
    os.mkdir(workplace)
    try:
        yield os.path.join(workplace, name)
        require_free(path, overwrite, argument)  # The work may have taken long.
        _move_into_place(workplace, name, parent)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def _sweep(parent, name):
    """Removes what processes that were killed left of this output."""
    beginning = os.path.join(glob.escape(parent), _PARTIAL.format(name=glob.escape(name), process="*"))
    for folder in glob.glob(beginning):
        process = folder.rpartition("-")[2]
        if process.isdigit() and not _is_alive(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process):
    if process == os.getpid():  # An id that came again: this process has no other such folder.
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # Somebody else's.
        return True
    return True


def _move_into_place(workplace, name, parent):
    written = os.path.join(workplace, name)
    target = os.path.join(parent, name)
    for file in _all_files(workplace):
        _to_disk(file)
    if os.path.isdir(written):
        _replace_folder(written, target, workplace)
    elif os.path.exists(written):
        os.replace(written, target)
    else:
        _replace_checkpoint(written, target)


def _all_files(folder):
    return [os.path.join(root, file) for root, _, files in os.walk(folder) for file in files]


def _to_disk(file):
    # A rename may reach the disk before the contents do; after a power failure the file were empty.
    with open(file, "rb") as opened:
        os.fsync(opened.fileno())


def _replace_folder(written, target, workplace):
    if os.path.lexists(target):
        os.rename(target, os.path.join(workplace, ".replaced"))
    os.rename(written, target)


def _replace_checkpoint(written, target):
    new = _checkpoint_files(written)
    check(bool(new), "path", "an output that was written", written)
    old = _checkpoint_files(target)
    for file in sorted(old, key=lambda file: not file.endswith(".index")):
        os.remove(file)
    # The index makes it a checkpoint, so it comes last.
    for file in sorted(new, key=lambda file: file.endswith(".index")):
        os.replace(file, target + file[len(written) :])
