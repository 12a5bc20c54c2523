"""Which files are the program's and which are a library's."""

import os
import sysconfig

import pytest

from slimshim.legacy.program import Program


@pytest.fixture
def program(tmp_path):
    return Program([tmp_path / "project"], ["pytest"])


@pytest.mark.parametrize(
    ("file", "is_programs"),
    [
        ("project/train.py", True),
        ("project/nets/vgg.py", True),
        ("project/venv/lib/python3.11/site-packages/keras/layers.py", False),
        ("project/venv/lib/python3.11/dist-packages/keras.py", False),
        ("elsewhere/tool.py", True),
        ("elsewhere/site-packages/tool.py", False),
        ("projector/site-packages/tool.py", False),
    ],
)
def test_the_nearer_folder_decides(program, tmp_path, file, is_programs):
    assert program.owns(str(tmp_path / file)) is is_programs


def test_named_packages_are_the_programs_and_other_installed_ones_are_not(program):
    assert program.owns(pytest.__file__)
    assert not program.owns(os.path.join(sysconfig.get_path("stdlib"), "os.py"))
    assert not program.owns(os.path.join(sysconfig.get_path("purelib"), "keras", "__init__.py"))


def test_a_program_inside_site_packages_is_the_program(tmp_path):
    folder = tmp_path / "site-packages" / "tool"
    program = Program([folder])
    assert program.owns(str(folder / "train.py"))
    assert not program.owns(str(tmp_path / "site-packages" / "other.py"))
    assert not program.owns(None) and program.owns("<string>")


def test_an_unknown_package_is_named():
    with pytest.raises(ModuleNotFoundError, match="--tf1 no_such_package"):
        Program(packages=["no_such_package"])
