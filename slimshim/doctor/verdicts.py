"""What stands behind a name: on this TensorFlow as it is, and with this package's help.

Nothing is listed here. A name is looked up where a program would find it: first on stock TensorFlow, then
in this package, then with `install()` in force, then as `run` shows it. So the verdicts are those of the
TensorFlow that is installed, and cannot fall behind the import hook's table.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import inspect
import logging
import types
import warnings

from .. import legacy
from .._checks import nearest_names
from ..legacy import numpy_names, placeholders, replacements, table

ROOT = table.ROOT

# Verdicts on a name.
YES, RAISES, MISSING, UNKNOWN = "yes", "raises", "missing", "unknown"

# Ways in, each includes those before it.
IMPORT, INSTALL, RUN = "import", "install", "run"
WAYS = (IMPORT, INSTALL, RUN)

_CONTRIB = "tensorflow.contrib"
_V1 = "tensorflow.compat.v1"
_SLIM = ("tf_slim", f"{_CONTRIB}.slim.python.slim", f"{_CONTRIB}.slim")
_ABSENT = object()


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a name gets.

    Attributes:
      symbol: the name, without what follows it: `tensorflow.app.flags.FLAGS` for `tf.app.flags.FLAGS.rate`.
      kind: `slim`, `contrib`, `tf1` (a name that left TensorFlow), `private` or `numpy`.
      status: `yes`: real behaviour. `raises`: it imports, and raises when it is used. `missing`: it is an
        error already when it is named. `unknown`: it cannot be told without running the program.
      way: the smallest way in that gives it: `import`, `install`, `run`; None where none is needed or helps.
      note: what to use instead, or why; None if there is nothing to say.
    """

    symbol: str
    kind: str
    status: str
    way: str | None = None
    note: str | None = None


def judge(uses):
    """Returns {(path, imported): Verdict, or None for what stock TensorFlow still has} for the `uses`.

    `install()` is in force meanwhile, and undone before this returns.
    """
    asked = {(use.path, use.imported): use for use in uses}
    with _quiet():
        stock = {key: _stock(*key) for key, use in asked.items() if use.unknown is None}
        with _installed():
            return {key: _unknown(use) if use.unknown else _verdict(*key, stock[key]) for key, use in asked.items()}


def own_path(path):
    """Returns the path in this package for a path of slim, or None if it is none of slim's."""
    for prefix in _SLIM:
        if path == prefix or path.startswith(prefix + "."):
            return ROOT + path[len(prefix) :]
    return None


def kind_of(path):
    """Returns `slim`, `contrib`, `private`, `numpy` or `tf1`."""
    if own_path(path):
        return "slim"
    for prefix, kind in ((_CONTRIB, "contrib"), ("tensorflow.python", "private"), ("numpy", "numpy")):
        if path == prefix or path.startswith(prefix + "."):
            return kind
    return "tf1"


# --- one name


def _stock(path, imported):
    """Returns whether TensorFlow, or NumPy, has the name without any help."""
    if kind_of(_plain(path)) in ("slim", "contrib"):
        return False
    return _walk(path, imported)[1] is not _ABSENT


def _verdict(path, imported, in_stock):
    path, imported = _plain(path), _plain(imported)
    kind = kind_of(path)
    if in_stock:
        return Verdict(_walk(path, imported)[0], kind, YES, note="TensorFlow has it") if kind == "private" else None
    if kind == "numpy":
        return _numpy_verdict(path)
    own = own_path(path)
    if own:
        symbol, found = _walk(own, own_path(imported) or ROOT)
        if found is not _ABSENT:
            return Verdict(_back(symbol, own, path), kind, YES, IMPORT)
    ways = [(INSTALL, path, imported, path)]
    if kind == "tf1" and not path.startswith("tensorflow.compat."):
        as_v1 = [_V1 + name[len("tensorflow") :] for name in (path, imported)]
        ways.append((RUN, *as_v1, path))
    return _first_that_finds(kind, ways)


def _first_that_finds(kind, ways):
    for way, path, imported, asked in ways:
        symbol, found = _walk(path, imported)
        if found is not _ABSENT:
            shown = _back(symbol, path, asked)
            if not _stands_in(found):
                return Verdict(shown, kind, YES, way)
            return Verdict(shown, kind, RAISES, way, _replacement(symbol, shown))
    symbol = _back(symbol, path, asked)
    return Verdict(symbol, kind, MISSING, None, _instead_of_missing(symbol, path, imported))


