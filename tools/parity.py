#!/usr/bin/env python3
"""Holds slimshim against TF 1.15 in the current environment, and says how near each function and net is.

    python3 tools/parity.py                 runs the golden tests; prints the table; writes docs/parity.md
    python3 tools/parity.py --slow          with the networks that take minutes
    python3 tools/parity.py --no-write      prints only
    python3 tools/parity.py --records FILE  makes the table from what `pytest --parity FILE` wrote

The exit code is 1 where something differs. The goldens: tests/golden/README.md.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "parity.md"

ABOUT = """\
# Parity with TF 1.15

Each function and net is run in cases that TensorFlow 1.15.5 ran too (`tensorflow.contrib.slim` and its
friends; see `tests/golden/README.md`). `python3 tools/parity.py{words}` made this page.

Last run: {made}, with {versions}, {extent}. {cases} comparisons of {subjects} functions and nets: {summary}.

- **cases**: comparisons; the same case in several modes (v1 graph, v2 behaviour, eager, `tf.function`) counts for each.
- **largest difference**: of any two numbers (values, gradients, losses, variables after steps); "exact" where only
  names, shapes, collections or whole numbers are compared. Those must be equal everywhere.
- **in parts of the largest**: the same, divided by the largest value of its tensor.
- **tolerance**: what the tests allow, relative and absolute; the widest of the cases.
"""


def main(arguments=None):
    options = _parse(arguments)
    report = json.loads(options.records.read_text()) if options.records else run_tests(options)
    rows = rows_of(report["records"])
    text = page(report, rows)
    print(text)
    if not options.no_write:
        PAGE.write_text(text)
    return 0 if all(row["same"] for row in rows) else 1


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slow", action="store_true", help="also the networks that take minutes")
    parser.add_argument("--no-write", action="store_true", help="do not write docs/parity.md")
    parser.add_argument("--records", type=pathlib.Path, help="a file that pytest --parity wrote")
    parser.add_argument("pytest", nargs="*", help="further arguments for pytest")
    return parser.parse_args(arguments)


def run_tests(options):
    """Runs the golden tests; returns what they recorded."""
    with tempfile.TemporaryDirectory() as scratch:
        records = pathlib.Path(scratch, "records.json")
        command = [sys.executable, "-m", "pytest", "-q", "-m", "golden", "--parity", str(records)]
        # Not in the checkout's root, which `-m` would put before an installed package.
        done = subprocess.run([*command, *["--slow"] * options.slow, *options.pytest, str(ROOT / "tests")], cwd=scratch)
        # Names and collections are compared by plain assertions, which leave no record.
        if done.returncode != 0 or not records.exists():
            sys.exit("golden tests failed, so there is no table to trust: see above")
        report = json.loads(records.read_text())
    if not report["records"]:
        sys.exit("no golden test ran: that is no parity")
    return {**report, "slow": bool(options.slow)}


def rows_of(records):
    """Returns one row for each function or net."""
    subjects = {}
    for record in records:
        subjects.setdefault(record["subject"], []).append(record)
    return [_row(subject, subjects[subject]) for subject in sorted(subjects)]


def _row(subject, records):
    compared = [record for record in records if "reason" not in record]
    return {
        "subject": subject,
        "cases": len(compared),
        "numbers": sum(record["numbers"] for record in compared),
        "absolute": max((record["absolute"] for record in compared), default=0.0),
        "relative": max((record["relative"] for record in compared), default=0.0),
        "tolerance": max(((record["rtol"], record["atol"]) for record in compared), default=(0.0, 0.0)),
        "same": all(record["same"] for record in compared),
        "known": {record["case"]: record["reason"] for record in records if "reason" in record},
    }


def page(report, rows):
    """Returns the page as Markdown."""
    parts = [_about(report, rows)]
    for room in sorted({_room(row["subject"]) for row in rows}):
        parts.append(_table(room, [row for row in rows if _room(row["subject"]) == room]))
    known = [f"- `{row['subject']}`, {case}: {why}" for row in rows for case, why in row["known"].items()]
    if known:
        parts.append("## Cases that differ on purpose\n\n" + "\n".join(known) + "\n")
    return "\n".join(parts)


def _about(report, rows):
    bad = [row["subject"] for row in rows if not row["same"]]
    known = sum(len(row["known"]) for row in rows)
    summary = "all the same" if not bad else "these differ: " + ", ".join(bad)
    if known:
        summary += f"; {known} known difference{'s' * (known > 1)} (below)"
    return ABOUT.format(
        made=report["made"],
        words=" --slow" if report.get("slow", True) else "",
        extent="networks that take minutes included"
        if report.get("slow", True)
        else "without the networks that take minutes",
        versions=", ".join(f"{name} {version}" for name, version in report["versions"].items()),
        cases=sum(row["cases"] for row in rows),
        subjects=len(rows),
        summary=summary,
    )


def _room(subject):
    return subject.partition(".")[0]


def _table(room, rows):
    lines = [
        f"## {room}",
        "",
        "| function | cases | largest difference | in parts of the largest | tolerance | verdict |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    return "\n".join([*lines, *map(_line, rows), ""])


def _line(row):
    name = row["subject"].partition(".")[2] or row["subject"]
    largest = [_number(row["absolute"]), _number(row["relative"])] if row["numbers"] else ["exact", ""]
    cells = [f"`{name}`", str(row["cases"]), *largest, _tolerance(*row["tolerance"]) if row["numbers"] else ""]
    return "| " + " | ".join([*cells, _verdict(row)]) + " |"


def _verdict(row):
    if not row["same"]:
        return "**differs**"
    return f"same, but for {len(row['known'])} known" if row["known"] else "same"


def _number(value):
    return f"{value:.1e}" if value else "0"


def _tolerance(relative, absolute):
    if relative == absolute or not relative:
        return f"{absolute:g}"
    return f"{relative:g} rel, {absolute:g} abs"


if __name__ == "__main__":
    sys.exit(main())
