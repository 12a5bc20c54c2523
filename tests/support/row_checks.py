"""`pytest --row NAME`: holds a run to a row of compat_matrix.yaml.

The environment must be the one that the row names, or nothing runs. Tests that the row lists as known
exceptions must fail, so that the list stays true.
"""

import importlib.metadata
import importlib.util
import os
import pathlib
import sys

import pytest
import yaml

MATRIX = pathlib.Path(__file__).resolve().parents[2] / "compat_matrix.yaml"


def read(name):
    """Returns the row's entry."""
    rows = {row["name"]: row for row in yaml.safe_load(MATRIX.read_text())["rows"]}
    if name not in rows:
        raise pytest.UsageError(f"compat_matrix.yaml has no row {name!r}; it has {', '.join(rows)}")
    return rows[name]


def check_environment(row):
    """Raises UsageError unless this process is what the row says."""
    there = {"python": python(), "tensorflow": tensorflow(), "keras": keras(), "install": install()}
    wrong = [f"{key} is {there[key]}, not {row[key]}" for key in there if there[key] != row[key]]
    if wrong:
        raise pytest.UsageError(f"this is not the environment of row {row['name']}: {'; '.join(wrong)}")


def apply_exceptions(row, items):
    """Marks the row's known exceptions as expected failures.

    Raises:
      UsageError: if an exception names no test, though its file is there.
    """
    for exception in row.get("exceptions", ()):
        path = exception["tests"]
        found = [item for item in items if item.nodeid == path or item.nodeid.startswith((path + "[", path + "::"))]
        for item in found:
            item.add_marker(pytest.mark.xfail(reason=exception["reason"], strict=True))
        if not found and any(item.nodeid.startswith(path.partition("::")[0]) for item in items):
            raise pytest.UsageError(f"row {row['name']}: there is no test {path}")


def python():
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def tensorflow():
    for distribution in ("tensorflow-cpu", "tensorflow"):
        try:
            return ".".join(importlib.metadata.version(distribution).split(".")[:2])
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def keras():
    """Returns "2", "3", or "tf_keras": what `tf.keras` will be, in this process and those that it starts."""
    legacy = os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")
    if legacy and importlib.util.find_spec("tf_keras"):
        return "tf_keras"
    return importlib.metadata.version("keras").partition(".")[0]


def install():
    """Returns "wheel" or "vendored": under which name the package can be had, and under which it cannot."""
    names = {"wheel": "slim" + "shim", "vendored": "third_party." + "slim" + "shim"}
    there = [install for install, name in names.items() if _can_be_imported(name)]
    return " and ".join(there) or "missing"


def _can_be_imported(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
