"""The house rules: which room may import which, where versions live, what importing does."""

import ast
import pathlib
import subprocess
import sys
import textwrap

import pytest
import yaml

import slimshim

ROOT = pathlib.Path(slimshim.__file__).parent
SOURCES = sorted(ROOT.rglob("*.py"))

# Imports run one way: a room imports rooms of its own floor or below.
FLOORS = [
    {"_checks", "_outputs", "_quiet", "_tf"},
    {"ops"},
    {"layers", "summaries", "_lift"},
    {"losses", "metrics", "data", "queues", "model_analyzer"},
    {"_engine"},
    {
        "learning",
        "callbacks",
        "evaluation",
        "training",
        "nets",
        "module",
        "lifting",
        "_keras_module",
        "keras_models",
        "checkpoints",
        "export",
        "testing",
    },
    {"legacy", "doctor", "cli", "__main__"},
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def _imports(path):
    """Yields (absolute dotted name within the package or outside, is_relative) of each import."""
    package = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, False
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level]
            if path.name == "__init__.py" and node.level:
                base = package[:-1][: len(package) - node.level]
            names = [node.module] if node.module else [alias.name for alias in node.names]
            for name in names:
                yield ".".join([*base, *name.split(".")]), True
        elif isinstance(node, ast.ImportFrom):
            yield node.module, False


def _room(dotted):
    return dotted.split(".")[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts == ("__init__",):
        return  # The face loads rooms by table.
    own = FLOOR_OF[parts[0]]
    for name, relative in _imports(path):
        if relative and _room(name) in FLOOR_OF:
            assert FLOOR_OF[_room(name)] <= own, f"{'/'.join(parts)} imports {name}, which stands above it"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_tf_rooms_touch_private_tensorflow_and_nobody_spells_the_package(path):
    in_tf_room = path.relative_to(ROOT).parts[0] == "_tf"
    for name, relative in _imports(path):
        if relative:
            continue
        assert _room(name) != slimshim.__name__, f"{path}: import {name} relatively"
        if not in_tf_room:
            assert not name.startswith(("tensorflow.python", "keras")), f"{path} imports {name}"


def _compares_a_version(node):
    return isinstance(node, ast.Attribute) and node.attr in ("__version__", "VERSION")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_tf_rooms_look_at_versions(path):
    if path.relative_to(ROOT).parts[0] in ("_tf", "cli"):
        return  # The command line prints versions.
    assert not any(_compares_a_version(node) for node in ast.walk(ast.parse(path.read_text())))


@pytest.mark.parametrize("path", sorted((ROOT / "_tf").glob("*.py")), ids=lambda p: p.name)
def test_every_work_around_for_a_version_says_when_it_can_go(path):
    assert "can go" in path.read_text().lower(), f"{path.name}: say in its docstring when it can go"


def _run(code, **kwargs):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=300, **kwargs
    )


def test_importing_changes_nothing_and_loads_no_keras():
    code = """
        import sys
        import tensorflow as tf
        attributes = set(dir(tf)), set(dir(tf.compat.v1)), list(sys.meta_path), list(sys.path)
        modules = {name for name in sys.modules}
        import slimshim
        assert (set(dir(tf)), set(dir(tf.compat.v1)), list(sys.meta_path), list(sys.path)) == attributes
        new = {name for name in sys.modules} - modules
        assert all(name.split(".")[0] in ("slimshim", "wrapt") for name in new), new
        assert tf.executing_eagerly()
    """
    done = _run(code)
    assert done.returncode == 0, done.stderr[-2000:]


def test_rooms_and_install_leave_it_to_the_program_to_switch_eager_execution():
    code = """
        import slimshim as slim
        slim.install()
        import tf_slim, tensorflow as tf
        for name in slim.__all__:
            getattr(slim, name)
        tf.compat.v1.disable_v2_behavior()
        tf.compat.v1.enable_eager_execution()
        assert tf.executing_eagerly()
    """
    done = _run(code)
    assert done.returncode == 0, done.stderr[-2000:]


def test_without_tensorflow_the_import_says_in_one_sentence_what_to_install(tmp_path):
    code = f"""
        import sys
        sys.path.insert(0, {str(ROOT.parent)!r})
        sys.modules["tensorflow"] = None
        import importlib.util
        find = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *a: None if name == "tensorflow" else find(name, *a)
        import slimshim
    """
    done = _run(code)
    assert done.returncode == 1
    assert "ImportError: slimshim needs TensorFlow 2.10 or newer, and none is installed." in done.stderr
    assert "pip install tensorflow" in done.stderr


def test_an_old_tensorflow_is_named_with_what_is_needed(tmp_path):
    (tmp_path / "tensorflow.py").write_text("__version__ = '2.9.3'\n")
    code = f"""
        import sys
        sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT.parent)!r}]
        import slimshim
    """
    done = _run(code)
    assert "ImportError: slimshim needs TensorFlow 2.10 or newer, and this is 2.9.3." in done.stderr


def test_the_matrix_says_which_tensorflow_importing_accepts():
    from slimshim._tf import versions

    matrix = pathlib.Path(__file__).parents[1] / "compat_matrix.yaml"
    oldest = yaml.safe_load(matrix.read_text())["accepts"]["oldest_tensorflow"]
    assert versions.parse_version(oldest) == versions.OLDEST_TENSORFLOW


def test_a_copy_under_another_name_works(tmp_path):
    import shutil

    host = tmp_path / "third_party"
    shutil.copytree(ROOT, host / "slimcopy", ignore=shutil.ignore_patterns("__pycache__"))
    (host / "__init__.py").write_text("")
    code = f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        from third_party import slimcopy as slim
        import tensorflow as tf
        with tf.Graph().as_default():
            net = slim.conv2d(tf.zeros([1, 4, 4, 3]), 2, 3, normalizer_fn=slim.batch_norm)
            assert net.op.name == "Conv/Relu", net.op.name
        assert slim.learning.train and slim.losses.softmax_cross_entropy
        assert not any(name.split(".")[0] == "slimshim" for name in sys.modules), "the original was loaded"
    """
    done = _run(code)
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_name_of_the_face_resolves():
    for name in slimshim.__all__:
        assert getattr(slimshim, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = slimshim.nonsense
