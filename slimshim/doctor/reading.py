"""Finds a project's Python files and notebooks, and reads them as syntax trees."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import pathlib
import tokenize
import warnings

SUFFIXES = (".py", ".ipynb")

# Folders that hold what is not the project's own text.
_FOREIGN = {"__pycache__", "node_modules", "site-packages", "dist-packages"}


@dataclasses.dataclass(frozen=True)
class Source:
    """A file that was read.

    Attributes:
      path: where it lies.
      tree: its `ast.Module`.
      cells: for a notebook, the first line of each code cell within the tree; else empty.
    """

    path: pathlib.Path
    tree: ast.Module
    cells: tuple[int, ...] = ()

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
    """A file that could not be read, and why."""

    path: pathlib.Path
    reason: str


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
        text, cells = _notebook(path) if path.suffix == ".ipynb" else (_text(path), ())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Old escapes in strings are the project's affair.
            return Source(path, ast.parse(text, str(path)), cells)
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
    """Returns (the code cells as one text, the first line of each)."""
    lines, starts = [], []
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            code = source if isinstance(source, str) else "".join(source)
            starts.append(len(lines) + 1)
            lines += ["pass" if _is_magic(line) else line for line in code.split("\n")]
    return _without_magics("\n".join(lines)), tuple(starts)


def _is_magic(line):
    return line.startswith(("%", "!"))


def _without_magics(text):
    """Returns the text with indented magics and help marks as `pass`, so that lines keep their numbers."""
    lines = []
    for line in text.split("\n"):
        bare = line.lstrip()
        lines.append(line[: len(line) - len(bare)] + "pass" if _is_magic(bare) or bare.startswith("?") else line)
    return "\n".join(lines)
