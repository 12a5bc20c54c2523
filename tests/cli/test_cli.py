"""The command line: its list of commands, and what `run` reads of its own line."""

import sys

import pytest

import slimshim
from slimshim import cli
from slimshim.cli import _launch, run


@pytest.fixture(autouse=True)
def process(monkeypatch, tmp_path):
    """Puts back what a command changes of the process."""
    for name in ("argv", "path"):
        monkeypatch.setattr(sys, name, list(getattr(sys, name)))
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.chdir(tmp_path)


def _exit_of(arguments, capsys):
    with pytest.raises(SystemExit) as exit:
        cli.main(arguments)
    return exit.value.code, capsys.readouterr()


def test_help_lists_every_command(capsys):
    code, streams = _exit_of(["--help"], capsys)
    assert code == 0
    assert all(command in streams.out for command in cli.COMMANDS)


def test_version_is_the_packages(capsys):
    code, streams = _exit_of(["--version"], capsys)
    assert code == 0 and streams.out.split() == ["slimshim", slimshim.__version__]


def test_no_command_shows_help_and_an_unknown_one_is_an_error(capsys):
    assert cli.main([]) == 2
    code, streams = _exit_of(["fly"], capsys)
    assert code == 2 and "fly" in streams.err


def test_run_has_its_own_help(capsys):
    code, streams = _exit_of(["run", "--help"], capsys)
    assert code == 0 and "-m MODULE" in streams.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fast", "train.py"], "unrecognized arguments: --fast"),
        (["--tf1"], "expected one argument"),
        (["-m"], "expected one argument"),
        ([], "name a SCRIPT"),
        (["no_such_file.py"], "there is no file 'no_such_file.py' to run"),
        (["-m", "no_such_package.train"], "there is no module named 'no_such_package.train'"),
    ],
)
def test_a_wrong_line_is_one_clear_sentence_and_exit_code_2(capsys, arguments, words):
    code, streams = _exit_of(["run", *arguments], capsys)
    assert code == 2
    assert words in streams.err and "Traceback" not in streams.err


@pytest.mark.parametrize(
    ("line", "own", "programs"),
    [
        ("train.py --help -m x", ["train.py"], ["--help", "-m", "x"]),
        ("-m pack.train --tf1 y", ["-m", "pack.train"], ["--tf1", "y"]),
        ("-mpack.train a", ["-mpack.train"], ["a"]),
        ("--tf1 lib train.py a", ["--tf1", "lib", "train.py"], ["a"]),
        ("--tf1 lib -m train", ["--tf1", "lib", "-m", "train"], []),
    ],
)
def test_what_stands_behind_the_program_is_the_programs(line, own, programs):
    assert run._split(line.split()) == (own, programs)


def test_a_folder_runs_its_main_file_and_one_without_says_so(tmp_path):
    (tmp_path / "app").mkdir()
    with pytest.raises(_launch.NoProgram, match="no __main__.py"):
        _launch.prepare(None, "app", []).load()
    (tmp_path / "app" / "__main__.py").write_text("x = 1")
    program = _launch.prepare(None, "app", ["word"]).load()
    assert program.argv0 == "app" and sys.path[0] == "app" and sys.argv[1:] == ["word"]


def test_a_package_runs_its_main_module_and_one_without_says_so(tmp_path):
    package = tmp_path / "some_package_to_run"
    package.mkdir()
    (package / "__init__.py").write_text("")
    with pytest.raises(_launch.NoProgram, match="without a __main__ module"):
        _launch.prepare("some_package_to_run", None, []).load()
    (package / "__main__.py").write_text("")
    sys.path_importer_cache.clear()
    program = _launch.prepare("some_package_to_run", None, []).load()
    assert program.spec.name == "some_package_to_run.__main__"


def test_an_error_inside_a_parent_package_is_the_programs_own(tmp_path):
    package = tmp_path / "some_broken_package"
    package.mkdir()
    (package / "__init__.py").write_text("import a_module_that_is_not_there")
    (package / "train.py").write_text("")
    with pytest.raises(ModuleNotFoundError, match="a_module_that_is_not_there"):
        _launch.prepare("some_broken_package.train", None, []).load()
