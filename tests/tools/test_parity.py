"""The comparison with TF 1.15, and the report that is made of it."""

import importlib.util
import json
import pathlib
import subprocess

import numpy as np
import parity
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def records(monkeypatch):
    found = []
    monkeypatch.setattr(parity, "RECORDS", found)
    return found


@pytest.fixture(scope="module")
def report():
    spec = importlib.util.spec_from_file_location("parity_report", ROOT / "tools" / "parity.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_numbers_within_tolerance_are_the_same_and_the_largest_difference_is_kept(records):
    expected = {"a": np.float32([1.0, 200.0]), "b": [[0.5, 1], [2.0, 3.0]], "name": "x"}
    found = {"a": np.float32([1.0, 200.001]), "b": [[0.5, 1], [2.0, 3.000002]], "name": "x"}
    parity.same("layers.f", "case", found, expected, rtol=1e-5, atol=1e-5)
    (record,) = records
    assert record["same"] and record["numbers"] == 6
    assert record["absolute"] == pytest.approx(0.001, rel=0.01)
    assert record["relative"] == pytest.approx(0.001 / 200, rel=0.01)


@pytest.mark.parametrize(
    "found, expected",
    [
        ([1.0, 2.1], [1.0, 2.0]),
        ([1.0], [1.0, 2.0]),
        ([2], [1]),
        ("a", "b"),
        (None, 1.0),
        ({"a": 1.0}, {"a": 1.0, "b": 2.0}),
        ({"a": 1.0, "b": 2.0}, {"a": 1.0}),
        (float("nan"), 1.0),
        (np.array([1, 2]), np.array([1, 3])),
        (np.zeros([2, 1], np.float32), np.zeros([2], np.float32)),
        ([1.0, "a"], [1.0, "b"]),
        ([[1.0], [1.0, 2.0]], [[1.0], [1.0, 3.0]]),
        (True, False),
    ],
)
def test_what_differs_is_told_and_recorded(records, found, expected):
    with pytest.raises(AssertionError, match="layers.f, case"):
        parity.same("layers.f", "case", found, expected)
    assert not records[0]["same"]


@pytest.mark.parametrize("value", [float("nan"), [float("inf"), 1.0], [], {}, None, [[1.0], [1.0, 2.0]], "", [1, [2]]])
def test_anything_is_the_same_as_itself(records, value):
    parity.same("layers.f", "case", value, value)
    assert records[0]["same"]


def _records(records):
    parity.same("layers.f", "one", [1.0, 2.00001], [1.0, 2.0], atol=1e-4)
    parity.same("layers.f", "two", [1.0], [1.0])
    parity.same("nets.g", "names", ["a"], ["a"])
    parity.known_difference("nets.g", "odd", "the original is wrong there")
    return {"made": "2000-01-01", "versions": {"TensorFlow": "2"}, "records": records}


def test_the_page_has_a_line_for_each_function(records, report):
    content = _records(records)
    text = report.page(content, report.rows_of(content["records"]))
    assert "| `f` | 2 | 1.0e-05 | 5.0e-06 | 1e-05 rel, 0.0001 abs | same |" in text
    assert "| `g` | 1 | exact |  |  | same, but for 1 known |" in text
    assert "- `nets.g`, odd: the original is wrong there" in text
    assert "3 comparisons of 2 functions and nets: all the same; 1 known difference (below)" in text


def test_a_difference_fails_the_command(records, report, tmp_path, capsys):
    content = _records(records)
    path = tmp_path / "records.json"
    path.write_text(json.dumps(content))
    assert report.main(["--no-write", "--records", str(path)]) == 0
    content["records"][0]["same"] = False
    path.write_text(json.dumps(content))
    assert report.main(["--no-write", "--records", str(path)]) == 1
    assert "these differ: layers.f" in capsys.readouterr().out


def test_a_golden_test_that_fails_without_a_record_fails_the_command(report, monkeypatch):
    def run(command, **kwargs):
        pathlib.Path(command[command.index("--parity") + 1]).write_text('{"records": [{}]}')
        return subprocess.CompletedProcess(command, returncode=1)

    monkeypatch.setattr(report.subprocess, "run", run)
    with pytest.raises(SystemExit, match="golden tests failed"):
        report.main(["--no-write"])
