"""Runs the code of a Markdown page, from top to bottom, as a reader would.

* A `python` block runs in the page's one namespace.
* A `python` block whose first line is `# NAME.py` is that file: it is written into the page's folder.
* A `sh` block's lines that start with `python ` run in that folder, on a page that has such files.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import types

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"# (\w+\.py)\n")


def pages_with_code():
    """Returns the names of the pages of docs/ that have a `python` block."""
    return sorted(path.name for path in DOCS.glob("*.md") if "```python\n" in path.read_text())


def run_page(name):
    """Runs a page of docs/ in the working directory and returns its namespace.

    Line numbers in errors are the page's own. The page's files can be imported, and are forgotten afterwards.
    """
    # A module, and the page as its file: AutoGraph and `inspect` find the functions' source.
    module = sys.modules["page"] = types.ModuleType("page")
    folder, before = os.getcwd(), set(sys.modules)
    sys.path.insert(0, folder)
    try:
        _run_blocks(DOCS / name, vars(module))
    finally:
        sys.path.remove(folder)
        for new in set(sys.modules) - before:
            if (getattr(sys.modules[new], "__file__", None) or "").startswith(folder + os.sep):
                del sys.modules[new]
    return vars(module)


def _run_blocks(path, names):
    text, has_files = path.read_text(), False
    for block in _BLOCK.finditer(text):
        language, code = block.groups()
        file = _FILE.match(code)
        if language == "sh":
            if has_files:
                _run_lines(code)
        elif file:
            has_files = True
            pathlib.Path(file.group(1)).write_text(code)
        else:
            padding = "\n" * text.count("\n", 0, block.start(2))
            exec(compile(padding + code, str(path), "exec"), names)


def _run_lines(code):
    """Runs the `python ...` lines of a `sh` block with this Python. One that fails is an AssertionError."""
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3")
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["python"]:
            done = subprocess.run(
                [sys.executable, *words[1:]], capture_output=True, text=True, timeout=900, env=environment
            )
            assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