def _numpy_verdict(path):
    name = path.split(".")[1]
    given_back = name in numpy_names.BUILTINS or name in numpy_names.RENAMED or name == "NINF"
    symbol = f"numpy.{name}"
    if not given_back:
        return Verdict(symbol, "numpy", MISSING)
    return Verdict(symbol, "numpy", YES, INSTALL, "install(numpy_aliases=True), or run")


def _unknown(use):
    """Returns the verdict on a computed name; None if it is asked of some object and not of a module."""
    holder = _plain(use.path).rpartition(".")[0]
    if not inspect.ismodule(_walk(holder, _plain(use.imported))[1]):
        return None
    return Verdict(_plain(use.path), kind_of(_plain(use.path)), UNKNOWN, None, use.unknown)


def _plain(path):
    """Returns the path with `tf.compat.v1.contrib` as the `tf.contrib` that it is."""
    start = f"{_V1}.contrib"
    return _CONTRIB + path[len(start) :] if path == start or path.startswith(start + ".") else path


def _back(symbol, looked_up, asked):
    """Returns the leading part of `asked` that is as far from its end as `symbol` from `looked_up`'s."""
    left = looked_up.count(".") - symbol.count(".")
    return asked.rsplit(".", left)[0] if left else asked


def _replacement(*names):
    for name in names:
        words = replacements.replacement_for(name)
        if words:
            return f"use {words}"
    return None


def _instead_of_missing(symbol, path, imported):
    words = _replacement(symbol)
    if words:
        return words
    holder = _walk(path.rpartition(".")[0], imported)[1]
    near = nearest_names(symbol.rpartition(".")[2], dir(holder)) if inspect.ismodule(holder) else []
    return f"near it: {', '.join(near)}" if near else None


# --- looking up


def _walk(path, imported):
    """Follows a dotted path as a program would.

    What stands before the last part of `imported` is imported; that part is an attribute, or else a module; beyond
    it attributes count alone. The walk ends at the first thing that is no module, or at a class that has the next
    name.

    Returns:
      (the path up to the end of the walk, what stands there or `_ABSENT`).
    """
    parts = path.split(".")
    found = _import(parts[0])
    for end in range(2, len(parts) + 1):
        prefix, name = ".".join(parts[:end]), parts[end - 1]
        if found is _ABSENT:
            return ".".join(parts[: end - 1]), _ABSENT
        if isinstance(found, placeholders.Placeholder):
            return _up_to_private(parts), found
        if inspect.isclass(found):
            missing = not name.startswith("_") and _attribute(found, name) is _ABSENT and found is not object
            return (prefix, _ABSENT) if missing else (".".join(parts[: end - 1]), found)
        if not isinstance(found, types.ModuleType):
            return ".".join(parts[: end - 1]), found
        inner = _import(prefix) if imported.startswith(f"{prefix}.") else _ABSENT
        inner = _attribute(found, name) if inner is _ABSENT else inner
        if imported == prefix and (inner is _ABSENT or isinstance(inner, placeholders.Placeholder)):
            module = _import(prefix)
            inner = inner if module is _ABSENT else module
        if inner is _ABSENT:
            return prefix, _ABSENT
        found = inner
    return path, found


def _up_to_private(parts):
    """Returns the path up to a name like `__name__`, that says nothing of the symbol."""
    public = next((place for place, part in enumerate(parts) if part.startswith("_")), len(parts))
    return ".".join(parts[:public])


def _attribute(holder, name):
    if getattr(holder, "__name__", None) == "numpy":
        return vars(holder).get(name, _ABSENT) if name in _numpy_names() else getattr(holder, name, _ABSENT)
    try:
        return getattr(holder, name)
    except Exception:  # TensorFlow's and Keras's lazy modules raise many kinds.
        return _ABSENT


def _numpy_names():
    return {*numpy_names.BUILTINS, *numpy_names.RENAMED}


def _import(name):
    try:
        return importlib.import_module(name)
    except Exception:
        return _ABSENT


def _stands_in(found):
    """Returns whether what was found only imports: a placeholder, or a module of nothing but placeholders."""
    if isinstance(found, placeholders.LegacyModule):
        return not found._sources and not table.serves_below(found.__name__)
    return placeholders.is_placeholder(found)


@contextlib.contextmanager
def _installed():
    if legacy.is_installed():
        yield
        return
    legacy.install()
    try:
        yield
    finally:
        legacy.uninstall()


@contextlib.contextmanager
def _quiet():
    """Silences what TensorFlow says when deprecated names are asked for."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
