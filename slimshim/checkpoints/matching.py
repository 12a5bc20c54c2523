"""Which value goes where, and the table that shows it."""

from __future__ import annotations

import collections
import typing

import numpy as np

from .._checks import nearest_names

MATCHED, MISSING, MISSHAPEN, UNUSED, DROPPED, CLASH = "matched", "missing", "misshapen", "unused", "dropped", "clash"


class ConversionError(ValueError):
    """A conversion that would be incomplete or ambiguous; nothing was written.

    Attributes:
      conversion: the `Conversion`, whose table says what is wrong.
    """

    def __init__(self, text, conversion):
        super().__init__(text)
        self.conversion = conversion


class Row(typing.NamedTuple):
    """One line of a conversion's table.

    Attributes:
      status: "matched"; "missing" (the target's, which the source lacks); "misshapen"; "unused" (the
        source's, which no target wants); "dropped" (by a filter); "clash" (two of the source get one
        name).
      source: the name in the source, or None.
      target: the name in the destination, or None.
      shape: the shape of the source's value, for a missing one of the target's.
      note: what there is to say: a cast, the other shape, the nearest names.
    """

    status: str
    source: str | None
    target: str | None
    shape: tuple
    note: str = ""


class Conversion:
    """What a conversion does, or did.

    Attributes:
      rows: a list of `Row`s.
      source: the source's path.
      destination: where the values go: a path, or the name of a model's class.
      idle_rules: the renaming rules that changed no name.
      problems: the statuses that keep this conversion from being done.
    """

    def __init__(self, source, destination, rows, idle_rules=(), problems=(MISSING, MISSHAPEN, CLASH)):
        self.source, self.destination = source, destination
        self.rows, self.idle_rules, self.problems = list(rows), list(idle_rules), tuple(problems)

    def named(self, status):
        """Returns the rows of one status."""
        return [row for row in self.rows if row.status == status]

    @property
    def matched(self):
        """A dict of name in the source -> name in the destination, of what is converted."""
        return {row.source: row.target for row in self.named(MATCHED)}

    @property
    def missing(self):
        """The target's names that the source lacks."""
        return [row.target for row in self.named(MISSING)]

    @property
    def unused(self):
        """The source's names that no target wants."""
        return [row.source for row in self.named(UNUSED)]

    @property
    def ok(self):
        """Whether nothing keeps it from being done."""
        return bool(self.matched) and not any(row.status in self.problems for row in self.rows)

    def require_ok(self):
        """Raises `ConversionError` unless `ok`; the message has the rows that are wrong."""
        if self.ok:
            return
        wrong = [row for row in self.rows if row.status in self.problems]
        lines = [f"{_names(row)}: {row.status}. {row.note}".rstrip() for row in wrong[:10]]
        if len(wrong) > 10:
            lines.append(f"and {len(wrong) - 10} more")
        if not self.matched:
            lines.append("No value is left to convert.")
        remedy = (
            "Name the differences with rename, leave values out with include and exclude, or let the model keep "
            "its own values of what is missing with allow_missing=True. A dry run shows the whole table."
        )
        text = f"{self.source} does not fit {self.destination}.\n  " + "\n  ".join(lines) + f"\n{remedy}"
        raise ConversionError(text, self)

    def __str__(self):
        """The table: problems last, where a terminal's reader looks."""
        order = [MATCHED, DROPPED, UNUSED, MISSING, MISSHAPEN, CLASH]
        rows = sorted(self.rows, key=lambda row: order.index(row.status))
        cells = [(row.status, _names(row), str(row.shape), row.note) for row in rows]
        widths = [max([len(cell[column]) for cell in cells], default=0) for column in range(3)]
        lines = ["  ".join(text.ljust(width) for text, width in zip(cell, [*widths, 0])).rstrip() for cell in cells]
        lines += [f"rule {rule!r} changed no name" for rule in self.idle_rules]
        return "\n".join([*lines, self.summary()])

    def summary(self):
        """Returns one line: how many of each status."""
        counts = collections.Counter(row.status for row in self.rows)
        parts = ", ".join(f"{counts[status]} {status}" for status in counts)
        return f"{self.source} -> {self.destination}: {parts or 'nothing'}"


def _names(row):
    if row.source is None:
        return row.target
    return row.source if row.target in (None, row.source) else f"{row.source} -> {row.target}"


def matched_rows(values, renamed, dropped, targets=None, reshape=False):
    """Returns the rows of a conversion.

    Args:
      values: a dict of name -> `Value` of the source.
      renamed: a dict of name -> new name, of the values that take part.
      dropped: a dict of name -> why, of the others.
      targets: a dict of name -> (shape, dtype) that the destination wants; None if it takes all.
      reshape: whether another shape of the same size is fine.
    """
    rows = [Row(DROPPED, name, None, values[name].shape, why) for name, why in dropped.items()]
    claimed = collections.defaultdict(list)
    for name, new in renamed.items():
        claimed[new].append(name)
    for new, names in claimed.items():
        if len(names) > 1:
            rows += [Row(CLASH, name, new, values[name].shape, f"so are {len(names) - 1} others") for name in names]
        elif targets is None or new in targets:
            rows.append(_row(names[0], new, values[names[0]], targets and targets[new], reshape))
        else:
            rows.append(Row(UNUSED, names[0], new, values[names[0]].shape, _hint(new, targets)))
    missing = [] if targets is None else [name for name in targets if name not in claimed]
    free = [new for new in claimed if new not in (targets or ())]
    rows += [Row(MISSING, None, name, targets[name][0], _hint(name, free or claimed)) for name in missing]
    return rows


def _row(name, new, value, target, reshape):
    if target is None:
        return Row(MATCHED, name, new, value.shape)
    shape, dtype = target
    shape = tuple(shape)
    same_size = np.prod(shape, dtype=int) == np.prod(value.shape, dtype=int)
    if shape != value.shape and not (reshape and same_size):
        hint = "; of the same size: reshape would take it" if same_size else ""
        return Row(MISSHAPEN, name, new, value.shape, f"the destination wants {shape}{hint}")
    notes = [] if shape == value.shape else [f"reshaped to {shape}"]
    if dtype != value.dtype:
        if dtype.is_floating != value.dtype.is_floating:
            return Row(MISSHAPEN, name, new, value.shape, f"{value.dtype.name}, and the destination wants {dtype.name}")
        notes.append(f"{value.dtype.name} becomes {dtype.name}")
    return Row(MATCHED, name, new, value.shape, ", ".join(notes))


def _hint(name, known):
    near = nearest_names(name, known)
    return f"nearest: {', '.join(near)}" if near else ""
