"""The doctor's findings on a project: gathered, summed up, and written as text or JSON."""

from __future__ import annotations

import collections
import dataclasses
import os
import pathlib

from . import reading, uses, verdicts

KINDS = {
    "slim": "slim",
    "contrib": "tensorflow.contrib beyond slim",
    "tf1": "names that left TensorFlow",
    "private": "private TensorFlow",
    "numpy": "names that left NumPy",
}
STATUSES = {
    verdicts.YES: "real behaviour",
    verdicts.RAISES: "imports, and raises when it is used",
    verdicts.MISSING: "an error as soon as it is named",
    verdicts.UNKNOWN: "cannot be told without running it",
}


@dataclasses.dataclass(frozen=True)
class Finding:
    """A name in a file, at one place, with its `Verdict`."""

    use: uses.Use
    verdict: verdicts.Verdict


@dataclasses.dataclass(frozen=True)
class File:
    """A file that was read.

    Attributes:
      source: the `reading.Source`.
      findings: what it uses, by line.
    """

    source: reading.Source
    findings: tuple[Finding, ...]

    @property
    def path(self):
        """Where the file lies."""
        return self.source.path

    def place(self, line):
        """Returns the line as a reader finds it: in a notebook, "cell 3:2"."""
        cells = self.source.cells
        if not cells:
            return str(line)
        cell = sum(start <= line for start in cells)
        return f"cell {cell}:{line - cells[cell - 1] + 1}"


@dataclasses.dataclass(frozen=True)
class Report:
    """What the doctor found.

    Attributes:
      root: the path that was asked about.
      files: the `File`s that were read, by path; those without a finding too.
      skipped: the `reading.Skipped` files, then the cells of notebooks that were read without them.
    """

    root: pathlib.Path
    files: tuple[File, ...]
    skipped: tuple[reading.Skipped, ...]

    @property
    def findings(self):
        """Every finding of every file."""
        return [finding for file in self.files for finding in file.findings]

    @property
    def troubles(self):
        """The findings that do not get real behaviour."""
        return [finding for finding in self.findings if finding.verdict.status != verdicts.YES]

    @property
    def way(self):
        """The smallest way in that gives all that can be given; None if the project asks for nothing."""
        needed = {finding.verdict.way for finding in self.findings}
        return next((way for way in reversed(verdicts.WAYS) if way in needed), None)

    @property
    def programs(self):
        """The scripts among the files, those that are tests last."""
        scripts = [file.path for file in self.files if file.source.is_program]
        return sorted(scripts, key=lambda path: path.stem.endswith("_test") or path.stem.startswith("test_"))

    def name(self, path):
        """Returns the path as seen from where the doctor looks."""
        return os.path.relpath(path, self.root if self.root.is_dir() else self.root.parent)


def examine(path):
    """Reads the project at `path` and returns the `Report`. Nothing of the project is run.

    Args:
      path: a file or folder.

    Raises:
      FileNotFoundError: if there is no such path.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file or folder {str(path)!r}")
    read = [reading.read(file) for file in reading.find_files(path)]
    sources = [source for source in read if isinstance(source, reading.Source)]
    found = {}
    skipped = [one for one in read if isinstance(one, reading.Skipped)]
    for source in sources:
        try:
            found[source.path] = uses.find_uses(source.tree)
        except RecursionError:
            skipped.append(reading.Skipped(source.path, "is nested too deeply to be read"))
    skipped += [cell for source in sources if source.path in found for cell in source.skipped]
    judged = verdicts.judge([use for many in found.values() for use in many])
    files = [File(source, _findings(found[source.path], judged)) for source in sources if source.path in found]
    return Report(path, tuple(files), tuple(skipped))


def _findings(every, judged):
    findings = []
    for use in every:
        verdict = judged[use.path, use.imported]
        if verdict is not None and not _was_told(use, verdict):
            findings.append(Finding(use, verdict))
    return tuple(findings)


def _was_told(use, verdict):
    """Returns whether the assignment that the name came through has been reported for the same symbol."""
    if use.assigned is None or use.statement:
        return False
    return verdict.status != verdicts.UNKNOWN and f"{use.assigned}.".startswith(f"{verdict.symbol}.")


# --- as data


def as_data(report, package, tensorflow, keras):
    """Returns the report as what JSON can hold. The keys are part of the interface.

    Args:
      report: the `Report`.
      package, tensorflow, keras: the versions it holds for, in words.
    """
    return {
        "package": package,
        "tensorflow": tensorflow,
        "keras": keras,
        "path": str(report.root),
        "way": report.way,
        "summary": counts(report),
        "programs": [report.name(path) for path in report.programs],
        "files": [_file_data(report, file) for file in report.files if file.findings],
        "skipped": [{"path": report.name(one.path), "cell": one.cell, "reason": one.reason} for one in report.skipped],
    }


def _file_data(report, file):
    rows = []
    for finding in file.findings:
        use, verdict = finding.use, finding.verdict
        rows.append(
            {
                "line": use.line,
                "column": use.column,
                "place": file.place(use.line),
                "written": use.written,
                **dataclasses.asdict(verdict),
            }
        )
    return {"path": report.name(file.path), "uses": rows}


def counts(report):
    """Returns {kind: {status: number of different names}}, without what does not occur."""
    names = collections.defaultdict(lambda: collections.defaultdict(set))
    for finding in report.findings:
        names[finding.verdict.kind][finding.verdict.status].add(finding.verdict.symbol)
    return {
        kind: {status: len(names[kind][status]) for status in STATUSES if names[kind][status]}
        for kind in KINDS
        if kind in names
    }
