"""tox's environments: the rows of compat_matrix.yaml.

    tox list
    tox -e py311-tf221
    tox -e py311-tf221 -- -k conv      further words go to pytest

`python3 tools/matrix.py run` runs the same rows without tox, and writes their results back.
"""

from __future__ import annotations

import pathlib
import sys

from tox.config.loader.memory import MemoryLoader
from tox.config.types import Command
from tox.plugin import impl
from tox.tox_env.python.pip.req_file import PythonDeps

ROOT = pathlib.Path(__file__).resolve().parent
TOOL = ROOT / "tools" / "matrix.py"


def _tools():
    """Returns tools/'s modules (check, compat), or None where PyYAML is missing: tox.ini has tox fetch it first."""
    try:
        import yaml  # noqa: F401
    except ModuleNotFoundError:
        return None
    sys.path.insert(0, str(TOOL.parent))
    try:
        import check
        import compat
    finally:
        sys.path.remove(str(TOOL.parent))
    return check, compat


@impl
def tox_extend_envs():
    """Returns the rows' names."""
    tools = _tools()
    return [row.name for row in tools[1].Matrix.read().rows] if tools else []


@impl
def tox_add_core_config(core_conf, state):
    """Gives each row's environment its settings."""
    tools = _tools()
    if not tools:
        return
    check, compat = tools
    matrix = compat.Matrix.read()
    for row in matrix.rows:
        packages = [*check.requirements_of_tests(), *row.requirements(matrix.distribution)]
        loader = MemoryLoader(**_settings(row, packages, state.conf.pos_args(None) or ()))
        state.conf.memory_seed_loaders[row.name].append(loader)


def _settings(row, packages, words):
    return {
        "description": f"{row.runs} tests: TensorFlow {row.tensorflow}, Keras {row.keras}, {row.install}",
        "base_python": [f"python{row.python}"],
        "deps": PythonDeps("\n".join(packages), ROOT),
        # tools/matrix.py installs the wheel, or makes the vendored copy, and sets what the row needs.
        "skip_install": True,
        "commands": [Command(["python", str(TOOL), "here", row.name, "--", *words])],
    }
