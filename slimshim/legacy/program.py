"""Which code of the process is the program, and which is a library, told by the file of the code.

Files below the program's own folders, and of packages that were named as parts of it, are the program.
Files in the interpreter's library folders are libraries. The nearer folder above a file decides, so that a
virtual environment inside the program's folder is a library, and a program inside `site-packages` is not.
All other files are the program: what stands in `PYTHONPATH`, a notebook's cells, text given to `exec`.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sysconfig

# How the folders that installers fill end: site-packages, dist-packages.
_PACKAGES = "-packages" + os.sep


class Program:
    """The folders that make up the program.

    Args:
      folders: the program's own folders.
      packages: installed packages that belong to the program.

    Raises:
      ModuleNotFoundError: if there is no package of such a name.
    """

    def __init__(self, folders=(), packages=()):
        self._own = tuple(os.path.realpath(f) + os.sep for f in [*folders, *_folders_of(packages)])
        self._libraries = tuple(_library_folders())
        self.owns = functools.lru_cache(maxsize=None)(self._owns)

    def _owns(self, file):
        """Returns whether the code of this file is the program's. None, for no file, is not."""
        if file is None:
            return False
        path = os.path.realpath(file)
        own = _longest(path, self._own)
        library = max(
            _longest(path, self._libraries), path.rfind(_PACKAGES) + len(_PACKAGES) if _PACKAGES in path else 0
        )
        return own >= library


def _longest(path, folders):
    """Returns the length of the longest of the folders that the path stands below, 0 for none."""
    return max((len(folder) for folder in folders if path.startswith(folder)), default=0)


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
