"""`tensorflow.contrib.training.HParams`: named hyperparameters with types, set from text or JSON."""

from __future__ import annotations

import json
import numbers
import re

from ..._checks import error_text

__all__ = ["HParams", "parse_values"]

# name, optional [index], "=", then a [list] or everything up to the next comma
_CLAUSE = re.compile(
    r"(?P<name>[A-Za-z][\w.]*)(?:\[\s*(?P<index>\d+)\s*\])?\s*=\s*"
    r"(?:\[(?P<items>[^\]]*)\]|(?P<value>[^,\[]*))(?:$|,\s*)"
)


class HParams:
    """Hyperparameters as attributes, each with the type of its first value.

    Types: int, float, bool, str, and lists of one of these. A later value must fit the type: an int
    may become a float, but not the reverse; bools and strings stay what they are. A parameter that
    starts as None takes any value.

    Args:
      hparam_def: not served: it was a protocol buffer that TensorFlow no longer has.
      model_structure: any object, kept for `get_model_structure`.
      **kwargs: names and first values.

    Source: TensorFlow 1.15, `tensorflow.contrib.training.HParams`.
    """

    def __init__(self, hparam_def=None, model_structure=None, **kwargs):
        if hparam_def is not None:
            raise NotImplementedError(
                "HParams(hparam_def=...): HParamDef is no longer part of TensorFlow. "
                "Give names and values, or use parse_json()."
            )
        self._hparam_types = {}
        self._model_structure = model_structure
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name, value):
        """Adds a parameter with its first value, which sets its type.

        Raises:
          ValueError: if the name is taken, by a parameter or a method, or the value is an empty list.
        """
        if getattr(self, name, None) is not None:
            raise ValueError(error_text("name", "a name that is not taken", name))
        is_list = isinstance(value, (list, tuple))
        if is_list and not value:
            raise ValueError(error_text(name, "a list with at least one item", value))
        self._hparam_types[name] = (type(value[0] if is_list else value), is_list)
        setattr(self, name, value)

    def set_hparam(self, name, value):
        """Sets a known parameter, converted to its type.

        Raises:
          KeyError: if there is no such parameter.
          ValueError: if the value does not fit the type.
        """
        kind, is_list = self._hparam_types[name]
        if isinstance(value, list) != is_list:
            expected = "a list" if is_list else "one value, not a list"
            raise ValueError(error_text(name, expected, value))
        converted = [_fit(name, kind, v) for v in value] if is_list else _fit(name, kind, value)
        setattr(self, name, converted)

    def del_hparam(self, name):
        """Removes a parameter; does nothing if there is none of that name."""
        if name in self._hparam_types:
            del self._hparam_types[name]
            delattr(self, name)

    def parse(self, values):
        """Sets parameters from text such as `"rate=0.1,units=[10,20]"`; returns self."""
        kinds = {name: kind for name, (kind, _) in self._hparam_types.items()}
        return self.override_from_dict(parse_values(values, kinds))

    def override_from_dict(self, values_dict):
        """Sets parameters from a dict; returns self."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    def set_from_map(self, values_map):
        """The older name of `override_from_dict`."""
        return self.override_from_dict(values_map)

    def parse_json(self, values_json):
        """Sets parameters from the text of a JSON object; returns self."""
        return self.override_from_dict(json.loads(values_json))

    def to_json(self, indent=None, separators=None, sort_keys=False):
        """Returns all parameters as the text of a JSON object."""
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def values(self):
        """Returns {name: value}."""
        return {name: getattr(self, name) for name in self._hparam_types}

    def get(self, key, default=None):
        """Returns the parameter's value, or `default` if there is no such parameter.

        Raises:
          ValueError: if the parameter exists and `default` does not fit its type.
        """
        if key not in self._hparam_types:
            return default
        if default is not None:
            self._check_default(key, default)
        return getattr(self, key)

    def set_model_structure(self, model_structure):
        """Keeps any object for `get_model_structure`."""
        self._model_structure = model_structure

    def get_model_structure(self):
        """Returns the object that was kept."""
        return self._model_structure

    def _check_default(self, key, default):
        kind, is_list = self._hparam_types[key]
        if isinstance(default, list) != is_list:
            expected = "a list" if is_list else "one value, not a list"
            raise ValueError(error_text(f"default for {key!r}", expected, default))
        for value in default if is_list else [default]:
            _fit(f"default for {key!r}", kind, value)

    def __contains__(self, key):
        return key in self._hparam_types

    def __str__(self):
        return ",".join(f"{name}={value}" for name, value in self.values().items())

    def __repr__(self):
        return f"{type(self).__name__}({sorted(self.values().items())})"


def parse_values(values, type_map, ignore_unknown=False):
    """Returns what text such as `"a=1,b[2]=0.5,c=[x,y]"` says, converted to the given types.

    Args:
      values: comma separated `name=value`, `name=[value,…]` or `name[index]=value`.
      type_map: {name: type of one value}.
      ignore_unknown: skip names without a type (True), or raise (False).

    Returns:
      {name: value, list of values, or {index: value}}.

    Raises:
      ValueError: if the text cannot be read, a value does not fit, or a name is set twice.
    """
    results = {}
    place = 0
    while place < len(values):
        clause = _CLAUSE.match(values, place)
        if clause is None:
            raise ValueError(error_text("values", "name=value, ...", values[place:]))
        place = clause.end()
        name = clause["name"]
        if name in type_map:
            _store(results, clause, type_map[name], values)
        elif not ignore_unknown:
            raise ValueError(error_text("values", f"one of {sorted(type_map)}", name))
    return results


def _store(results, clause, kind, text):
    """Puts one clause's value into `results`."""
    name, index, items = clause["name"], clause["index"], clause["items"]
    if items is not None:
        if index is not None:
            raise ValueError(error_text(f"{name}[{index}]", "one value, not a list", items))
        words = [word for word in re.split("[ ,]", items) if word]
        _set_once(results, name, [_read(name, kind, word) for word in words], text)
    elif index is None:
        _set_once(results, name, _read(name, kind, clause["value"]), text)
    else:
        inner = results.setdefault(name, {})
        if not isinstance(inner, dict):
            raise ValueError(error_text("values", f"{name!r} set once", text))
        _set_once(inner, int(index), _read(name, kind, clause["value"]), text)


def _set_once(results, key, value, text):
    if key in results:
        raise ValueError(error_text("values", f"{key!r} set once", text))
    results[key] = value


def _read(name, kind, word):
    """Returns the word as a value of the type."""
    try:
        return _read_bool(word) if kind is bool else kind(word)
    except (TypeError, ValueError):
        raise ValueError(error_text(name, f"text for a {kind.__name__}", word)) from None


def _read_bool(word):
    known = {"true": True, "True": True, "false": False, "False": False}
    return known[word] if word in known else bool(int(word))


def _fit(name, kind, value):
    """Returns the value as the type, if that loses nothing."""
    if type(value) is kind or kind is type(None):
        return value
    fits = (
        not (issubclass(kind, (str, bytes)) and not isinstance(value, (str, bytes)))
        and issubclass(kind, bool) == isinstance(value, bool)
        and not (issubclass(kind, numbers.Integral) and not isinstance(value, numbers.Integral))
        and not (issubclass(kind, numbers.Number) and not isinstance(value, numbers.Number))
    )
    if not fits:
        raise ValueError(error_text(name, f"a {kind.__name__}", value))
    return kind(value)
