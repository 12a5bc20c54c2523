"""`vendor`: what is copied, what a check tells, and a host project that lives with its copy."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import textwrap

import pytest

import slimshim
from slimshim import cli
from slimshim.cli import _copies

OWN = pathlib.Path(slimshim.__file__).parent


def _vendor(*words):
    """Returns the exit code of the command."""
    try:
        return cli.main(["vendor", *map(str, words)])
    except SystemExit as exit:
        return exit.code


def _tree(folder):
    """Returns {path: content} of every file below, hidden ones too."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def copy(tmp_path, capsys):
    """A fresh copy."""
    target = tmp_path / "third_party" / "slimshim"
    assert _vendor(target) == 0
    assert "slimshim " + slimshim.__version__ in capsys.readouterr().out
    return target


def test_a_copy_is_the_package_with_its_licence_and_a_stamp(copy):
    there, ours = _tree(copy), _tree(OWN)
    stamp = json.loads(there.pop(_copies.STAMP))
    assert there == ours and "LICENSE" in there and "layers/batch_norm.py" in there
    assert stamp["version"] == slimshim.__version__ and set(stamp["files"]) == set(ours)
    assert sorted(path.name for path in copy.parent.iterdir()) == [copy.name]


def test_the_packages_licence_is_the_repositorys():
    root = pathlib.Path(__file__).parents[2] / "LICENSE"
    assert (OWN / "LICENSE").read_bytes() == root.read_bytes()


def test_a_fresh_copy_passes_its_check(copy, capsys):
    assert _vendor(copy, "--check") == 0
    assert "as it was copied" in capsys.readouterr().out


def test_other_line_ends_and_compiled_code_are_no_change(copy):
    path = copy / "module.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__" / "module.cpython-311.pyc").write_bytes(b"x")
    assert _vendor(copy, "--check") == 0


def test_a_check_names_what_was_changed(copy, capsys):
    (copy / "module.py").write_text("x = 1\n")
    (copy / "ops" / "arg_scope.py").unlink()
    (copy / "ops" / "mine.py").write_text("")
    assert _vendor(copy, "--check") == 1
    told = capsys.readouterr().out
    for line in ("changed: module.py", "missing: ops/arg_scope.py", "added: ops/mine.py"):
        assert line in told
    assert "out of date" not in told


def _age(copy, version):
    """Makes the copy one of another version: another text in a file, and a stamp that knows it."""
    path = copy / "__init__.py"
    path.write_text(path.read_text().replace(f'"{slimshim.__version__}"', f'"{version}"'))
    stamp = json.loads((copy / _copies.STAMP).read_text())
    stamp["version"], stamp["files"]["__init__.py"] = version, _copies._hashes(copy)["__init__.py"]
    (copy / _copies.STAMP).write_text(json.dumps(stamp))


def test_a_check_tells_a_copy_that_is_out_of_date_and_an_update_mends_it(copy, capsys):
    _age(copy, "0.0.7")
    assert _vendor(copy, "--check") == 1
    told = capsys.readouterr().out
    assert "version 0.0.7, as it was copied" in told and f"here is version {slimshim.__version__}" in told
    assert _vendor(copy, "--update") == 0
    assert "in place of 0.0.7" in capsys.readouterr().out
    assert _vendor(copy, "--check") == 0
    assert _vendor(copy, "--update") == 0 and "nothing to do" in capsys.readouterr().out


def test_the_same_version_with_other_files_is_out_of_date_too(copy, capsys):
    _age(copy, slimshim.__version__ + " ")
    stamp = json.loads((copy / _copies.STAMP).read_text())
    (copy / _copies.STAMP).write_text(json.dumps({**stamp, "version": slimshim.__version__}))
    assert _vendor(copy, "--check") == 1
    assert "the same version with 1 other file (__init__.py)" in capsys.readouterr().out


def test_nothing_is_overwritten_unasked(copy, tmp_path, capsys):
    (copy / "module.py").write_text("mine = 1\n")
    before = _tree(tmp_path)
    assert _vendor(copy) == 2 and "holds a copy already" in capsys.readouterr().err
    assert _vendor(copy, "--update") == 2 and "--force" in capsys.readouterr().err
    assert _tree(tmp_path) == before
    assert _vendor(copy, "--update", "--force") == 0
    assert (copy / "module.py").read_bytes() == (OWN / "module.py").read_bytes()


@pytest.mark.parametrize("words", [(), ("--update",), ("--update", "--force"), ("--check",)])
def test_a_folder_that_is_no_copy_is_left_alone(words, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "code.py").write_text("x = 1\n")
    before = _tree(tmp_path)
    assert _vendor(tmp_path / "mine", *words) == 2
    assert "mine" in capsys.readouterr().err
    assert _tree(tmp_path) == before


@pytest.mark.parametrize("name", ["slim-shim", "2slim", "class"])
def test_a_name_that_cannot_be_imported_is_refused(name, tmp_path, capsys):
    assert _vendor(tmp_path / name) == 2
    assert f"{name!r} is no name for a package" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_place_within_the_package_is_refused(capsys):
    assert _vendor(OWN / "copy") == 2
    assert "within the package" in capsys.readouterr().err and not (OWN / "copy").exists()


def test_a_stamp_that_is_no_stamp_is_said(copy, capsys):
    (copy / _copies.STAMP).write_text("{")
    assert _vendor(copy, "--check") == 2
    assert "cannot be read as a stamp" in capsys.readouterr().err


def _fails_on(monkeypatch, name, holder, times=1):
    """Makes the function fail, from its `times`-th call on."""
    real, calls = getattr(holder, name), []

    def failing(*args, **kwargs):
        calls.append(args)
        if len(calls) == times:
            raise OSError("the disk is full")
        return real(*args, **kwargs)

    monkeypatch.setattr(holder, name, failing)


