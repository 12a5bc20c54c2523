"""Makes the demo's own virtual environment. Runs on a bare Python: only the standard library.

    python3.11 setup_env.py --venv DIR

What goes in: slimshim's wheel, built from this checkout, with its extra `demo`; TensorFlow; and the Object
Detection API as it is on PyPI. The API is installed without its dependencies, which ask for another Keras and
for packages that this program never touches.
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
TENSORFLOW = "tensorflow-cpu==2.21.*"
WITHOUT_DEPENDENCIES = ("tf-models-research-object-detection==2.8.0.post1", "lvis==0.5.3")
READY_WHEEL = "SLIMSHIM_WHEEL"
"""This environment variable names a wheel to install instead of building one."""

PYTHONS = ((3, 10), (3, 11))
"""TensorFlow 2.21 starts at 3.10; Pillow 9, which the API's drawing needs, has no wheels beyond 3.11."""

NOT_BUILT_FROM = (
    ".git",
    "build",
    "dist",
    "*.egg-info",
    "tests",
    "docs",
    "examples",
    "benchmarks",
    "out",
    ".venv*",
    "__pycache__",
)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venv", type=pathlib.Path, required=True, help="folder of the virtual environment")
    make_environment(parser.parse_args(arguments).venv)


def make_environment(folder):
    """Makes or completes the virtual environment in `folder`; returns the path of its Python."""
    if sys.version_info[:2] not in PYTHONS:
        sys.exit(f"the demo needs Python 3.10 or 3.11, and this is {sys.version.split()[0]}: start it with python3.11")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print(f"making a virtual environment in {folder}", flush=True)
        venv.create(folder, with_pip=True)
    with tempfile.TemporaryDirectory() as scratch:
        ready = os.environ.get(READY_WHEEL)
        wheel = pathlib.Path(ready) if ready else _build_wheel(python, pathlib.Path(scratch))
        stamp = folder / "installed.txt"
        wanted = _fingerprint(wheel)
        if not stamp.exists() or stamp.read_text() != wanted:
            _install(python, wheel)
            stamp.write_text(wanted)
    return python


def _build_wheel(python, scratch):
    """Returns the path of slimshim's wheel, built from a copy so that the checkout stays clean."""
    print("building slimshim's wheel", flush=True)
    source = scratch / "source"
    shutil.copytree(CHECKOUT, source, ignore=shutil.ignore_patterns(*NOT_BUILT_FROM))
    _pip(python, "wheel", "--no-deps", "--wheel-dir", scratch, source)
    return next(scratch.glob("*.whl"))


def _install(python, wheel):
    print("installing TensorFlow, slimshim and the Object Detection API: some minutes, most of it download", flush=True)
    _pip(python, "install", f"{wheel}[demo]", TENSORFLOW)
    # The version number may be the same as before, the content need not be.
    _pip(python, "install", "--no-deps", "--force-reinstall", wheel)
    _pip(python, "install", "--no-deps", *WITHOUT_DEPENDENCIES)


def _pip(python, *arguments):
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "--quiet", *map(str, arguments)], check=True)


def _fingerprint(wheel):
    """Returns a text that changes when the wheel's content or the requirements change."""
    with zipfile.ZipFile(wheel) as archive:
        content = sorted((member.filename, member.CRC) for member in archive.infolist())
    digest = hashlib.sha256(repr(content).encode()).hexdigest()
    return "\n".join([wheel.name, sys.version, TENSORFLOW, *WITHOUT_DEPENDENCIES, digest])


if __name__ == "__main__":
    main()
