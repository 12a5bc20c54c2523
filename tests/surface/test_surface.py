"""Every public name of tf_slim and of `tensorflow.contrib.slim`: path, kind, signature, defaults.

The names are in tests/golden/api_*.json (their generator explains the lines), what differs in
exceptions.yaml beside this file.
"""

import fnmatch
import importlib
import inspect
import pathlib

import goldens
import pytest
import yaml

import slimshim
from slimshim.legacy.placeholders import Placeholder, UnavailableError

ROOT = pathlib.Path(__file__).parents[2]
EXCEPTIONS = yaml.safe_load(pathlib.Path(__file__).with_name("exceptions.yaml").read_text())
KEYWORD_ONLY = EXCEPTIONS.pop("keyword_only")
SURFACES = {name: goldens.content(f"api_{name}") for name in EXCEPTIONS}


generator = goldens.generator("api_surface")


@pytest.fixture(scope="module", autouse=True)
def installed():
    slimshim.install()
    yield
    slimshim.uninstall()


def _module(path):
    """Returns the module that serves a path of the originals, by its own import path where it has one."""
    own = path.replace("tf_slim", slimshim.__name__, 1) if path.startswith("tf_slim") else path
    return importlib.import_module(own)


def _difference(path, name, expected):
    """Returns ("what kind of difference", words), or None where the name is as it was."""
    value = getattr(_module(path), name)
    if isinstance(value, Placeholder):
        return "placeholder", repr(value)
    if isinstance(expected, dict):
        return _class_difference(value, expected)
    kind, _, rest = expected.partition(" ")
    if kind == "from":
        home = getattr(_module(rest), name)
        return None if value is home else ("other object", f"not that of {rest}")
    if kind == "module":
        if not inspect.ismodule(value):
            return "no module", repr(value)
        return None if value is _module(rest) else ("other module", value.__name__)
    if kind == "value":
        found = type(value).__name__
        return None if found == rest else ("type", found)
    if inspect.isclass(value) or not callable(value):
        return "kind", f"{value!r} is no function"
    found = generator.signature_text(_without_extras(value))
    return None if found == expected else ("signature", f"{found} and not {expected}")


def _own(dotted):
    """Returns the object of slimshim that an entry of `keyword_only` names: a function, or a class's method."""
    parts = dotted.split(".")
    count = next(n for n in range(len(parts) - 1, 0, -1) if _is_module(".".join(parts[:n])))
    value = importlib.import_module(".".join([slimshim.__name__, *parts[:count]]))
    for part in parts[count:]:
        value = getattr(value, part)
    return value


def _is_module(dotted):
    try:
        importlib.import_module(f"{slimshim.__name__}.{dotted}")
    except ImportError:
        return False
    return True


def _without_extras(function):
    """Returns something with the function's signature, less the keyword-only arguments that are listed for it."""
    extras = next((extras for dotted, extras in KEYWORD_ONLY.items() if _own(dotted) is function), {})
    parameters = inspect.signature(function).parameters.values()
    kept = [p for p in parameters if not (p.name in extras and p.kind is p.KEYWORD_ONLY)]

    def stand_in():
        pass

    stand_in.__signature__ = inspect.Signature(kept)
    return stand_in


def _class_difference(value, expected):
    if not inspect.isclass(value):
        return "kind", f"{value!r} is no class"
    if issubclass(value, BaseException):
        return None  # The constructor is Python's.
    for member, text in expected.items():
        found = generator.member_text(value, member)
        if found != text and member != "property":
            method = value if member == "class" else getattr(value, member, None)
            found = generator.signature_text(_without_extras(method)) if callable(method) else found
        if found != text:
            return "signature", f"{member}: {found} and not {text}"
    return None


def _exception(surface, dotted):
    """Returns (pattern, entry) of the exception that is made for a name, or None."""
    for entry in EXCEPTIONS[surface]:
        for pattern in entry["names"]:
            if fnmatch.fnmatchcase(dotted, pattern):
                return pattern, entry
    return None


def _names(surface):
    return [(path, name, text) for path, names in SURFACES[surface].items() for name, text in names.items()]


@pytest.mark.parametrize(
    "surface, path", [(surface, path) for surface, paths in SURFACES.items() for path in paths], ids=lambda v: v
)
def test_every_name_is_where_and_what_it_was(surface, path):
    wrong = []
    for name, text in SURFACES[surface][path].items():
        difference = _difference(path, name, text)
        exception = _exception(surface, f"{path}.{name}")
        allowed = exception and exception[1]["what"]
        if difference and difference[0] != allowed:
            wrong.append(f"{path}.{name}: {difference[0]}: {difference[1]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("surface", EXCEPTIONS)
def test_every_exception_is_still_needed_has_a_reason_and_stands_in_the_docs(surface):
    needed = set()
    for path, name, text in _names(surface):
        exception = _exception(surface, f"{path}.{name}")
        if exception and _difference(path, name, text):
            needed.add(exception[0])
    docs = (ROOT / "docs" / "known_differences.md").read_text()
    for entry in EXCEPTIONS[surface]:
        assert entry["reason"]
        for pattern in entry["names"]:
            assert pattern in needed, f"{pattern} differs no more: take it off the list"
            short = pattern.replace("tensorflow.contrib.slim.python.slim.", "").replace("tensorflow.contrib.slim.", "")
            assert f"`{short}`" in docs, f"{short} does not stand in docs/known_differences.md"


def test_every_keyword_only_extra_exists_has_a_reason_and_stands_in_the_docs():
    docs = (ROOT / "docs" / "known_differences.md").read_text()
    for dotted, extras in KEYWORD_ONLY.items():
        parameters = inspect.signature(_own(dotted)).parameters
        rows = [line for line in docs.splitlines() if line.startswith(f"| `{dotted}` |")]
        for name, reason in extras.items():
            assert reason
            assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY, f"{dotted}: {name} is not keyword-only"
            assert parameters[name].default is not inspect.Parameter.empty, f"{dotted}: {name} has no default"
            assert any(f"`{name}`" in row for row in rows), f"{dotted}: {name} is not in docs/known_differences.md"


def test_a_placeholder_raises_on_use_and_names_itself():
    found = [(path, name) for path, name, _ in _names("contrib_slim") if _is_placeholder(path, name)]
    assert found
    for path, name in found:
        with pytest.raises(UnavailableError, match=rf"tensorflow\.contrib\.\S*{name} does not exist"):
            getattr(_module(path), name)()


def _is_placeholder(path, name):
    return isinstance(getattr(_module(path), name), Placeholder)


def test_tf_slims_paths_give_the_very_modules():
    for path in SURFACES["tf_slim"]:
        assert importlib.import_module(path) is _module(path)
