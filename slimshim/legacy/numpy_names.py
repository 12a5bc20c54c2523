"""NumPy names that programs of the TensorFlow 1 years use and that NumPy has removed.

`np.int`, `np.float` and their like were other names for Python's own types until NumPy 1.24;
`np.float_` and others went in 2.0. Given back under `run`, and by `install(numpy_aliases=True)`:
they change NumPy for the whole process, so a plain `install()` leaves it alone. An entry can go once no program that is worth running uses it.
"""

from __future__ import annotations

import builtins

# name -> builtin type of that name
BUILTINS = ("bool", "complex", "float", "int", "object", "str")

# name -> the name NumPy has now
RENAMED = {
    "Inf": "inf",
    "Infinity": "inf",
    "NAN": "nan",
    "NaN": "nan",
    "PINF": "inf",
    "alltrue": "all",
    "complex_": "complex128",
    "cumproduct": "cumprod",
    "float_": "float64",
    "in1d": "isin",
    "infty": "inf",
    "long": "int64",
    "msort": "sort",
    "product": "prod",
    "round_": "round",
    "row_stack": "vstack",
    "singlecomplex": "complex64",
    "sometrue": "any",
    "string_": "bytes_",
    "trapz": "trapezoid",
    "unicode": "str_",
    "unicode_": "str_",
}


def give_back(ledger):
    """Puts every removed name back into NumPy where the running NumPy lacks it."""
    import numpy as np

    for name in BUILTINS:
        if name not in vars(np):
            ledger.set_attribute(np, name, getattr(builtins, name))
    for name, now in RENAMED.items():
        if name not in vars(np) and hasattr(np, now):
            ledger.set_attribute(np, name, getattr(np, now))
    if "NINF" not in vars(np):
        ledger.set_attribute(np, "NINF", -np.inf)
