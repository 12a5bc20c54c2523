"""Which files of a project are read, and what is said of those that are not."""

import ast
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


def _notebook(folder, *cells):
    content = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    (folder / "a.ipynb").write_text(json.dumps(content))
    return reading.read(folder / "a.ipynb")


IMPORT = "import tf_slim"


@pytest.mark.parametrize(
    "cell",
    [
        'print(\n    "step %d"\n    % step\n)',
        "assert (\n    a\n    != b\n)",
        '!pip install x\nprint(\n    "step %d"\n    % step\n)',
        'if a:\n    %time f()\n    print(\n        "step %d"\n        % step\n    )',
        "!python train.py \\\n    --steps=3 \\\n    --rate=0.1\nx = 1",
        "if a:\n    !ls \\\n  -l\n    f()",
        "% matplotlib inline\nif a:\n    % time f()\n?f",
        "%%bash\nfor i in 1 2; do echo $i; done",
        "\n\n%%writefile train.sh\nls -l | wc",
        "%%html\n<p>it's</p>",
    ],
)
def test_a_notebook_with_magics_and_lines_that_look_like_them_is_read_whole(tmp_path, cell):
    source = _notebook(tmp_path, cell, IMPORT)
    assert source.skipped == ()
    last = source.tree.body[-1]
    assert ast.unparse(last) == IMPORT
    assert last.lineno == source.cells[1] == cell.count("\n") + 2


def test_a_line_of_python_that_looks_like_a_magic_is_kept(tmp_path):
    source = _notebook(tmp_path, "x = (\n    'a%s'\n    % slim.name\n)")
    assert ast.unparse(source.tree) == "x = 'a%s' % slim.name"


@pytest.mark.parametrize("magic", ["%%time", "%%timeit -n 3", "%%capture out", "%%prun"])
def test_below_a_magic_that_runs_python_the_cell_is_read(tmp_path, magic):
    source = _notebook(tmp_path, f"{magic}\n{IMPORT}")
    assert (ast.unparse(source.tree.body[-1]), source.tree.body[-1].lineno) == (IMPORT, 2)


def test_a_cell_that_is_no_python_is_left_out_with_its_reason_and_the_others_are_read(tmp_path):
    source = _notebook(tmp_path, "x = 1", "y = 2\nprint 'x'\n", IMPORT)
    assert [ast.unparse(node) for node in source.tree.body] == ["x = 1", IMPORT]
    assert source.cells == (1, 2, 5) and source.tree.body[-1].lineno == 5
    (cell,) = source.skipped
    assert cell.cell == 2 and "line 2" in cell.reason and "Python 2" in cell.reason


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
