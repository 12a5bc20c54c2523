#!/usr/bin/env python3
"""Sets up a fresh environment and passes the tests there. Needs Python and PyPI, nothing else.

    python3.11 tools/check.py            the ordinary suite
    python3.11 tools/check.py --slow     the long runs too (the demo's short form, the notebook, tf_slim's own tests)
    python3.11 tools/check.py --ci       what continuous integration runs: other versions of TensorFlow too
    python3.11 tools/check.py -- -k conv further words go to pytest

What is tested is the built wheel: the tests run from a copy of the tree that has no package in it.
tools/matrix.py does the same with other versions.
"""

from __future__ import annotations

import argparse
import configparser
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = "slimshim"
OWN_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
DEFAULT_TENSORFLOW = "tensorflow-cpu==2.21.*"
CI_ROW_MINUTES = 78  # CI is given ninety; what hangs shall say where, and no result shall be lost.


def main():
    options = _parse()
    if options.ci:
        rows = [ROOT / "tools/matrix.py", "run", "--ci", "--jobs", 2, "--row-minutes", CI_ROW_MINUTES, "--no-write"]
        return subprocess.run([sys.executable, *map(str, rows)]).returncode
    with workplace_at(options.workplace) as workplace:
        python = make_environment(workplace / "venv", sys.executable)
        wheel = build_wheel(workplace / "wheel", python)
        say(f"installing {wheel.name} and {options.tensorflow}")
        install(python, [f"{wheel}[test]", options.tensorflow, *options.extra])
        copy_tree(workplace / "tree", leave_out=(PACKAGE,))
        words = [*(["--slow"] if options.slow else []), *options.pytest]
        return run_pytest(python, workplace, words, {"SLIMSHIM_WHEEL": str(wheel)})


def _parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slow", action="store_true", help="also run the tests that take minutes")
    parser.add_argument(
        "--ci", action="store_true", help="run what continuous integration does; nothing else goes with it"
    )
    parser.add_argument("--tensorflow", default=DEFAULT_TENSORFLOW, help="what to install (default: %(default)s)")
    parser.add_argument("--with", dest="extra", action="append", default=[], help="a further package to install")
    parser.add_argument("--workplace", help="a folder to work in and to keep (default: a temporary one)")
    parser.add_argument("pytest", nargs="*", help="further arguments for pytest")
    return parser.parse_args()


# --- the steps, for tools/matrix.py too


class workplace_at:
    """A context with a folder to work in: the given one, which is kept, or a temporary one."""

    def __init__(self, folder=None):
        self._given = folder

    def __enter__(self):
        self._folder = pathlib.Path(self._given or tempfile.mkdtemp(prefix=PACKAGE + "-check-")).resolve()
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def __exit__(self, *unused):
        if not self._given:
            shutil.rmtree(self._folder, ignore_errors=True)


def say(text):
    print(f"== {text}", flush=True)


def call(command, **kwargs):
    """Runs a command that must succeed."""
    subprocess.run([str(word) for word in command], check=True, **kwargs)


def make_environment(folder, base):
    """Makes a new environment with the Python at `base`; returns its Python."""
    say(f"new environment: {folder} ({base})")
    call([base, "-m", "venv", "--clear", folder])
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def install(python, packages):
    call([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])


def build_wheel(folder, python):
    """Builds the package's wheel in a new folder; returns its path."""
    say("building the wheel")
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as clean:
        source = pathlib.Path(clean, "source")
        copy_tree(source)  # setuptools writes beside its source: not into the checkout.
        quiet = ["--quiet", "--disable-pip-version-check", "--no-deps"]
        call([python, "-m", "pip", "wheel", *quiet, "--wheel-dir", folder, source])
    (wheel,) = folder.glob("*.whl")
    return wheel


def requirements_of_tests():
    """Returns what the package needs in its tests, TensorFlow left out: as setup.cfg has it."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    listed = setup["options"]["install_requires"] + setup["options.extras_require"]["test"]
    return [line for line in listed.splitlines() if line and not line.startswith("#")]


def copy_tree(target, leave_out=()):
    """Copies the checkout to a folder, which is emptied before."""
    shutil.rmtree(target, ignore_errors=True)
    never = (".git", "__pycache__", "*.egg-info", "build", "dist", "out", ".venv*", ".tox", ".*_cache")
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*never, *leave_out))


def run_pytest(python, workplace, words, environment, minutes=None):
    """Runs pytest in `workplace`/tree; returns its exit code, or 1 if no test ran.

    Args:
      python: the environment's Python.
      workplace: the folder that holds the tree; the log is written here.
      words: arguments for pytest.
      environment: more environment variables; None takes one away.
      minutes: after so many it is broken off, and says where each of its threads stood. None: no limit.
    """
    full = {**os.environ, "PYTHONPATH": None, **environment}
    command = [python.with_name("pytest"), *words]
    say("running " + " ".join(["pytest", *map(str, words)]))
    log = workplace / "pytest.log"
    kept = {name: value for name, value in full.items() if value is not None}
    code = _tee([str(word) for word in command], log, minutes, cwd=workplace / "tree", env=kept)
    if not re.search(r"\b[1-9]\d* passed", log.read_text(errors="replace")):
        say("no test is known to have passed: that counts as a failure")
        return code or 1
    return code


def _tee(command, log, minutes=None, **kwargs):
    """Runs a command, shows its output as it comes, keeps it in `log`; returns the exit code."""
    with (
        open(log, "wb") as copy,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kwargs) as process,
        _broken_off_after(minutes, process),
    ):
        # By pieces, not lines: pytest draws a dot for a test that may take minutes.
        while piece := process.stdout.read1(4096):
            sys.stdout.buffer.write(piece)
            sys.stdout.flush()
            copy.write(piece)
    return process.returncode


@contextlib.contextmanager
def _broken_off_after(minutes, process):
    """A context in which a process may take so many minutes; then it gets the signal that makes pytest say where it is."""

    def break_off():
        say(f"broken off after {minutes:g} minutes; where it stood:")
        process.send_signal(signal.SIGABRT)  # Python's faulthandler, which pytest switches on, shows all threads.

    timer = threading.Timer(threading.TIMEOUT_MAX if minutes is None else minutes * 60, break_off)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


if __name__ == "__main__":
    sys.exit(main())
