"""The report as text: each file's names, then a summary to act on."""

from __future__ import annotations

import textwrap

from . import report as reports
from . import verdicts

_WAYS = {verdicts.IMPORT: "import", verdicts.INSTALL: "install()", verdicts.RUN: "run", None: ""}
_PLACES_SHOWN = 4
_PROGRAMS_SHOWN = 6


def details(report):
    """Returns one block for each file with findings: where, what, verdict, way in."""
    return "\n\n".join(_file_block(report, file) for file in report.files if file.findings)


def _file_block(report, file):
    rows = {}
    for finding in file.findings:
        rows.setdefault(finding.verdict, []).append(file.place(finding.use.line))
    lines = [report.name(file.path)]
    for verdict, places in rows.items():
        lines.append(_row(verdict, list(dict.fromkeys(places))))
    return "\n".join(lines)


def _row(verdict, places):
    note = f"  {verdict.note}" if verdict.note else ""
    row = f"  {verdict.status:<8} {_WAYS[verdict.way]:<9}  {verdict.symbol}{note}"
    return (
        row
        + "\n"
        + textwrap.fill("line " + ", ".join(places), 110, initial_indent=" " * 23, subsequent_indent=" " * 23)
    )


def summary(report, package):
    """Returns what was read, how many names get what, what is in the way, and what to do now."""
    parts = [_what_was_read(report)]
    if report.findings:
        parts.append(_table(report))
    parts += [_troubles(report), _skipped(report), advice(report, package)]
    return "\n\n".join(part for part in parts if part)


def _what_was_read(report):
    using = sum(bool(file.findings) for file in report.files)
    cells = sum(one.cell is not None for one in report.skipped)
    skipped = f"{len(report.skipped) - cells} skipped" + (f", {_many(cells, 'notebook cell')} skipped" if cells else "")
    return (
        f"{report.root}: {_many(len(report.files), 'file')} read, {using} with names of slim, contrib, "
        f"TensorFlow 1 or private TensorFlow; {skipped}."
    )


def _table(report):
    lines = ["Different names:"]
    for kind, statuses in reports.counts(report).items():
        words = ", ".join(f"{number} {status}" for status, number in statuses.items())
        lines.append(f"  {reports.KINDS[kind]:<32} {words}")
    shown = [f"{status}: {reports.STATUSES[status]}" for status in reports.STATUSES]
    return "\n".join([*lines, "  (" + "; ".join(shown) + ")", _by_way(report)])


def _by_way(report):
    words = []
    for way in verdicts.WAYS:
        names = {one.verdict.symbol for one in report.findings if one.verdict.way == way}
        if names:
            more = " more" if words else ""
            words.append(f"{_WAYS[way]} gives {len(names)}{more}")
    return "Ways in: " + (", ".join(words) or "none needed") + "."


def _troubles(report):
    places = {}
    for file in report.files:
        for finding in file.findings:
            if finding.verdict.status != verdicts.YES:
                where = f"{report.name(file.path)}:{file.place(finding.use.line)}"
                places.setdefault(finding.verdict, []).append(where)
    if not places:
        return "Every name that was found gets real behaviour." if report.findings else None
    lines, header = ["Without real behaviour:"], None
    for verdict, where in sorted(places.items(), key=_trouble_order):
        if (verdict.status, verdict.note) != header:
            header = verdict.status, verdict.note
            lines.append(f"  {verdict.status}" + (f": {verdict.note}" if verdict.note else ""))
        more = f" and {len(where) - _PLACES_SHOWN} more" if len(where) > _PLACES_SHOWN else ""
        lines.append(f"    {verdict.symbol}\n      {', '.join(where[:_PLACES_SHOWN])}{more}")
    return "\n".join(lines)


def _trouble_order(item):
    verdict = item[0]
    return verdict.status, verdict.note or "", verdict.symbol


def _skipped(report):
    if not report.skipped:
        return None
    lines = [
        f"  {report.name(one.path)}: " + (f"cell {one.cell} " if one.cell else "") + one.reason
        for one in report.skipped
    ]
    return "\n".join(["Skipped:", *lines])


def advice(report, package):
    """Returns which way in fits, and the line to type or to write."""
    if report.way is None:
        return "Nothing here needs a way in."
    names = {finding.verdict.symbol for finding in report.findings if finding.verdict.way == report.way}
    start = {
        verdicts.IMPORT: f"Way in: the import. All that is asked for is {package}'s own:\n  import {package} as slim",
        verdicts.INSTALL: f"Way in: install(), for {_many(len(names), 'name')}. At the start of each program, before "
        f"its other imports:\n  import {package}\n  {install_call(report, package)}",
        verdicts.RUN: f"Way in: run, for {_many(len(names), 'name')}. Nothing is edited:\n"
        f"  python -m {package} run {_first_program(report)} ...",
    }
    words = start[report.way]
    if report.way != verdicts.RUN:
        words += f"\nTo have it written: python -m {package} doctor {report.root} --write"
    return words + _programs(report)


def install_call(report, package):
    """Returns the call of `install` that gives all the names found."""
    numpy = any(one.verdict.kind == "numpy" and one.verdict.way for one in report.findings)
    return f"{package}.install({'numpy_aliases=True' if numpy else ''})"


def _first_program(report):
    return report.name(report.programs[0]) if report.programs else "PROGRAM.py"


def _programs(report):
    if len(report.programs) < 2:
        return ""
    shown = ", ".join(report.name(path) for path in report.programs[:_PROGRAMS_SHOWN])
    more = len(report.programs) - _PROGRAMS_SHOWN
    return f"\nPrograms here: {shown}" + (f" and {more} more" if more > 0 else "")


def _many(number, noun):
    return f"{number} {noun}" + ("" if number == 1 else "s")
