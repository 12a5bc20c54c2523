"""`doctor` on the command line: its output, its exit codes, its way of writing."""

import builtins
import json
import sys

import pytest

from slimshim import cli

GOOD = "import tf_slim as slim\nslim.conv2d\n"
BAD = "import tf_slim as slim\nslim.no_such_layer\n"


@pytest.fixture
def project(tmp_path):
    (tmp_path / "train.py").write_text(GOOD)
    return tmp_path


def _doctor(*arguments):
    return cli.main(["doctor", *map(str, arguments)])


def test_exit_codes_tell_good_from_bad(project, capsys):
    assert _doctor(project) == 0
    assert "Every name that was found gets real behaviour." in capsys.readouterr().out
    (project / "train.py").write_text(BAD)
    assert _doctor(project) == 1
    assert _doctor(project / "nowhere") == 2
    streams = capsys.readouterr()
    assert "no file or folder" in streams.err and "Traceback" not in streams.err


def test_a_skipped_file_is_exit_code_1(project, capsys):
    (project / "old.py").write_text("print 'x'")
    assert _doctor(project, "--summary") == 1
    assert "old.py" in capsys.readouterr().out


def test_json_holds_what_the_text_says(project, capsys):
    (project / "old.py").write_text("print 'x'")
    assert _doctor(project, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["way"] == "import" and found["summary"] == {"slim": {"yes": 2}}
    assert [one["path"] for one in found["skipped"]] == ["old.py"]
    (file,) = found["files"]
    assert file["path"] == "train.py"
    assert file["uses"][1] == {
        "line": 2,
        "column": 1,
        "place": "2",
        "written": "slim.conv2d",
        "symbol": "tf_slim.conv2d",
        "kind": "slim",
        "status": "yes",
        "way": "import",
        "note": None,
    }
    assert {"package", "tensorflow", "keras", "path", "programs"} < set(found)


def test_nothing_is_written_unasked(project, capsys, monkeypatch):
    pytest.importorskip("libcst")
    assert _doctor(project, "--write") == 3
    out = capsys.readouterr().out
    assert "+import slimshim as slim" in out and "--yes" in out
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(builtins, "input", lambda question: "n")
    assert _doctor(project, "--write") == 3
    assert (project / "train.py").read_text() == GOOD


def test_yes_writes_and_so_does_an_agreed_question(project, capsys, monkeypatch):
    pytest.importorskip("libcst")
    assert _doctor(project, "--write", "--yes") == 0
    assert (project / "train.py").read_text() == GOOD.replace("tf_slim", "slimshim")
    assert _doctor(project) == 0
    assert "Nothing here needs a way in." in capsys.readouterr().out
    (project / "train.py").write_text(GOOD)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(builtins, "input", lambda question: "y")
    assert _doctor(project, "--write") == 0
    assert "slimshim" in (project / "train.py").read_text()


def test_where_run_fits_there_is_nothing_to_write_but_a_way_may_be_named(project, capsys):
    pytest.importorskip("libcst")
    code = "import tensorflow as tf\nslim = tf.contrib.slim\ntf.placeholder\nif __name__ == '__main__':\n    pass\n"
    (project / "train.py").write_text(code)
    assert _doctor(project, "--write") == 3
    assert "python -m slimshim run train.py" in capsys.readouterr().out
    assert _doctor(project, "--write", "--way", "install", "--yes") == 0
    assert "slimshim.install()" in (project / "train.py").read_text()


def test_without_libcst_writing_says_what_to_install(project, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "libcst", None)
    assert _doctor(project, "--write") == 3
    assert "pip install libcst" in capsys.readouterr().err
