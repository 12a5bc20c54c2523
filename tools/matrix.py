#!/usr/bin/env python3
"""Runs rows of compat_matrix.yaml, each in a fresh environment, and writes the results back.

    python3.11 tools/matrix.py list                     the rows, and whether their Python is here
    python3.11 tools/matrix.py run py311-tf215          one row (or several)
    python3.11 tools/matrix.py run py311-tf215 -- -k conv   a part of it; writes no result
    python3.11 tools/matrix.py run --all --jobs 2       all, two at a time
    python3.11 tools/matrix.py run --ci --minutes 40    what CI runs: the rows that always run, then those that fit
    python3.11 tools/matrix.py here py311-tf215         the row's tests in the environment that runs this (for tox)
    python3.11 tools/matrix.py page                     makes docs/compatibility.md anew

A row whose Python is not on this machine does not run, and is not green: `run NAME` and `run --all` then fail.
Needs Python and PyPI; PyYAML is fetched into a folder of its own if it is missing.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import check
from matrix_row import find_python, run_row, test_row

_HEARTBEAT = 60  # Seconds between two signs of life of rows that run side by side.


def main(arguments=None):
    import compat

    options = _parse(arguments)
    try:
        return options.command(options, compat.Matrix.read())
    except compat.BadMatrix as error:
        sys.exit(f"compat_matrix.yaml: {error}")


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("list", help="show the rows").set_defaults(command=_list)
    commands.add_parser("page", help="make docs/compatibility.md").set_defaults(command=_page)
    run = commands.add_parser("run", help="run rows in fresh environments")
    run.set_defaults(command=_run)
    run.add_argument("names", nargs="*", metavar="ROW")
    run.add_argument("--all", action="store_true", help="every row")
    run.add_argument("--ci", action="store_true", help="the rows of CI, as many as fit into --minutes")
    run.add_argument("--minutes", type=float, default=40, help="with --ci (default: %(default)g)")
    run.add_argument(
        "--row-minutes", type=float, help="break a row's tests off after so many, and show where they stood"
    )
    run.add_argument("--jobs", type=int, default=1, help="how many rows run side by side (default: %(default)s)")
    run.add_argument("--no-write", action="store_true", help="leave compat_matrix.yaml and its page as they are")
    run.add_argument("--keep", metavar="FOLDER", help="work in this folder, and keep the environments")
    run.add_argument("--wheel", type=pathlib.Path, help="test this wheel instead of a new one")
    run.add_argument("--report", type=pathlib.Path, help="with one row: write its result here, as JSON")
    here = commands.add_parser("here", help="run a row's tests in this very environment")
    here.set_defaults(command=_here)
    here.add_argument("name", metavar="ROW")
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    split = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:split])
    options.pytest = arguments[split + 1 :]
    return options


def _list(options, matrix):
    for row in matrix.rows:
        found = "" if find_python(row.python) else f"  (no Python {row.python} here)"
        print(f"{row.name:<28}{'green' if row.green else 'failed' if row.result else 'did not run'}{found}")
    return 0


def _page(options, matrix):
    import compat

    compat.PAGE.write_text(compat.page(matrix))
    print(compat.PAGE)
    return 0


def _here(options, matrix):
    """Runs a row's tests in the environment that runs this, as tox made it."""
    row = matrix.row(options.name)
    python = pathlib.Path(sys.executable)
    with check.workplace_at(os.environ.get("TOX_ENV_DIR") and pathlib.Path(os.environ["TOX_ENV_DIR"], "row")) as folder:
        wheel = check.build_wheel(folder / "wheel", python)
        if row.install == "wheel":
            check.install(python, ["--force-reinstall", "--no-deps", wheel])
        result = test_row(row, matrix, python, folder, wheel, options.pytest)
    return _close({row.name: result})


# --- many rows


def _run(options, matrix):
    rows = _chosen(options, matrix)
    started = time.monotonic()
    results = _Results(options)
    with check.workplace_at(options.keep) as folder:
        if len(rows) == 1 and not options.ci:
            results[rows[0].name] = run_row(rows[0], matrix, options, folder)
        else:
            _side_by_side(rows, results, options, folder, started)
    return _close(results, [row.name for row in rows if row.name not in results], time.monotonic() - started)


class _Results(dict):
    """{row's name: result}. Each is written down as soon as it is there, so that breaking off loses none."""

    def __init__(self, options):
        super().__init__()
        self._report = options.report
        self._write = not options.no_write and not options.pytest

    def __setitem__(self, name, result):
        super().__setitem__(name, result)
        if self._report:
            self._report.write_text(json.dumps(self))
        elif self._write:
            _write(name, result)


def _chosen(options, matrix):
    if bool(options.names) + options.all + options.ci != 1:
        sys.exit("name rows, or give --all, or --ci")
    if options.names:
        return [matrix.row(name) for name in options.names]
    if options.all:
        return matrix.rows
    found = {python for python in {row.python for row in matrix.rows} if find_python(python)}
    for row in matrix.rows:
        if row.ci == "fits" and row.python not in found:
            check.say(f"{row.name}: left out, there is no Python {row.python} on this machine")
    return [row for row in matrix.rows if row.ci == "always" or (row.ci == "fits" and row.python in found)]


