"""The one-line edit: slim's imports become this package's, or a program installs it at its start.

Files are edited as concrete syntax (libcst), so that comments, layout, encoding and line ends stay. All new
texts are made and checked first; a file is replaced in one piece or not at all.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import os
import pathlib
import shutil
import tempfile

from . import text, uses, verdicts

ROOT = verdicts.ROOT


class Unavailable(Exception):
    """libcst is not installed; the text says how to get it."""


@dataclasses.dataclass(frozen=True)
class Edit:
    """A file's old and new content."""

    path: pathlib.Path
    before: bytes
    after: bytes

    def diff(self, name):
        """Returns the change as a unified diff."""
        old, new = (content.decode("utf-8", "replace").splitlines(True) for content in (self.before, self.after))
        lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")
        return "".join(line if line.endswith("\n") else line + "\n" for line in lines)

    def write(self):
        """Puts the new content in the file's place.

        Raises:
          OSError: if it cannot be written, is a link, or has changed since it was read.
        """
        if self.path.is_symlink():
            raise OSError("it is a link: write to the file it leads to")
        if self.path.read_bytes() != self.before:
            raise OSError("it has changed since it was read")
        handle, draft = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.after)
                file.flush()
                os.fsync(file.fileno())
            shutil.copymode(self.path, draft)
            os.replace(draft, self.path)
        except BaseException:
            os.unlink(draft)
            raise


def plan(report, way):
    """Returns (the `Edit`s that the way in needs, {path: why a file, or a part of it, is left as it is}).

    Args:
      report: a `Report`.
      way: `import`: slim's own imports become this package's. `install`: each program calls `install()`.

    Raises:
      Unavailable: if libcst is not installed.
    """
    try:
        import libcst  # noqa: F401
    except ImportError:
        raise Unavailable("--write needs libcst: pip install libcst") from None
    edits, left = [], {}
    for file in report.files:
        if way == verdicts.INSTALL and not file.source.is_program:
            continue
        if way == verdicts.IMPORT and not any(finding.verdict.kind == "slim" for finding in file.findings):
            continue
        reason = _why_not(file, way)
        if reason:
            left[file.path] = reason
            continue
        before = file.path.read_bytes()
        after = _with_imports(before, file) if way == verdicts.IMPORT else _with_install(before, report)
        tree = ast.parse(after)  # What is written is Python, or nothing is.
        if after != before:
            edits.append(Edit(file.path, before, after))
        rest = _still_slim(tree) if way == verdicts.IMPORT else []
        if rest:
            left[file.path] = f"{', '.join(rest)} is named in place: install() serves it"
    return edits, left


def _still_slim(tree):
    """Returns what a tree still names of slim under its old paths."""
    return sorted({use.written for use in uses.find_uses(tree) if verdicts.own_path(use.path)})


def _why_not(file, way):
    if file.path.suffix == ".ipynb":
        return "a notebook: change its cell by hand"
    if way == verdicts.IMPORT:
        others = {
            finding.verdict.symbol
            for finding in file.findings
            if finding.verdict.kind == "slim" and finding.verdict.way != verdicts.IMPORT
        }
        if others:
            return f"install() is what serves {', '.join(sorted(others))}"
    return None


def _with_imports(content, file):
    """Returns the content with slim's imports turned into this package's."""
    import libcst

    from . import _swap_imports

    slim = {
        (finding.use.line, finding.use.column): finding.use.path
        for finding in file.findings
        if finding.verdict.kind == "slim" and not finding.use.statement and not _is_bound_to_slim(finding.use)
    }
    module = libcst.MetadataWrapper(libcst.parse_module(content))
    return module.visit(_swap_imports.Swap(slim)).bytes


def _is_bound_to_slim(use):
    """Returns whether the name that the use begins with has been bound to slim, or to a part of it."""
    return any(verdicts.own_path(path) for path in (use.imported, use.assigned) if path)


def _with_install(content, report):
    """Returns the content with the call of `install` behind docstring, comments and `__future__` imports."""
    import libcst

    call = text.install_call(report, ROOT)
    module = libcst.parse_module(content)
    if f"{ROOT}.install(" in module.code:
        return content
    place = 0
    while place < len(module.body) and _must_stay_first(module.body[place]):
        place += 1
    lines = [libcst.parse_statement(line, module.config_for_parsing) for line in (f"import {ROOT}", call)]
    if place < len(module.body):
        following = module.body[place]
        lines[0] = lines[0].with_changes(leading_lines=following.leading_lines)
        rest = [following.with_changes(leading_lines=[libcst.EmptyLine(indent=False)])]
    else:
        rest = []
    body = [*module.body[:place], *lines, *rest, *module.body[place + 1 :]]
    return module.with_changes(body=body).bytes


def _must_stay_first(statement):
    import libcst

    if not isinstance(statement, libcst.SimpleStatementLine):
        return False
    first = statement.body[0]
    if isinstance(first, libcst.Expr):
        return isinstance(first.value, (libcst.SimpleString, libcst.ConcatenatedString))
    named = getattr(first, "module", None)
    return isinstance(first, libcst.ImportFrom) and isinstance(named, libcst.Name) and named.value == "__future__"
