"""Makes `api_tf_slim.json` and `api_contrib_slim.json`: names, kinds and signatures of the originals.

To make them again: `python3 tests/golden/regenerate.py api_surface`. Which modules and names are public
is taken from the committed files: star imports brought many more into the packages than were meant.
tf_slim's are those of its current head; its last release has the same.

    "name": "(a, b=1)"                  a function
    "name": "from other.module"         the same object as that module's
    "name": "module other.module"       a module
    "name": "value dict"                a value of that type
    "name": {"class": "(a, b=1)", "member": "(self, a)", "member": "property"}

The test writes slimshim's signatures with `signature_text` from here, and compares.
"""

import enum
import importlib
import inspect
import json

from golden_files import GOLDEN, write_json

EMPTY = inspect.Parameter.empty

# One thing, called differently over the versions of TensorFlow.
SAME_KINDS = {"zeros_initializer": "Zeros", "VariableAggregationV2": "VariableAggregation"}


def signature_text(function):
    """Returns a callable's signature as text: names, order, kinds and defaults, no annotations."""
    parameters = [_without_annotation(p) for p in inspect.signature(function).parameters.values()]
    return str(inspect.Signature(parameters))


def _without_annotation(parameter):
    default = parameter.default if parameter.default is EMPTY else _Text(default_text(parameter.default))
    return parameter.replace(annotation=EMPTY, default=default)


class _Text(str):
    """Text that shows itself without quotes."""

    __repr__ = str.__str__


def default_text(value):
    """Returns a default as text: a value as it is, an initializer or function by its kind."""
    if isinstance(value, enum.Enum):
        return f"<{_kind(type(value).__name__)}.{value.name}>"
    if type(value).__name__ == "DType":
        return "tf." + value.name
    if callable(value):
        return "<{}>".format(_kind(getattr(value, "__qualname__", None) or type(value).__name__))
    return repr(value)


def _kind(name):
    name = name.partition(".<locals>")[0].rpartition(".")[2]
    return SAME_KINDS.get(name, name)


def _value(module, name):
    try:
        return getattr(importlib.import_module(module), name)
    except AttributeError:  # A submodule that nobody has imported yet.
        return importlib.import_module(module + "." + name)


def described(module, name, committed):
    """Returns the line, or dict of lines, for a name; `committed` says in which form."""
    value = _value(module, name)
    if inspect.ismodule(value):
        return "module " + value.__name__.replace("tensorflow_core.", "tensorflow.")
    if isinstance(committed, dict):
        return {member: member_text(value, member) for member in committed}
    if committed.startswith("from ") and value is getattr(importlib.import_module(committed[5:]), name):
        return committed
    return signature_text(value) if callable(value) else "value " + type(value).__name__


def member_text(value, member):
    """Returns the signature of a class ("class") or of its member, or "property"."""
    if member == "class":
        return signature_text(value)
    try:
        found = inspect.getattr_static(value, member)
    except AttributeError:
        return "nothing"
    return "property" if isinstance(found, property) else signature_text(getattr(value, member))


def main():
    for file in ("api_tf_slim.json", "api_contrib_slim.json"):
        committed = json.loads((GOLDEN / file).read_text())
        content = {
            module: {name: described(module, name, line) for name, line in names.items()}
            for module, names in committed.items()
        }
        write_json(file, content)
        print(file, {"modules": len(content), "names": sum(map(len, content.values()))})


if __name__ == "__main__":
    main()
