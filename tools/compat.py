"""Reads compat_matrix.yaml, writes results back into it, and makes docs/compatibility.md of it.

What runs the rows is matrix.py beside this file; toxfile.py makes tox's environments of them.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
MATRIX = ROOT / "compat_matrix.yaml"
PAGE = ROOT / "docs" / "compatibility.md"

_KERAS = {"2": "Keras 2", "3": "Keras 3", "tf_keras": "tf_keras (`TF_USE_LEGACY_KERAS=1`)"}
_INSTALL = {"wheel": "wheel", "vendored": "vendored"}
_RUNS = {"all": "all", "core": "core", "peer": "tf_slim's own"}
_CI = {"always": "always", "fits": "as time allows", "no": "no"}


class BadMatrix(Exception):
    """The file says something that it cannot mean."""


@dataclasses.dataclass(frozen=True, eq=False)
class Row:
    """One row: an environment, what runs in it, and what came of it. See the head of compat_matrix.yaml."""

    name: str
    python: str
    tensorflow: str
    keras: str
    install: str
    runs: str
    ci: str
    packages: tuple = ()
    slow: bool = False
    note: str = ""
    exceptions: tuple = ()
    result: dict | None = None

    @property
    def green(self):
        """Whether the row ran, and passed. One that did not run is not green."""
        return bool(self.result and self.result["passed"] and not self.result["failed"])

    def requirements(self, distribution):
        """Returns what pip installs beside the package: TensorFlow, tf_keras, and the row's own."""
        found = [f"{distribution}=={self.tensorflow}.*", *self.packages]
        if self.keras == "tf_keras":
            found.insert(1, f"tf_keras=={self.tensorflow}.*")
        return found

    @property
    def environment(self):
        """What the tests need in the environment variables; None: not set."""
        return {"TF_USE_LEGACY_KERAS": "1" if self.keras == "tf_keras" else None}


class Matrix:
    """The whole file."""

    def __init__(self, text):
        content = yaml.safe_load(text)
        self.accepts = content["accepts"]
        self.distribution = content["distribution"]
        self.core = content["core"]
        self.rows = [_row(entry) for entry in content["rows"]]
        names = [row.name for row in self.rows]
        if len(set(names)) < len(names):
            raise BadMatrix(f"two rows have one name: {sorted(names)}")

    @classmethod
    def read(cls, path=MATRIX):
        return cls(path.read_text())

    def row(self, name):
        """Returns the row of that name."""
        for row in self.rows:
            if row.name == name:
                return row
        raise BadMatrix(f"there is no row {name!r}; there are {', '.join(row.name for row in self.rows)}")

    def pytest_words(self, row):
        """Returns pytest's arguments for what the row runs."""
        chosen = {"all": [], "core": self.core, "peer": ["tests/peer"]}[row.runs]
        return [*(["--slow"] if row.slow else []), "--row", row.name, *chosen]


def _row(entry):
    entry = dict(entry)
    entry["packages"] = tuple(entry.pop("with", ()))
    entry["exceptions"] = tuple(entry.get("exceptions", ()))
    try:
        row = Row(**entry)
    except TypeError as error:
        raise BadMatrix(f"row {entry.get('name')!r}: {error}") from error
    for key, known in (("keras", _KERAS), ("install", _INSTALL), ("runs", _RUNS), ("ci", _CI)):
        if getattr(row, key) not in known:
            raise BadMatrix(f"row {row.name!r}: {key} is one of {', '.join(known)}, not {getattr(row, key)!r}")
    for exception in row.exceptions:
        if set(exception) != {"tests", "reason"} or not exception["reason"]:
            raise BadMatrix(f"row {row.name!r}: an exception has tests and a reason, not {exception!r}")
    return row


def with_result(text, name, result):
    """Returns the file's text with a row's result in it. All else stays, comments too.

    Args:
      text: the file's text.
      name: the row's name.
      result: {key: value} of plain numbers and words, or None for "did not run".
    """
    line = "null" if result is None else "{" + ", ".join(f"{key}: {value}" for key, value in result.items()) + "}"
    pattern = rf"(^  - name: {re.escape(name)}\n(?:(?!  - name:).*\n)*?    result: ).*$"
    new, count = re.subn(pattern, lambda match: match[1] + line, text, flags=re.MULTILINE)
    if count != 1:
        raise BadMatrix(f"row {name!r} has no line for its result")
    return new


