"""The goldens of TF 1.15 and the generators that made them: see tests/golden/README.md."""

import functools
import importlib.util
import json
import pathlib

import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"


@functools.cache
def generator(name):
    """Returns the module generators/NAME.py: its cases run again with today's library."""
    spec = importlib.util.spec_from_file_location(name + "_generator", GOLDEN / "generators" / (name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def content(name):
    """Returns what NAME.json holds."""
    return json.loads((GOLDEN / (name + ".json")).read_text())


@functools.cache
def _arrays(name):
    with np.load(GOLDEN / (name + ".npz")) as file:
        return {key: file[key] for key in file.files}


def arrays(name, case, separator="|"):
    """Returns the arrays of one case in NAME.npz, by what stands behind the case's name."""
    prefix = case + separator
    return {key[len(prefix) :]: value for key, value in _arrays(name).items() if key.startswith(prefix)}


def as_json(value):
    """Returns what JSON makes of a value: tuples become lists, keys strings."""
    return json.loads(json.dumps(value))
