"""What all tests share: a quiet CPU-only TensorFlow, and the marks."""

import os
import pathlib
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import pytest


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the tests that take minutes")
    parser.addoption("--deep", action="store_true", help="also run the deepest nets in every mode: half an hour")
    parser.addoption("--without-v2", action="store_true", help="switch TensorFlow's v2 behaviour off for all tests")
    parser.addoption("--parity", metavar="FILE", help="write every comparison with TF 1.15 to FILE, as JSON")
    parser.addoption("--row", metavar="NAME", help="hold the run to this row of compat_matrix.yaml")


def pytest_configure(config):
    name = config.getoption("--row")
    if name:
        import row_checks

        row_checks.check_environment(row_checks.read(name))
    if config.getoption("--without-v2"):
        import tensorflow as tf

        tf.compat.v1.disable_v2_behavior()


def pytest_sessionfinish(session):
    path = session.config.getoption("--parity")
    if path:
        import parity

        parity.write(path)


def pytest_collection_modifyitems(config, items):
    if config.getoption("--row"):
        import row_checks

        row_checks.apply_exceptions(row_checks.read(config.getoption("--row")), items)
    for mark, time in {"slow": "minutes", "deep": "half an hour, all together"}.items():
        if not (config.getoption(f"--{mark}") or mark in (config.getoption("-m") or "")):
            skip = pytest.mark.skip(reason=f"takes {time}: run with --{mark}")
            for item in items:
                if mark in item.keywords:
                    item.add_marker(skip)


@pytest.fixture
def graph():
    """A new default `tf.Graph`."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        yield graph


@pytest.fixture(scope="session")
def demo_python(tmp_path_factory):
    """The Python of an environment with slimshim's wheel, TensorFlow and the Object Detection API.

    Made by the demo's own set-up. `SLIMSHIM_DEMO_VENV` names one to use again.
    """
    root = pathlib.Path(__file__).parents[1]
    folder = os.environ.get("SLIMSHIM_DEMO_VENV") or tmp_path_factory.mktemp("demo") / "venv"
    setup = root / "examples" / "ssd_inception_v2" / "setup_env.py"
    subprocess.run([sys.executable, setup, "--venv", folder], check=True, timeout=1800)
    return pathlib.Path(folder) / "bin" / "python"