# --- docs/compatibility.md

_ABOUT = """\
# Compatibility

Which versions slimshim is for, and what was tried with which result. Made from `compat_matrix.yaml` by
`python3 tools/matrix.py page`; a test holds the two together.

Importing slimshim accepts TensorFlow {oldest_tensorflow} and newer, on Python {oldest_python} and newer: the oldest
row. {summary}

"""

_LEGEND = """
- **Keras**: what `tf.keras` is in that row. With Keras 2 and tf_keras, slim layers are layers of that Keras.
- **install**: the built wheel; or a vendored copy, `third_party/slimshim`, with no slimshim installed. There the
  tests themselves are rewritten to say `third_party.slimshim` wherever they say `slimshim`, also in the programs
  that they start. That proves that the copy works under another name, and never reaches for its old one.
- **tests**: all; or the core ones, {count} files and folders that reach through every part once; or tf_slim 1.1.0's
  own tests, from its wheel. "slow" adds those that take minutes.
- **CI**: whether each change is tried with this row. "As time allows": after the others, while the time lasts and
  if that Python is there.
- A skipped test says why in its output: most take minutes, or need another TensorFlow.
- **seconds**: of the tests alone, on two cores, often with another row beside.
"""

_HOW = """
## Try it yourself

```sh
python3.11 tools/matrix.py list                # the rows, and whether this machine has their Python
python3.11 tools/matrix.py run py311-tf215     # one row, in a fresh environment; writes the result back
python3.11 tools/matrix.py run --all --jobs 2  # all, two at a time
tox -e py311-tf215                             # the same row through tox
```

The core tests:

{core}
"""


def page(matrix):
    """Returns docs/compatibility.md."""
    rows = sorted(matrix.rows, key=lambda row: (_number(row.tensorflow), row.keras, _number(row.python), row.name))
    parts = [_ABOUT.format(summary=_summary(rows), **matrix.accepts), _table(rows)]
    parts.append(_LEGEND.format(count=len(matrix.core)))
    parts.append(_notes(rows))
    parts.append(_exceptions(rows))
    parts.append(_HOW.format(core="\n".join(f"- `{path}`" for path in matrix.core)))
    return "".join(parts)


def _number(version):
    return tuple(map(int, version.split(".")))


def _summary(rows):
    green = sum(row.green for row in rows)
    waiting = sum(row.result is None for row in rows)
    said = [f"{green} of {len(rows)} rows passed"]
    if waiting:
        said.append(f"{waiting} did not run, which counts as not passed")
    if len(rows) - green - waiting:
        said.append(f"{len(rows) - green - waiting} failed")
    return "; ".join(said) + "."


def _table(rows):
    heads = ["row", "Python", "TensorFlow", "Keras", "install", "tests", "CI", "last result", "date", "seconds"]
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---"] * (len(heads) - 1) + ["---:"]) + " |"]
    return "\n".join([*lines, *map(_line, rows)]) + "\n"


def _line(row):
    result = row.result or {}
    tests = _RUNS[row.runs] + (", slow" if row.slow and row.runs == "all" else "")
    keras = _KERAS[row.keras]
    cells = [f"`{row.name}`", row.python, result.get("tensorflow", row.tensorflow), keras, _INSTALL[row.install]]
    cells += [tests, _CI[row.ci], _verdict(row), str(result.get("date", "")), str(result.get("seconds", ""))]
    return "| " + " | ".join(cells) + " |"


def _verdict(row):
    if row.result is None:
        return "**did not run**"
    said = f"{row.result['passed']} passed, {row.result['skipped']} skipped"
    if row.result.get("excepted"):
        said += f", {row.result['excepted']} known exceptions"
    return said if row.green else f"**{row.result['failed']} failed**, {said}"


def _notes(rows):
    found = [f"- `{row.name}`: {row.note}" for row in rows if row.note]
    return "\n## What these versions need\n\n" + "\n".join(found) + "\n" if found else ""


def _exceptions(rows):
    found = [f"- `{row.name}`, `{one['tests']}`: {one['reason']}" for row in rows for one in row.exceptions]
    return "\n## Known exceptions\n\n" + ("\n".join(found) if found else "None.") + "\n"
