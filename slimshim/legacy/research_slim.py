"""Finds research/slim's top-level folders where the Object Detection API's PyPI package puts them.

The API says `from nets import inception_v2`, as if research/slim stood on `sys.path`. The PyPI
package installs those folders inside `object_detection`, where that import does not find them.
Once `object_detection` is imported, and only if nothing else is called `nets`, `nets` is found there.
"""

from __future__ import annotations

import importlib.machinery
import sys

FOLDERS = ("nets", "deployment", "preprocessing", "datasets")
OWNER = "object_detection"


def find_spec(name, ledger):
    """Returns the spec of a research/slim folder inside the imported `object_detection`, or None."""
    if name not in FOLDERS or OWNER not in sys.modules:
        return None
    spec = importlib.machinery.PathFinder.find_spec(name, list(sys.modules[OWNER].__path__))
    if spec is not None:
        ledger.note_package(name)
    return spec