@dataclasses.dataclass
class _Job:
    """A row that runs in a process of its own."""

    row: object
    process: subprocess.Popen
    log: pathlib.Path
    report: pathlib.Path
    started: float


def _side_by_side(rows, results, options, folder, started):
    """Runs rows as processes of their own, `--jobs` at a time, and puts what comes of them into `results`.

    A row's output is shown whole when it ends, so that no two are mixed; meanwhile there are signs of life.
    """
    running = []
    try:
        _drive(rows, running, results, options, folder, started)
    finally:
        for job in running:  # Only if this was broken off.
            os.killpg(job.process.pid, signal.SIGTERM)


def _drive(rows, running, results, options, folder, started):
    wheel = (options.wheel or _shared_wheel(folder)).resolve()
    # The longest first: a long one that starts last would run alone.
    waiting = sorted(rows, key=lambda row: (options.ci and row.ci != "always", -_expected(row)))
    beat = time.monotonic()
    while waiting or running:
        while waiting and len(running) < options.jobs:
            row = waiting.pop(0)
            if options.ci and row.ci == "fits" and not _fits(row, started, options.minutes):
                continue
            running.append(_start(row, options, folder, wheel))
        time.sleep(1)
        for job in [job for job in running if job.process.poll() is not None]:
            running.remove(job)
            results[job.row.name] = _finish(job)
            if not options.keep:
                shutil.rmtree(pathlib.Path(folder, job.row.name))  # Environments are large.
        if time.monotonic() - beat > _HEARTBEAT:
            beat = time.monotonic()
            check.say("; ".join(map(_sign_of_life, running)) or "…")


def _expected(row):
    """Returns how many seconds a row will take, as far as one knows; with its environment's making."""
    guess = {"all": 1500, "peer": 900, "core": 300}[row.runs]
    return 90 + (row.result["seconds"] if row.result else guess)


def _fits(row, started, minutes):
    return time.monotonic() - started + _expected(row) < minutes * 60


def _shared_wheel(folder):
    python = check.make_environment(pathlib.Path(folder, "build"), find_python(check.OWN_PYTHON))
    return check.build_wheel(pathlib.Path(folder, "wheel"), python)


def _start(row, options, folder, wheel):
    log, report = (pathlib.Path(folder, f"{row.name}.{kind}") for kind in ("log", "json"))
    report.unlink(missing_ok=True)
    command = [sys.executable, __file__, "run", row.name, "--keep", folder, "--wheel", wheel, "--report", report]
    if options.row_minutes is not None:
        command += ["--row-minutes", options.row_minutes]
    if options.pytest:
        command += ["--", *options.pytest]
    check.say(f"{row.name} starts")
    with open(log, "wb") as out:
        process = subprocess.Popen(
            [str(word) for word in command], stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    return _Job(row, process, log, report, time.monotonic())


def _finish(job):
    """Shows what the row said; returns its result."""
    print(f"\n{f' {job.row.name} ':=^100}", flush=True)
    print(job.log.read_text(errors="replace"), flush=True)
    if job.report.exists():
        return json.loads(job.report.read_text())[job.row.name]
    check.say(f"{job.row.name} broke off before its tests (exit code {job.process.returncode})")
    return None


def _sign_of_life(job):
    minutes, log = (time.monotonic() - job.started) / 60, job.log.read_text(errors="replace")
    percent, files = re.findall(r"\[ *(\d+)%\]", log), re.findall(r"^tests/\S+\.py", log, re.MULTILINE)
    said = f"{job.row.name}: {minutes:.0f} min"
    if percent:
        said += f", {percent[-1]} %"
    return said + (f", in {files[-1]}" if files else "")


def _write(name, result):
    """Writes a result into compat_matrix.yaml, and makes the page anew."""
    import compat

    text = compat.with_result(compat.MATRIX.read_text(), name, result)
    compat.MATRIX.write_text(text)
    compat.PAGE.write_text(compat.page(compat.Matrix(text)))


def _close(results, left_out=(), seconds=0.0):
    """Says what came of the rows; returns the exit code."""
    print()
    for name, result in results.items():
        check.say(f"{name}: {_verdict(result)}")
    for name in left_out:
        check.say(f"{name}: left out, for want of time")
    ran = [result for result in results.values() if result]
    failed = sum(result["failed"] for result in ran) + len(results) - len(ran)
    passed = sum(result["passed"] for result in ran)
    skipped = sum(result["skipped"] for result in ran)
    print(f"{len(results)} rows in {seconds:.0f} seconds, {len(left_out)} left out")
    print(f"total: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not all(result and result["passed"] for result in results.values()) else 0


def _verdict(result):
    if result is None:
        return "did not run, which is a failure"
    return ", ".join(f"{count} {kind}" for kind, count in result.items())


def _with_yaml():
    """Runs this script again with a Python that has PyYAML, where this one has none."""
    try:
        import yaml  # noqa: F401
    except ModuleNotFoundError:
        if os.environ.get("SLIMSHIM_MATRIX_TOOLS"):
            raise
        with check.workplace_at() as folder:
            python = check.make_environment(folder / "tools", sys.executable)
            check.install(python, ["pyyaml"])
            environment = {**os.environ, "SLIMSHIM_MATRIX_TOOLS": "1"}
            sys.exit(subprocess.run([python, *sys.argv], env=environment).returncode)


if __name__ == "__main__":
    _with_yaml()
    sys.exit(main())
