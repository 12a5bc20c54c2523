"""Finds a project's Python files and notebooks, and reads them as syntax trees."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import pathlib
import re
import tokenize
import warnings

SUFFIXES = (".py", ".ipynb")

# Folders that hold what is not the project's own text.
_FOREIGN = {"__pycache__", "node_modules", "site-packages", "dist-packages"}

# Cell magics below which the cell is this Python.
_PYTHON_CELLS = {"time", "timeit", "capture", "prun"}

# What is taken for a line magic, in the order of trial. An indented line like `% step` or `!= 3` may go on with
# the expression above it, so it is the last to go.
_MAGICS = tuple(re.compile(words) for words in (r"()[%!?]", r"(\s*)(?:%%?\w|!(?!=)|\?)", r"(\s*)[%!?]"))


@dataclasses.dataclass(frozen=True)
class Source:
    """A file that was read.

    Attributes:
      path: where it lies.
      tree: its `ast.Module`.
      cells: for a notebook, the first line of each code cell within the tree; else empty.
      skipped: for a notebook, the `Skipped` cells, which the tree lacks; else empty.
    """

    path: pathlib.Path
    tree: ast.Module
    cells: tuple[int, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def is_program(self):
        """Whether it is a script: it asks if it is `__main__`, or hands itself to `tf.app.run`."""
        return any(_starts_a_program(node) for node in self.tree.body)


def _starts_a_program(statement):
    if isinstance(statement, ast.If):
        return "__main__" in ast.dump(statement.test)
    return isinstance(statement, ast.Expr) and ast.unparse(statement).partition("(")[0].endswith("app.run")


@dataclasses.dataclass(frozen=True)
class Skipped:
    """A file, or one code cell of a notebook, that could not be read, and why.

    Attributes:
      path: where the file lies.
      reason: why.
      cell: the code cell's number, counted from 1; None if it is the whole file.
    """

    path: pathlib.Path
    reason: str
    cell: int | None = None


def find_files(path):
    """Returns the sorted Python files and notebooks at or below `path`.

    Hidden folders, virtual environments and installed packages are left out. Links are not followed.
    """
    path = pathlib.Path(path)
    if path.is_file():
        return [path]
    found = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not _is_foreign(pathlib.Path(folder, name)))
        found += [pathlib.Path(folder, name) for name in files if name.endswith(SUFFIXES)]
    return sorted(found)


def _is_foreign(folder):
    return folder.name.startswith(".") or folder.name in _FOREIGN or (folder / "pyvenv.cfg").exists()


def read(path):
    """Returns the file's `Source`, or a `Skipped` that says why there is none."""
    path = pathlib.Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Old escapes in strings are the project's affair.
            return _notebook(path) if path.suffix == ".ipynb" else Source(path, ast.parse(_text(path), str(path)))
    except SyntaxError as error:
        return Skipped(path, _syntax_reason(error))
    except OSError as error:
        return Skipped(path, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        return Skipped(path, f"is no text in the encoding it names: {error}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Skipped(path, f"is no {'notebook' if path.suffix == '.ipynb' else 'Python'}: {error}")
    except (RecursionError, MemoryError):
        return Skipped(path, "is nested too deeply to be read")


def _text(path):
    with tokenize.open(path) as file:  # Obeys the file's coding line.
        return file.read()


def _syntax_reason(error):
    words = f"{error.msg} {error.text or ''}"
    old = ("print" in words, "exec" in words, "multiple exception types" in words, "leading zeros" in words)
    hint = " (Python 2? 2to3 or futurize makes it Python 3)" if any(old) else ""
    return f"is not this Python's syntax, line {error.lineno}: {error.msg}{hint}"


def _notebook(path):
    """Returns the `Source` of a notebook: its code cells, one below the other."""
    body, starts, skipped, line = [], [], [], 1
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            code = source if isinstance(source, str) else "".join(source)
            starts.append(line)
            try:
                body += ast.increment_lineno(_cell(code), line - 1).body
            except SyntaxError as error:
                skipped.append(Skipped(path, _syntax_reason(error), len(starts)))
            line += code.count("\n") + 1
    return Source(path, ast.Module(body, []), tuple(starts), tuple(skipped))


def _cell(code):
    """Returns the tree of a cell. Line magics go only if the cell is no Python with them.

    Raises:
      SyntaxError: if it is none without them either. Of all the tries, the one that came furthest.
    """
    if _is_of_another_language(code):
        return ast.Module([], [])
    errors = []
    for text in (code, *(_without(code, magics) for magics in _MAGICS)):
        try:
            return ast.parse(text)
        except SyntaxError as error:
            errors.append(error)
    raise max(errors, key=lambda error: error.lineno or 0)


def _is_of_another_language(code):
    """Returns whether a cell magic hands the cell to something else than this Python: `%%bash`, `%%html`."""
    magic = re.match(r"\s*%%(\w*)", code)
    return magic is not None and magic[1] not in _PYTHON_CELLS


def _without(code, magics):
    """Returns the code with lines that match as `pass`, so that lines keep their numbers."""
    lines, goes_on = [], False
    for line in code.split("\n"):
        found = magics.match(line)
        if not goes_on and not found:
            lines.append(line)
            continue
        lines.append("" if goes_on else found[1] + "pass")
        goes_on = line.rstrip().endswith("\\")
    return "\n".join(lines)
