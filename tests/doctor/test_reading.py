"""Which files of a project are read, and what is said of those that are not."""

import json
import os

import pytest

from slimshim.doctor import reading


def test_hidden_folders_environments_and_installed_packages_are_left_out(tmp_path):
    for name in ("a.py", "sub/b.py", ".git/c.py", "venv/d.py", "sub/site-packages/e.py", "__pycache__/f.py", "g.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    found = [str(path.relative_to(tmp_path)) for path in reading.find_files(tmp_path)]
    assert found == ["a.py", os.path.join("sub", "b.py")]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("two.py", b"print 'x'\n", "Python 2"),
        ("octal.py", b"x = 0777\n", "Python 2"),
        ("broken.py", b"def f(:\n", "line 1"),
        ("binary.py", b"x = '\xff\xfe'\n", "encoding|utf-8"),
        ("nulls.py", b"x = 1\0\n", "null byte"),
        ("odd.py", b"# -*- coding: klingon -*-\n", "klingon"),
        ("cut.ipynb", b'{"cells": [', "is no notebook"),
        ("other.ipynb", b"{}", "is no notebook"),
        ("deep.py", b"x = " + b"(" * 400 + b")" * 400, "nested|syntax"),
    ],
)
def test_a_file_that_cannot_be_read_is_skipped_with_its_reason(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    skipped = reading.read(tmp_path / name)
    assert isinstance(skipped, reading.Skipped) and skipped.path.name == name
    assert any(word in skipped.reason for word in words.split("|")), skipped.reason


def test_a_file_that_is_gone_is_skipped(tmp_path):
    (tmp_path / "link.py").symlink_to(tmp_path / "nowhere.py")
    assert "No such file" in reading.read(tmp_path / "link.py").reason


def test_a_files_own_encoding_is_obeyed(tmp_path):
    (tmp_path / "latin.py").write_bytes("# -*- coding: latin-1 -*-\nname = 'Grün'\n".encode("latin-1"))
    assert isinstance(reading.read(tmp_path / "latin.py"), reading.Source)


def test_a_notebook_is_its_code_cells_without_magics(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": "text"},
        {"cell_type": "code", "source": ["!pip install x\n", "import tf_slim\n"]},
        {"cell_type": "code", "source": "if True:\n    %time f()\n    g()"},
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    source = reading.read(tmp_path / "a.ipynb")
    assert source.cells == (1, 4)
    assert source.tree.body[1].lineno == 2


def test_a_program_asks_whether_it_is_main(tmp_path):
    (tmp_path / "a.py").write_text('if __name__ == "__main__":\n    pass\n')
    (tmp_path / "b.py").write_text("main = 1\n")
    (tmp_path / "c.py").write_text("import tensorflow as tf\ntf.app.run()\n")
    assert [reading.read(tmp_path / name).is_program for name in ("a.py", "b.py", "c.py")] == [True, False, True]
