"""Things that import and raise on use: what old programs name and today's TensorFlow lacks.

A program of 2018 imports `tensorflow.contrib.quantize` at its top and calls it in one corner.
The import must pass; the call must say what is missing. So a placeholder may be imported, passed
around, read attributes of, used as a base class, as a default value and as an annotation. Calling
it, instantiating it or a subclass of it, indexing, iterating or entering it raises `UnavailableError`.
"""

from __future__ import annotations

import importlib
import types

from .replacements import replacement_for


class UnavailableError(NotImplementedError):
    """Says which old piece was used, that it has no counterpart, and what stands in for it."""


def unavailable(name):
    """Returns the error for the use of the old piece called `name` (a dotted path)."""
    text = (
        f"{name} does not exist on this TensorFlow, and it has no counterpart here. "
        "It imports so that the rest of the program can run, but it cannot be used."
    )
    replacement = replacement_for(name)
    return UnavailableError(f"{text} Use {replacement}." if replacement else text)


class Placeholder:
    """A name without behaviour. Any use beyond passing it on raises `UnavailableError`."""

    def __init__(self, name):
        self.__dict__["_name"] = name
        self.__dict__["__name__"] = name.rpartition(".")[2]
        self.__dict__["__doc__"] = f"{name}: imports, and raises when used."

    def __getattr__(self, attribute):
        if attribute.startswith("_"):
            raise AttributeError(f"{self._name} has no attribute {attribute!r}")
        child = make_placeholder(f"{self._name}.{attribute}")
        self.__dict__[attribute] = child
        return child

    def __mro_entries__(self, bases):
        return (_base_class(self._name),)

    def __instancecheck__(self, instance):
        return isinstance(instance, _base_class(self._name))

    def __subclasscheck__(self, subclass):
        return issubclass(subclass, _base_class(self._name))

    def __repr__(self):
        return f"<{self._name}: imports, raises on use>"

    def __call__(self, *unused_args, **unused_kwargs):
        raise unavailable(self._name)

    def __getitem__(self, unused_key):
        raise unavailable(self._name)

    def __iter__(self):
        raise unavailable(self._name)

    def __len__(self):
        raise unavailable(self._name)

    def __enter__(self):
        raise unavailable(self._name)

    def __exit__(self, *unused_error):
        return None

    def __bool__(self):
        return True

    def __reduce__(self):
        return make_placeholder, (self._name,)


_bases: dict[str, type] = {}


def _base_class(name):
    """Returns the class that stands for `name` in a class statement; instances raise."""
    if name not in _bases:

        def refuse(cls, *unused_args, **unused_kwargs):
            raise unavailable(name)

        members = {"__new__": refuse, "__module__": name.rpartition(".")[0]}
        _bases[name] = type(name.rpartition(".")[2], (), members)
    return _bases[name]


def _error_class(name):
    """Returns a real exception class: `except contrib.x.SomeError:` needs one."""
    members = {"__module__": name.rpartition(".")[0], "__doc__": f"Stands for {name}; never raised."}
    return type(name.rpartition(".")[2], (Exception,), members)


def make_placeholder(name):
    """Returns what stands for the dotted `name`: an exception class for errors, else a Placeholder."""
    if name.endswith(("Error", "Exception")):
        if name not in _bases:
            _bases[name] = _error_class(name)
        return _bases[name]
    return Placeholder(name)


def is_placeholder(value):
    """Returns whether `value` only stands for an old name: a `Placeholder`, or a class made for one."""
    return isinstance(value, Placeholder) or any(value is stand_in for stand_in in _bases.values())


class LegacyModule(types.ModuleType):
    """A module under an old name: what real sources serve comes from them, the rest is placeholders.

    Args:
      name: the old module path.
      sources: modules (or things with attributes) that are asked in order for a name.
      open_ended: whether a name that nobody serves becomes a placeholder (True), or is an
        AttributeError (False).
    """

    def __init__(self, name, sources=(), open_ended=True):
        super().__init__(name, f"{name}, served for programs written for TensorFlow 1.")
        self.__dict__["_sources"] = tuple(sources)
        self.__dict__["_open_ended"] = open_ended
        self.__path__ = []

    def __getattr__(self, attribute):
        if attribute == "__all__":
            return self._public_names()
        if attribute.startswith("_"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {attribute!r}")
        for source in self._sources:
            try:
                return getattr(source, attribute)
            except AttributeError:
                continue
        return self._submodule_or_placeholder(attribute)

    def _submodule_or_placeholder(self, attribute):
        name = f"{self.__name__}.{attribute}"
        if is_served_module(name):
            return importlib.import_module(name)
        if not self._open_ended:
            raise AttributeError(f"module {self.__name__!r} has no attribute {attribute!r}")
        self.__dict__[attribute] = make_placeholder(name)
        return self.__dict__[attribute]

    def _public_names(self):
        names = set()
        for source in self._sources:
            names.update(getattr(source, "__all__", None) or dir(source))
        return sorted(name for name in names if not name.startswith("_"))

    def __dir__(self):
        return sorted(set(self.__dict__) | set(self._public_names()))


def is_served_module(name):
    """Returns whether the table has an entry for the module path `name`, or for one below it."""
    from . import table

    return name in table.MODULES or isinstance(table.lookup(name), table.Alias) or table.serves_below(name)
