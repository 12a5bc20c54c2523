"""Every public function has a golden of TF 1.15, or stands here with the reason why not."""

import functools
import importlib
import importlib.util
import pathlib

import covered
import goldens
import pytest

import slimshim

# Public functions without a golden, and why.
WITHOUT_GOLDEN = {
    "legacy.contrib.slim.make_all": "TensorFlow's own function: the names that a module's docstring lists",
}

# Layers with one golden only: thin forms of layers that have many.
ONE_IS_ENOUGH = {
    "GDN": "the class behind gdn",
    "convolution1d": "conv1d",
    "legacy_fully_connected": "kept for old programs; legacy_relu and legacy_linear are forms of it",
    "legacy_linear": "legacy_fully_connected",
    "legacy_relu": "legacy_fully_connected",
    "linear": "fully_connected",
    "relu": "fully_connected",
    "relu6": "fully_connected",
    "scale_gradient": "two arguments",
}

# Not made by a generator: what people wrote.
INPUTS = {"README.md", "regenerate.py", "ssd_inception_v2.config"}


@functools.cache
def _public(path):
    """Returns slimshim's object at a path."""
    module, _, name = f"{slimshim.__name__}.{path}".rpartition(".")
    return getattr(importlib.import_module(module), name)


def _original_function(path):
    """Returns the object at a path; of a partial, the function with its keywords."""
    found = _public(path)
    return (found.func, *sorted(found.keywords)) if isinstance(found, functools.partial) else found


def _is_covered(path):
    """Returns whether a path, or another name of the same object, has a golden."""
    same = [other for other in covered.cases_by_function() if other.rpartition(".")[2] == path.rpartition(".")[2]]
    if any(_original_function(other) == _original_function(path) for other in same):
        return True
    return any(_public(other) is _public(path) for other in covered.cases_by_function())


@pytest.mark.parametrize("path", covered.public_names())
def test_every_public_function_is_held_against_tf1(path):
    assert _is_covered(path) or path in WITHOUT_GOLDEN


def test_no_reason_is_left_over():
    assert not [path for path in WITHOUT_GOLDEN if path not in covered.public_names() or _is_covered(path)]


def test_every_case_is_of_public_functions():
    unknown = [path for path in covered.cases_by_function() if path not in covered.public_names()]
    assert not unknown


def test_layers_have_several_cases_with_odd_arguments():
    counts = {path: len(cases) for path, cases in covered.cases_by_function().items()}
    few = {path.rpartition(".")[2] for path, count in counts.items() if path.startswith("layers.layers.") and count < 2}
    assert few <= set(ONE_IS_ENOUGH)


@pytest.fixture(scope="module")
def regenerate():
    spec = importlib.util.spec_from_file_location("regenerate", goldens.GOLDEN / "regenerate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_golden_file_has_a_generator(regenerate):
    made = {file for generator in regenerate.GENERATORS.values() for file in generator.files}
    there = {path.name for path in goldens.GOLDEN.iterdir() if path.is_file() and not path.name.startswith("test_")}
    assert there - INPUTS == made
    scripts = {path.stem for path in pathlib.Path(goldens.GOLDEN, "generators").glob("*.py")}
    assert scripts == set(regenerate.GENERATORS)


def test_the_readme_has_the_table_of_generators(regenerate):
    assert regenerate.table() in (goldens.GOLDEN / "README.md").read_text()


def test_regenerating_without_a_python_3_7_says_what_to_do(regenerate, monkeypatch):
    monkeypatch.setattr(regenerate, "candidates", lambda: iter(["no such python"]))
    with pytest.raises(SystemExit, match=r"needs a Python 3\.7.*pyenv install 3\.7.*--python37"):
        regenerate.find_python37()


def test_a_changed_golden_is_told_with_its_place():
    import golden_files

    committed = {"case": {"values": [[1.0, 2.0], [3.0, 4.0]], "name": "a"}, "gone": 1}
    new = {"case": {"values": [[1.0, 2.0], [3.0, 4.5]], "name": "b"}}
    found = dict(golden_files.differences(committed, new))
    assert found["case / values"] == pytest.approx(0.5 / 5)
    assert found["case / name"] == found["gone"] == float("inf")
    assert not any(difference for _, difference in golden_files.differences(new, new))
