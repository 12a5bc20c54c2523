"""Comparison with TF 1.15 that remembers how near it was.

Golden tests call `same`. Each call is one record: which function or net, which case, the largest
difference, what was allowed. `pytest --parity FILE` writes the records; tools/parity.py makes a table.
"""

import datetime
import json
import platform

import numpy as np

RECORDS = []


def same(subject, case, found, expected, rtol=1e-5, atol=1e-5):
    """Compares two contents: floats nearly, all else exactly.

    Args:
      subject: the function or net, by its path in the package: "layers.layers.conv2d".
      case: the golden's case, and what of it.
      found: numbers, strings, arrays, or dicts and lists of them.
      expected: the same of TF 1.15.
      rtol: the relative tolerance of floats.
      atol: the absolute tolerance of floats.

    Raises:
      AssertionError: naming the place where they differ.
    """
    comparison = _Comparison(rtol, atol)
    comparison.visit(found, expected, "")
    RECORDS.append(
        {
            "subject": subject,
            "case": case,
            "absolute": comparison.absolute,
            "relative": comparison.relative,
            "numbers": comparison.numbers,
            "facts": comparison.facts,
            "rtol": rtol,
            "atol": atol,
            "same": not comparison.faults,
        }
    )
    assert not comparison.faults, f"{subject}, {case}: " + "; ".join(comparison.faults[:5])


def known_difference(subject, case, reason):
    """Notes a case that is not TF 1.15's, on purpose."""
    RECORDS.append({"subject": subject, "case": case, "reason": reason})


class _Comparison:
    """Walks through two contents.

    Attributes:
      absolute: the largest difference of two floats.
      relative: the largest difference, in parts of the largest value of its array.
      numbers: how many floats were compared.
      facts: how many other things were compared.
      faults: a text for each place that differs.
    """

    def __init__(self, rtol, atol):
        self.rtol, self.atol = rtol, atol
        self.absolute = self.relative = 0.0
        self.numbers = self.facts = 0
        self.faults = []

    def visit(self, found, expected, where):
        if isinstance(expected, dict) and isinstance(found, dict):
            self._fact(sorted(found), sorted(expected), where + " keys")
            for key in expected:
                if key in found:
                    self.visit(found[key], expected[key], f"{where}/{key}")
        elif _floats(expected):
            self._numbers(found, expected, where)
        elif isinstance(expected, (list, tuple)) and isinstance(found, (list, tuple)) and len(found) == len(expected):
            for index, pair in enumerate(zip(found, expected)):
                self.visit(*pair, f"{where}/{index}")
        else:
            self._fact(found, expected, where)

    def _fact(self, found, expected, where):
        self.facts += 1
        if not np.array_equal(found, expected) if isinstance(expected, np.ndarray) else found != expected:
            self.faults.append(f"{where or 'value'} is {_short(found)}, and was {_short(expected)}")

    def _numbers(self, found, expected, where):
        found_array = _as_numbers(found)
        if found_array is None:
            return self._fact(found, expected, where)
        found, expected = found_array, np.asarray(expected, "float64")
        if found.shape != expected.shape:
            return self._fact(found.shape, expected.shape, where + " shape")
        self.numbers += expected.size
        finite = np.isfinite(expected) & np.isfinite(found)
        apart = np.abs(found[finite] - expected[finite])
        largest = float(apart.max()) if apart.size else 0.0
        scale = float(np.abs(expected[finite]).max()) if apart.size else 0.0
        self.absolute = max(self.absolute, largest)
        self.relative = max(self.relative, largest / scale if scale else 0.0)
        if not np.allclose(found, expected, self.rtol, self.atol, equal_nan=True):
            self.faults.append(f"{where or 'value'} differs by {largest:.3g}" if apart.size else f"{where} is {found}")


def _as_numbers(value):
    """Returns an array of float64, or None if the value is no number and no array of numbers."""
    try:
        array = np.asarray(value)
    except ValueError:  # Lists of different lengths.
        return None
    return array.astype("float64") if array.dtype.kind in "biuf" else None


def _floats(value):
    """Returns whether a value is a float, or numbers in lists with a float among them."""
    if isinstance(value, (float, np.floating)):
        return True
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f"
    return isinstance(value, list) and _kinds(value) in ({float}, {int, float}) and _as_numbers(value) is not None


def _kinds(value):
    """Returns the types within nested lists."""
    if isinstance(value, list):
        return set().union(*map(_kinds, value))
    return {type(value)}


def _short(value):
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "…"


def write(path):
    """Writes all records of this run, with the versions that made them."""
    import keras
    import tensorflow as tf

    import slimshim

    versions = {
        "slimshim": slimshim.__version__,
        "TensorFlow": tf.__version__,
        "Keras": keras.__version__,
        "NumPy": np.__version__,
        "Python": platform.python_version(),
    }
    made = datetime.date.today().isoformat()
    with open(path, "w") as file:
        json.dump({"made": made, "versions": versions, "records": RECORDS}, file)
