#!/usr/bin/env python3
"""Makes docs/api/ from the docstrings: one page for each public module.

    python3 tools/api_docs.py              writes docs/api/
    python3 tools/api_docs.py --output DIR

Needs TensorFlow, since it imports the package. A public name without a docstring is an error.
"""

from __future__ import annotations

import argparse
import enum
import functools
import importlib
import inspect
import json
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = "slimshim"
LISTING = ROOT / "tests" / "golden" / "api_tf_slim.json"
SECTIONS = ("Args", "Attributes", "Returns", "Yields", "Raises", "Args of the constructor")
LISTS = ("Args", "Attributes", "Raises", "Args of the constructor")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "docs" / "api", help="default: docs/api")
    folder = parser.parse_args(arguments).output
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(ROOT))
    pages, undocumented = all_pages()
    if undocumented:
        sys.exit("These public names have no docstring:\n  " + "\n  ".join(undocumented))
    write(pages, folder)
    print(f"{len(pages)} pages in {folder}")


def write(pages, folder):
    """Writes the pages, and removes those of modules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text)


def all_pages():
    """Returns ({file name: text}, the public names without a docstring)."""
    modules = public_modules()
    pages, undocumented = {"index.md": index(modules)}, []
    for path, names in modules.items():
        page = Page(path, names, modules)
        pages[path + ".md"] = page.text()
        undocumented += page.undocumented
    return pages, undocumented


# --- what is public


def public_modules():
    """Returns {module path: its public names}: tf_slim's modules, then our own."""
    listing = json.loads(LISTING.read_text())
    modules = {}
    for path, entries in listing.items():
        own = PACKAGE + path[len("tf_slim") :]
        modules[own] = sorted(name for name, entry in entries.items() if _is_ours(own, name, entry))
    for path, names in _extras(set(modules), set(listing["tf_slim"])).items():
        modules[path] = names
    return modules


def _is_ours(module, name, entry):
    """Returns whether a name of tf_slim's is a function, a class or a value here (not a module, nor left out)."""
    if isinstance(entry, str) and entry.startswith("module "):
        return False
    return hasattr(importlib.import_module(module), name)


def _extras(known_modules, known_names):
    """Returns {module path: names} of the face's names that tf_slim has not."""
    face, extras = importlib.import_module(PACKAGE), {}
    for name in sorted(set(face.__all__) - known_names):
        value = getattr(face, name)
        if inspect.ismodule(value):
            if value.__name__ not in known_modules:
                extras[value.__name__] = sorted(value.__all__)
        else:
            extras.setdefault(value.__module__, []).append(name)
    return extras


def _is_documented_here(module, name, modules):
    """Returns whether this is the page of the object, and not one that links to it."""
    return home(module, name, modules) == module


@functools.cache
def _listed_home(module, name):
    """Returns the module that defines a name in tf_slim's listing, as ours; None if it says nothing."""
    listing = json.loads(LISTING.read_text())
    entry = listing.get("tf_slim" + module[len(PACKAGE) :], {}).get(name)
    if isinstance(entry, str) and entry.startswith("from tf_slim"):
        return PACKAGE + entry[len("from tf_slim") :]
    return None


def home(module, name, modules):
    """Returns the public module whose page documents a name: the deepest that has the same object."""
    listed = _listed_home(module, name)
    if listed in modules:
        return listed
    value = getattr(importlib.import_module(module), name)
    same = [
        path
        for path, names in modules.items()
        if path.startswith(module + ".") and name in names and getattr(importlib.import_module(path), name) is value
    ]
    return max(same, key=lambda path: path.count("."), default=module)


# --- pages


def index(modules):
    """Returns the page that lists all modules."""
    lines = [
        "# API",
        "",
        "`tools/api_docs.py` makes these pages from the docstrings. Paths, names and signatures are tf_slim's;",
        "where behaviour is not, see [known differences](../known_differences.md).",
        "",
        "| module | names | what |",
        "| --- | ---: | --- |",
    ]
    for path, names in modules.items():
        first = _first_line(importlib.import_module(path))
        lines.append(f"| [{path}]({path}.md) | {len(names)} | {first} |")
    return "\n".join(lines) + "\n"


