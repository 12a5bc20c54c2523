"""`doctor`: reads a project and tells what it asks for, and which way in fits. It runs nothing of it.

    python -m slimshim doctor src/
    python -m slimshim doctor src/ --json > report.json
    python -m slimshim doctor src/ --write

Exit codes:

* 0: every file was read, and every name that was found gets real behaviour; or, with `--write`, all is written;
* 1: some names do not, or some files were skipped: the report says which;
* 2: the line is wrong, or there is no such path;
* 3: `--write`: something was to be written, and was not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

ROOT = __name__.rpartition(".cli.")[0]


def main(arguments, program):
    """Reports on the path that the arguments name. Returns the exit code.

    Args:
      arguments: the words after `doctor`.
      program: what the user typed before them, for the help text.
    """
    options = _parser(program).parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from .. import doctor
    from ..doctor import text

    try:
        report = doctor.examine(options.path)
    except FileNotFoundError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    if options.write:
        return _write(report, options, program)
    if options.json:
        json.dump(_data(report), sys.stdout, indent=1)
        print()
    else:
        parts = [text.summary(report, ROOT)]
        if not options.summary:
            parts.insert(0, text.details(report))
        print("\n\n".join(part for part in parts if part))
    return 1 if report.troubles or report.skipped else 0


def _parser(program):
    parser = argparse.ArgumentParser(
        prog=program,
        description="Reads a project, without running it, and tells per file and line which names of slim, "
        "tensorflow.contrib and TensorFlow 1 it uses, whether they have real behaviour here, and which way in fits.",
        epilog="exit codes: 0 all is well; 1 some names or files need a look; 2 wrong line; "
        "3 --write wrote nothing or not all",
    )
    parser.add_argument("path", metavar="PATH", help="a file or folder: Python files and notebooks")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--summary", action="store_true", help="leave out the list of each file's names")
    shape.add_argument("--json", action="store_true", help="print the report as JSON")
    shape.add_argument("--write", action="store_true", help="show the one-line edit as a diff, and make it once agreed")
    parser.add_argument(
        "--way",
        choices=("import", "install"),
        help="with --write: import turns slim's imports into this package's, install has each program call "
        "install() (default: the one that fits)",
    )
    parser.add_argument("--yes", action="store_true", help="with --write: do not ask")
    return parser


def _data(report):
    import tensorflow as tf

    from .. import __version__
    from .._tf import keras_is_3
    from ..doctor.report import as_data

    return as_data(report, f"{ROOT} {__version__}", tf.__version__, "3" if keras_is_3() else "2")


# --- writing


def _write(report, options, program):
    from ..doctor import swap, text

    way = options.way or report.way
    if way not in ("import", "install"):
        print(text.advice(report, ROOT))
        print("There is nothing to write for that. --way import or --way install edits all the same.")
        return 0 if way is None else 3
    try:
        edits, left = swap.plan(report, way)
    except swap.Unavailable as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 3
    for edit in edits:
        sys.stdout.write(edit.diff(report.name(edit.path)))
    for path, reason in left.items():
        print(f"left as it is: {report.name(path)}: {reason}")
    if not edits:
        print("There is nothing to write.")
        return 3 if left else 0
    if not _agreed(options, len(edits)):
        print("Nothing was written. --yes writes it.")
        return 3
    failed = [path for path in map(_written, edits) if path is not None]
    for path, reason in failed:
        print(f"not written: {report.name(path)}: {reason}", file=sys.stderr)
    print(f"{len(edits) - len(failed)} of {len(edits)} files written.")
    return 3 if failed or left else 0


def _written(edit):
    try:
        edit.write()
    except OSError as error:
        return edit.path, error
    return None


def _agreed(options, number):
    if options.yes:
        return True
    if not sys.stdin.isatty():
        return False
    try:
        return input(f"Write {number} file{'s' if number > 1 else ''}? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
