#!/usr/bin/env python3
"""Sets up a fresh environment and passes the tests there. Needs Python and PyPI, nothing else.

    python3.11 tools/check.py            the ordinary suite
    python3.11 tools/check.py --slow     the long runs too (the main job's short form, tf_slim's own tests)
    python3.11 tools/check.py -- -k conv further words go to pytest

What is tested is the built wheel: the tests run from a copy of the tree that has no package in it.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = "slimshim"
DEFAULT_TENSORFLOW = "tensorflow-cpu==2.21.*"


def main():
    options = _parse()
    workplace = pathlib.Path(options.workplace or tempfile.mkdtemp(prefix=PACKAGE + "-check-"))
    workplace.mkdir(parents=True, exist_ok=True)
    try:
        python = _make_environment(workplace / "venv", options)
        return _run_tests(python, workplace, options)
    finally:
        if not options.workplace:
            shutil.rmtree(workplace, ignore_errors=True)


def _parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slow", action="store_true", help="also run the tests that take minutes")
    parser.add_argument("--tensorflow", default=DEFAULT_TENSORFLOW, help="what to install (default: %(default)s)")
    parser.add_argument("--with", dest="extra", action="append", default=[], help="a further package to install")
    parser.add_argument("--workplace", help="a folder to work in and to keep (default: a temporary one)")
    parser.add_argument("pytest", nargs="*", help="further arguments for pytest")
    return parser.parse_args()


def _say(text):
    print(f"== {text}", flush=True)


def _call(command, **kwargs):
    subprocess.run([str(word) for word in command], check=True, **kwargs)


def _make_environment(folder, options):
    _say(f"new environment: {folder} (Python {sys.version.split()[0]}, {options.tensorflow})")
    venv.create(folder, with_pip=True, clear=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    wheels = folder.parent / "wheel"
    shutil.rmtree(wheels, ignore_errors=True)
    _say("building the wheel")
    with tempfile.TemporaryDirectory() as clean:
        source = pathlib.Path(clean, "source")
        _copy_tree(source, leave_out=())  # setuptools writes beside its source: not into the checkout.
        _call([python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, source])
    (wheel,) = wheels.glob("*.whl")
    _say(f"installing {wheel.name}")
    _call([python, "-m", "pip", "install", "--quiet", f"{wheel}[test]", options.tensorflow, *options.extra])
    return python


def _copy_tree(target, leave_out):
    ignored = shutil.ignore_patterns(".git", "__pycache__", "*.egg-info", "build", "dist", "out", ".venv*", *leave_out)
    shutil.copytree(ROOT, target, ignore=ignored)


def _run_tests(python, workplace, options):
    tree = workplace / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    _copy_tree(tree, leave_out=(PACKAGE,))
    # The wheel rides along for the tests that install it elsewhere.
    environment = dict(os.environ, SLIMSHIM_WHEEL=str(next((workplace / "wheel").glob("*.whl"))))
    environment.pop("PYTHONPATH", None)
    command = [python.with_name("pytest"), *(["--slow"] if options.slow else []), *options.pytest]
    _say("running " + " ".join(["pytest", *map(str, command[1:])]))
    log = workplace / "pytest.log"
    code = _tee([str(word) for word in command], log, cwd=tree, env=environment)
    if not re.search(r"\b[1-9]\d* passed", log.read_text(errors="replace")):
        _say("no test ran: that counts as a failure")
        return code or 1
    return code


def _tee(command, log, **kwargs):
    """Runs a command, shows its output as it comes, keeps it in `log`; returns the exit code."""
    with (
        open(log, "wb") as copy,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kwargs) as process,
    ):
        # By pieces, not lines: pytest draws a dot for a test that may take minutes.
        while piece := process.stdout.read1(4096):
            sys.stdout.buffer.write(piece)
            sys.stdout.flush()
            copy.write(piece)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
