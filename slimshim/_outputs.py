"""Files that appear whole or not at all: written beside their place, then renamed into it.

This module knows nothing of TensorFlow, so every room may import it.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import secrets
import shutil

from ._checks import check

_PARTIAL = ".{name}.partial-{process}-{call}"

# The calls in this process that are writing.
_live = set()


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
    error nothing new is left, and what was at `path` is there as before. After a kill a hidden folder
    `.NAME.partial-PROCESS-CALL` may be left, which the next call for this path removes; `path` itself
    is whole or absent. An old checkpoint that is replaced loses its index first, so that old and new
    files are never taken for one. A folder is replaced by a folder alone.

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
    call = secrets.token_hex(4)
    workplace = os.path.join(parent, _PARTIAL.format(name=name, process=os.getpid(), call=call))
    _live.add(call)  # Before the folder is there: another thread's call may sweep.
    try:
        os.mkdir(workplace)
        yield os.path.join(workplace, name)
        require_free(path, overwrite, argument)  # The work may have taken long.
        _move_into_place(workplace, name, parent, argument)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
        _live.discard(call)


def _sweep(parent, name):
    """Removes what processes that were killed left of this output."""
    beginning = os.path.join(glob.escape(parent), _PARTIAL.format(name=glob.escape(name), process="*", call="*"))
    for folder in glob.glob(beginning):
        process, call = folder.split("-")[-2:]
        if process.isdigit() and not _is_alive(int(process), call):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process, call):
    if process == os.getpid():  # An id that came again, unless the call is one of this process.
        return call in _live
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # Somebody else's.
        return True
    return True


def _move_into_place(workplace, name, parent, argument):
    written = os.path.join(workplace, name)
    target = os.path.join(parent, name)
    for file in _all_files(workplace):
        _to_disk(file)
    new = [written] if os.path.lexists(written) else _checkpoint_files(written)
    check(bool(new), argument, "an output that was written", written)
    of_folder = os.path.isdir(target) and not os.path.islink(target)
    remedy = "A folder is not replaced by files. Choose another path, or remove the folder."
    check(os.path.isdir(written) or not of_folder, argument, "a path where no folder is", target, remedy)
    _replace(target, written, new, os.path.join(workplace, ".replaced"))


def _all_files(folder):
    return [os.path.join(root, file) for root, _, files in os.walk(folder) for file in files]


def _to_disk(file):
    # A rename may reach the disk before the contents do; after a power failure the file were empty.
    with open(file, "rb") as opened:
        os.fsync(opened.fileno())


def _replace(target, written, new, aside):
    """Moves the `new` files from `written` to `target`.

    What is there moves to the folder `aside`, and back if that fails.
    """
    old = existing(target)
    if os.path.isfile(written) and old in ([], [target]):
        os.replace(written, target)  # At no moment is nothing there.
        return
    os.mkdir(aside)
    # The index makes a checkpoint of files, so it goes first and comes last.
    old.sort(key=lambda file: not file.endswith(".index"))
    new.sort(key=lambda file: file.endswith(".index"))
    moves = [(file, os.path.join(aside, os.path.basename(file))) for file in old]
    moves += [(file, target + file[len(written) :]) for file in new]
    try:
        for before, after in moves:
            os.rename(before, after)
    except BaseException:  # A request to stop, too, which may come between any two moves.
        for before, after in reversed(moves):
            if os.path.lexists(after) and not os.path.lexists(before):
                os.rename(after, before)
        raise