@pytest.mark.parametrize("times", [1, 30])
def test_no_half_copy_is_left_when_writing_fails(times, tmp_path, monkeypatch, capsys):
    _fails_on(monkeypatch, "write_bytes", pathlib.Path, times)
    assert _vendor(tmp_path / "a" / "b" / "slimshim") == 2
    assert "the disk is full" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("times", [1, 2])
def test_the_older_copy_stays_when_an_update_fails(times, copy, tmp_path, monkeypatch, capsys):
    _age(copy, "0.0.7")
    before = _tree(tmp_path)
    with monkeypatch.context() as patch:
        _fails_on(patch, "rename", os, times)
        assert _vendor(copy, "--update") == 2
    assert "the disk is full" in capsys.readouterr().err
    assert _tree(tmp_path) == before
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


# --- a host project, in processes of its own, next to an installed slimshim of another version


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A project with a copy; `site-packages` beside it holds another version, installed."""
    host = tmp_path_factory.mktemp("host")
    shutil.copytree(OWN, host / "site-packages" / "slimshim", ignore=shutil.ignore_patterns("__pycache__"))
    face = host / "site-packages" / "slimshim" / "__init__.py"
    face.write_text(face.read_text().replace(f'__version__ = "{slimshim.__version__}"', '__version__ = "0.0.1"'))
    assert _vendor(host / "third_party" / "slimshim") == 0
    return host


def _python(host, *words):
    """Runs Python in the project; returns its last line of output, evaluated."""
    environment = {**os.environ, "PYTHONPATH": str(host / "site-packages"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *words], cwd=host, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def test_a_host_builds_trains_and_saves_with_its_copy_beside_another_version(host):
    code = """
        import sys
        import tensorflow as tf
        from third_party import slimshim as slim
        assert not any(name.split(".")[0] == "slimshim" for name in sys.modules), "the installed one was loaded"

        def net(images, slim):
            with slim.arg_scope([slim.conv2d], normalizer_fn=slim.batch_norm):
                return slim.fully_connected(slim.flatten(slim.conv2d(images, 2, 3)), 1, scope="out")

        with tf.Graph().as_default():
            loss = tf.reduce_mean(net(tf.ones([2, 4, 4, 3]), slim) ** 2)
            train_op = slim.learning.create_train_op(loss, tf.compat.v1.train.GradientDescentOptimizer(0.1))
            names = [variable.op.name for variable in slim.get_model_variables()]
            final = slim.learning.train(train_op, None, number_of_steps=2)
        import slimshim
        models = [one.Module(net, slim=one) for one in (slim, slimshim)]
        shapes = [tuple(model(tf.ones([2, 4, 4, 3])).shape) for model in models]
        kinds = []
        for one in (slim, slimshim):
            images = tf.keras.Input([4, 4, 3])
            kinds.append(type(tf.keras.Model(images, one.conv2d(images, 2, 3)).layers[1]).__module__.split(".")[0])
        print([slim.__version__, slimshim.__version__, slim.__name__, names[-1], bool(final >= 0), shapes, kinds])
    """
    assert eval(_python(host, "-c", textwrap.dedent(code))) == [
        slimshim.__version__, "0.0.1", "third_party.slimshim", "out/biases", True, [(2, 1)] * 2,
        ["third_party", "slimshim"],
    ]  # fmt: skip


def test_the_copys_install_serves_old_imports_and_the_other_version_keeps_out(host):
    code = """
        from third_party import slimshim as slim
        import slimshim
        slim.install()
        import tf_slim
        from tensorflow.contrib import slim as contrib_slim
        assert tf_slim is slim and contrib_slim.conv2d is slim.conv2d
        try:
            slimshim.install()
        except RuntimeError as error:
            print(repr(str(error)))
        slim.uninstall()
        slimshim.install()
        import tf_slim
        assert tf_slim is slimshim
    """
    told = eval(_python(host, "-c", textwrap.dedent(code)))
    assert "already served by third_party.slimshim" in told


def test_the_copy_runs_unmodified_programs_under_its_own_name(host):
    (host / "train.py").write_text(
        textwrap.dedent("""
            import sys
            import tensorflow as tf
            slim = tf.contrib.slim
            x = tf.placeholder(tf.float32, [1, 4, 4, 3])
            net = slim.conv2d(x, 2, 3, normalizer_fn=slim.batch_norm)
            loaded = sorted({name.split(".")[0] for name in sys.modules} & {"slimshim", "third_party"})
            print([slim.conv2d.__module__, net.op.name, sys.argv, loaded])
            """)
    )
    told = eval(_python(host, "-m", "third_party.slimshim", "run", "train.py", "--fast"))
    assert told == ["third_party.slimshim.layers.convolution", "Conv/Relu", ["train.py", "--fast"], ["third_party"]]


def test_the_copy_checks_itself_and_makes_copies(host):
    command = ["-m", "third_party.slimshim", "vendor"]
    assert "checking itself" in _python(host, *command, "--check", "third_party/slimshim")
    assert "third_party.slimshim " + slimshim.__version__ in _python(host, *command, "other/slim_copy")
    assert "as it was copied" in _python(host, *command, "--check", "other/slim_copy")
    assert _python(host, "-c", "from other import slim_copy; print(slim_copy.__name__)") == "other.slim_copy"


def test_the_installed_version_tells_that_the_copy_is_another(host):
    environment = {**os.environ, "PYTHONPATH": str(host / "site-packages")}
    command = [sys.executable, "-m", "slimshim", "vendor", "--check", "third_party/slimshim"]
    done = subprocess.run(command, cwd=host, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert "out of date: slimshim here is version 0.0.1" in done.stdout