class Page:
    """One module's page.

    Attributes:
      undocumented: paths of names without a docstring, once `text` was called.
    """

    def __init__(self, path, names, modules):
        self.path, self.names, self.modules = path, names, modules
        self.module = importlib.import_module(path)
        self.undocumented = []

    def text(self):
        here = [name for name in self.names if _is_documented_here(self.path, name, self.modules)]
        elsewhere = [name for name in self.names if name not in here]
        parts = [f"# {self.path}", rendered(own_doc(self.module) or "")]
        parts += [self._entry(name) for name in here]
        if elsewhere:
            parts.append(self._links(elsewhere))
        return "\n\n".join(part for part in parts if part) + "\n"

    def _entry(self, name):
        value = getattr(self.module, name)
        if not callable(value):
            return f"## {name}\n\nA {type(value).__name__}" + _value_text(value)
        doc = own_doc(value)
        if not doc:
            self.undocumented.append(f"{self.path}.{name}")
        parts = [f"## {name}", signature_block(name, value), rendered(doc or "")]
        if inspect.isclass(value):
            parts.append(self._constructor(value, doc or ""))
        if not has_source(parts):
            parts.append(source(self.path, name))
        if inspect.isclass(value):
            parts += self._members(name, value)
        return "\n\n".join(part for part in parts if part)

    def _constructor(self, value, doc):
        """Returns what the constructor's own docstring says, where the class's does not tell the arguments."""
        own = getattr(vars(value).get("__init__"), "__doc__", None)
        if not own or "\nArgs" in doc:
            return ""
        return rendered(inspect.cleandoc(own))

    def _members(self, name, value):
        for member, found in vars(value).items():
            if member.startswith("_"):
                continue
            if isinstance(found, property):
                yield f"### {name}.{member}\n\n{rendered(inspect.getdoc(found) or '')}"
            elif inspect.isfunction(inspect.unwrap(getattr(value, member))):
                doc = inspect.getdoc(getattr(value, member))
                if not doc:
                    self.undocumented.append(f"{self.path}.{name}.{member}")
                text = signature_block(f"{name}.{member}", getattr(value, member))
                yield f"### {name}.{member}\n\n{text}\n\n{rendered(doc or '')}"

    def _links(self, names):
        lines = ["## Documented elsewhere", "", "| name | module | what |", "| --- | --- | --- |"]
        for name in names:
            there = home(self.path, name, self.modules)
            first = _first_line(getattr(self.module, name))
            lines.append(f"| [{name}]({there}.md#{name.lower()}) | `{there}` | {first} |")
        return "\n".join(lines)


def has_source(parts):
    """Returns whether the text of an entry names the source of the behaviour."""
    return bool(re.search(r"\*\*(Source|Sources|Paper)\*\*:", "\n".join(parts)))


def source(path, name):
    """Returns the source of a name whose docstring names none: tf_slim's function of that path, or ourselves."""
    theirs = "tf_slim" + path[len(PACKAGE) :]
    if name in json.loads(LISTING.read_text()).get(theirs, {}):
        return f"**Source**: `{theirs}.{name}`."
    return "**Source**: slimshim's own; tf_slim has nothing of this name."


def own_doc(value):
    """Returns a module's, function's or class's own docstring, none that it inherits from Python's types."""
    if inspect.ismodule(value):
        return (value.__doc__ or "").strip()  # Not indented; what is, is code.
    doc = inspect.getdoc(value)
    inherited = {inspect.getdoc(kind) for kind in (functools.partial, Exception, object)}
    return None if doc in inherited else doc


def _first_line(value):
    if not callable(value) and not inspect.ismodule(value):
        return f"a {type(value).__name__}"
    text = (own_doc(value) or "").partition("\n\n")[0]
    return " ".join(text.split()).replace("|", "\\|")


def _value_text(value):
    if isinstance(value, (dict, list, tuple)):
        return " of " + ", ".join(f"`{item}`" for item in value) + "."
    return f": `{value!r}`."


# --- signatures


def signature_block(name, value):
    """Returns a code block with the name and its parameters, one a line where they are many."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    parameters = [
        p.replace(annotation=p.empty, default=_shown(p.default))
        for p in signature.parameters.values()
        if p.name != "self"
    ]
    line = f"{name}{inspect.Signature(parameters)}"
    if len(line) > 100:
        line = f"{name}(\n" + "".join(f"    {p},\n" for p in parameters) + ")"
    return f"```python\n{line}\n```"


class _Text(str):
    """Text that shows itself without quotes."""

    __repr__ = str.__str__


def _shown(default):
    if default is inspect.Parameter.empty:
        return default
    return _Text(default_text(default))


def default_text(default):
    """Returns a default as one would write it; the same with every TensorFlow."""
    if isinstance(default, enum.Enum):
        return f"{type(default).__name__.replace('V2', '')}.{default.name}"
    if type(default).__name__ == "DType":
        return f"tf.{default.name}"
    if callable(default):
        text = getattr(default, "__qualname__", None) or type(default).__name__
        text = text.partition(".<locals>")[0].rpartition(".")[2]
        return {"zeros_initializer": "Zeros"}.get(text, text)
    return repr(default)


# --- docstrings


def rendered(doc):
    """Returns a docstring as Markdown: sections in bold, their items as lists, the source in bold."""
    parts = []
    for header, lines in _blocks(doc.splitlines()):
        if header in LISTS:
            parts.append(f"**{header}**\n\n" + _items(lines))
        elif header:
            parts.append(f"**{header}**\n\n" + "\n".join(_dedented(lines)).strip())
        else:
            parts.append("\n".join(lines).strip())
    text = "\n\n".join(part for part in parts if part)
    return re.sub(r"^(Source|Sources|Paper|Example):", r"**\1**:", text, flags=re.MULTILINE)


def _blocks(lines):
    """Yields (header or None, lines): a section ends where text is no more indented."""
    header, block = None, []
    for line in lines:
        name = line[:-1] if line.endswith(":") else None
        if name in SECTIONS:
            yield header, block
            header, block = name, []
        elif header and line and not line.startswith(" "):
            yield header, block
            header, block = None, [line]
        else:
            block.append(line)
    yield header, block


def _dedented(lines):
    return inspect.cleandoc("\n" + "\n".join(lines)).splitlines()


def _items(lines):
    """Returns "name: text" items with their continuations as a Markdown list."""
    items = []
    for line in _dedented(lines):
        if line and not line.startswith(" "):
            name, colon, text = line.partition(": ")
            items.append(f"- `{name}`: {text}" if colon else f"- {line}")
        else:
            items.append("  " + line.strip() if line.strip() else "")
    return "\n".join(items).strip()


if __name__ == "__main__":
    main()
