"""Which values take part in a conversion, and under what names."""

from __future__ import annotations

import re

from .._checks import check, error_text

# What TF1's optimizers append to a variable's name.
_SLOTS = (
    "Adadelta",
    "Adagrad",
    "Adam",
    "Ftrl",
    "GradientDescent",
    "Momentum",
    "ProximalAdagrad",
    "RMSProp",
    "gradient_accumulator",
    "gradient_squared_accumulator",
)
_SLOT = re.compile(rf"(.+)/({'|'.join(_SLOTS)})(_\d+)?")
_COUNTERS = re.compile(r"(.*/)?(global_step|beta[12]_power(_\d+)?)")
_AVERAGE = "/ExponentialMovingAverage"


class Rules:
    """Renaming rules and filters, checked.

    Attributes:
      idle: after `apply`, the renaming rules that changed no name.
    """

    def __init__(self, rename=(), include=(), exclude=(), weights_only=False, moving_averages=False):
        """Makes the rules; see `convert` for the arguments."""
        self._renames = _renames(rename)
        self._include = [_pattern("include", text) for text in _as_list(include)]
        self._exclude = [_pattern("exclude", text) for text in _as_list(exclude)]
        self._weights_only, self._averages = weights_only, moving_averages
        self.idle = []

    def apply(self, values):
        """Returns ({name: new name} of the values that take part, {name: why} of those that do not)."""
        taking, dropped = {}, {}
        for name, value in values.items():
            why = self._reason_to_drop(name, value, values)
            if why:
                dropped[name] = why
            else:
                taking[name] = self._without_average(name)
        changed = set()
        renamed = {name: self._renamed(new, changed) for name, new in taking.items()}
        self.idle = [text for text, _ in self._renames if text not in changed]
        return renamed, dropped

    def _reason_to_drop(self, name, value, values):
        if self._averages and name + _AVERAGE in values:
            return "its moving average takes its place"
        if self._weights_only and (value.is_slot or is_optimizers(name, values)):
            return "no weight: an optimizer's or a counter"
        if self._weights_only and not self._averages and name.endswith(_AVERAGE):
            return "no weight: a moving average"
        if self._include and not any(pattern.search(name) for pattern in self._include):
            return "not included"
        if any(pattern.search(name) for pattern in self._exclude):
            return "excluded"
        return None

    def _without_average(self, name):
        return name[: -len(_AVERAGE)] if self._averages and name.endswith(_AVERAGE) else name

    def _renamed(self, name, changed):
        for text, rule in self._renames:
            new = rule(name)
            check(isinstance(new, str) and bool(new), "rename", f"a name for {name!r}", new)
            if new != name:
                changed.add(text)
            name = new
        return name


def is_optimizers(name, known):
    """Returns whether a TF1 name is of an optimizer's variable or a step counter.

    Args:
      name: the name.
      known: all names of the checkpoint: `X/Momentum` is a slot if there is an `X`.
    """
    slot = _SLOT.fullmatch(name)
    return bool(_COUNTERS.fullmatch(name) or (slot and slot.group(1) in known))


def read_rules_file(path):
    """Returns the renaming rules in a file: one `regex=replacement` a line; `#` begins a comment line."""
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    return [line for line in lines if line and not line.startswith("#")]


def _as_list(value):
    return [value] if isinstance(value, str) else list(value)


def _renames(rename):
    """Returns a list of (text for messages, function from name to name)."""
    if isinstance(rename, dict):
        return [(f"{old}={new}", _exact(old, new)) for old, new in rename.items()]
    if callable(rename):
        return [(getattr(rename, "__name__", repr(rename)), rename)]
    return [_rename(rule) for rule in _as_list(rename)]


def _exact(old, new):
    return lambda name: new if name == old else name


def _rename(rule):
    if callable(rule):
        return getattr(rule, "__name__", repr(rule)), rule
    if isinstance(rule, str):
        remedy = "The last = in it parts the two."
        check("=" in rule, "rename", "'regular expression=replacement'", rule, remedy)
        pattern, _, replacement = rule.rpartition("=")
    else:
        pattern, replacement = rule
    compiled = _pattern("rename", pattern)
    try:
        compiled.sub(replacement, "")  # Looks at references to groups.
    except (re.error, IndexError) as error:
        raise ValueError(error_text("rename", "a replacement that fits its pattern", rule, f"{error}.")) from error
    return f"{pattern}={replacement}", lambda name: compiled.sub(replacement, name)


def _pattern(argument, text):
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(error_text(argument, "a regular expression", text, f"{error}.")) from error
