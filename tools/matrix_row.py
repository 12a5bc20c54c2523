"""Runs one row of compat_matrix.yaml: its environment, its tests, its result. For matrix.py beside this file."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile
from xml.etree import ElementTree

import check

# The copy's name in the rows that are vendored, and every place where a test's text says ours.
COPY = f"third_party.{check.PACKAGE}"
_NAME_IN_TESTS = re.compile(rf"(?<![\w./-]){check.PACKAGE}(?![\w/-])")


def find_python(version):
    """Returns the path of a Python of that version ("3.10") on this machine, or None."""
    if version == check.OWN_PYTHON:
        # Not an environment's own: what is installed there must not matter.
        return getattr(sys, "_base_executable", None) or sys.executable
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv", "versions")
    found = [shutil.which(f"python{version}"), *sorted(map(str, pyenv.glob(f"{version}.*/bin/python")))]
    return next((path for path in found if path and _is_python(path, version)), None)


def _is_python(path, version):
    ask = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([path, "-c", ask], capture_output=True, text=True, timeout=60)
    except OSError:
        return False
    return done.stdout.strip() == version


def run_row(row, matrix, options, folder):
    """Runs a row in a fresh environment below `folder`; returns its result, or None if it could not run."""
    base = find_python(row.python)
    if base is None:
        check.say(f"{row.name}: there is no Python {row.python} on this machine")
        return None
    workplace = pathlib.Path(folder, row.name)
    python = check.make_environment(workplace / "venv", base)
    wheel = options.wheel.resolve() if options.wheel else check.build_wheel(workplace / "wheel", python)
    packages = row.requirements(matrix.distribution)
    own = check.requirements_of_tests() if row.install == "vendored" else [f"{wheel}[test]"]
    check.say("installing " + ", ".join([*([] if row.install == "vendored" else [wheel.name]), *packages]))
    check.install(python, [*own, *packages])
    return test_row(row, matrix, python, workplace, wheel, options.pytest, options.row_minutes)


def test_row(row, matrix, python, workplace, wheel, more=(), minutes=None):
    """Runs a row's tests with an environment's Python, for so many minutes at most; returns the result."""
    check.copy_tree(workplace / "tree", leave_out=(check.PACKAGE,))
    environment = {**row.environment, "SLIMSHIM_WHEEL": str(wheel)}
    if row.install == "vendored":
        _vendor(python, workplace, wheel)
        environment["PYTHONPATH"] = str(workplace / "tree")
    report = workplace / "report.xml"
    report.unlink(missing_ok=True)
    words = [*matrix.pytest_words(row), "--junitxml", str(report), *more]
    code = check.run_pytest(python, workplace, words, environment, minutes)
    return result_of(report, code, _versions(python))


def _vendor(python, workplace, wheel):
    """Puts a copy of the wheel's package into the tree, and the copy's name into the tests."""
    tree = workplace / "tree"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(workplace / "unpacked")
    target = tree / COPY.replace(".", os.sep)
    # With the wheel's own command, but without installing the wheel.
    environment = {**os.environ, "PYTHONPATH": str(workplace / "unpacked"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    check.call([python, "-m", check.PACKAGE, "vendor", target], env=environment)
    shutil.rmtree(workplace / "unpacked")
    for path in (tree / "tests").rglob("*.py"):
        path.write_text(renamed(path.read_text()))


def renamed(text):
    """Returns a test's text with the copy's name in place of the package's, in code and strings alike."""
    return _NAME_IN_TESTS.sub(COPY, text)


def result_of(report, code, versions):
    """Returns a row's result from pytest's report; a run that ended otherwise than it says counts as a failure."""
    counts = {"passed": 0, "failed": 0, "skipped": 0, "excepted": 0}
    seconds = 0.0
    if report.exists():
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            seconds += float(suite.get("time"))
            for case in suite.iter("testcase"):
                counts[_outcome(case)] += 1
    if code and not counts["failed"]:
        counts["failed"] = 1
    if not counts["excepted"]:
        del counts["excepted"]
    return {"date": datetime.date.today().isoformat(), **counts, "seconds": round(seconds), **versions}


def _outcome(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    skipped = case.find("skipped")
    if skipped is None:
        return "passed"
    return "excepted" if skipped.get("type") == "pytest.xfail" else "skipped"


def _versions(python):
    """Returns the versions of TensorFlow and Keras that an environment has."""
    ask = (
        "import importlib.metadata as m, json\n"
        "all = {d.metadata['Name'].lower().replace('-', '_'): d.version for d in m.distributions()}\n"
        "tf = all.get('tensorflow_cpu') or all.get('tensorflow')\n"
        "print(json.dumps({'tensorflow': tf, 'keras': all.get('tf_keras') or all.get('keras')}))"
    )
    return json.loads(subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout)
