#!/usr/bin/env python3
"""Makes the goldens again: runs the generators in an environment with TF 1.15 that this script sets up.

    python3 tests/golden/regenerate.py                 all of them (the networks take some minutes)
    python3 tests/golden/regenerate.py losses framework
    python3 tests/golden/regenerate.py --check         writes nothing here; compares with what is committed
    python3 tests/golden/regenerate.py --table         prints the table of README.md

Needs the standard library, PyPI, and a Python 3.7 for TensorFlow 1.15.5: from PATH, from pyenv, or named
with --python37. With --python, an environment that has all packages is used as it is.

To regenerate is a deliberate act: a changed golden means that the truth was wrong. See README.md.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
PYTHON_OF_TF1 = (3, 7)
REQUIREMENTS = (
    "tensorflow==1.15.5",
    "protobuf<3.21",
    "numpy<1.19",
    "tf-slim==1.1.0",
    "scikit-learn==1.0.2",
    "scipy<1.8",
    "six",
)
OBJECT_DETECTION = ("pillow<10", "matplotlib", "contextlib2", "lxml")
OBJECT_DETECTION_ALONE = ("tf-models-research-object-detection==2.8.0.post1",)


class Generator(NamedTuple):
    """A script in generators/.

    Attributes:
      files: what it writes, beside this file.
      what: what is in them.
      needs: requirements beyond `REQUIREMENTS`.
      alone: requirements that are installed without their dependencies.
    """

    files: tuple[str, ...]
    what: str
    needs: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()


GENERATORS = {
    "kernel_layers": Generator(
        ("kernel_layers.json", "kernel_layers.npz"),
        "convolutions, dense layers, pools, stack and repeat: names, shapes, collections, values, losses, gradients",
    ),
    "norm_and_shape_layers": Generator(
        ("norm_and_shape_layers.json", "norm_and_shape_layers.npz"),
        "batch norm in every mode over steps, other norms, dropout, bias, shapes, GDN, softmaxes, maxout",
    ),
    "layer_helpers": Generator(
        ("layer_helpers.json",), "initializers, regularizers, optimize_loss over steps, names of summaries"
    ),
    "losses": Generator(("losses.json",), "every loss and metric learning loss: values, gradients, names, collections"),
    "streaming_metrics": Generator(
        ("streaming_metrics.json",), "every streaming metric over three batches: variables, values, updates"
    ),
    "learning_trajectories": Generator(
        ("learning_trajectories.json",), "twenty steps of SGD, Momentum, RMSProp and Adam, plain and clipped"
    ),
    "nets": Generator(("nets.json", "nets.npz"), "the networks: variables, end points, forward values in both modes"),
    "tiny_resnet": Generator(
        ("tiny_resnet.ckpt.index", "tiny_resnet.ckpt.data-00000-of-00001", "tiny_resnet.json"),
        "a checkpoint of a small net after steps with momentum, and the net's outputs",
    ),
    "old_meta_graph": Generator(
        ("old_meta_graph.meta", "old_meta_graph.index", "old_meta_graph.data-00000-of-00001", "old_meta_graph.json"),
        "a meta graph with reference variables and its checkpoint; what the graph gave before and after",
    ),
    "api_surface": Generator(
        ("api_tf_slim.json", "api_contrib_slim.json"), "public names with kinds, signatures and defaults"
    ),
    "framework": Generator(
        ("framework.json",),
        "variables, arg_scope, layer utilities, summaries, losses of a graph, queues, model analyzer",
    ),
    "layer_parts": Generator(
        ("layer_parts.json",),
        "sparse ops, bucketize, reversible blocks, parts of residual nets and of metric learning losses",
    ),
    "data": Generator(("data.json",), "decoders and all handlers, images, readers, providers, prefetch queue"),
    "training": Generator(
        ("training.json",), "clipped and multiplied gradients, train ops, training and evaluation loops, checkpoints"
    ),
    "contrib_slim": Generator(
        ("contrib_slim.json",), "what tensorflow.contrib.slim had besides slim: embeddings, zero_initializer"
    ),
    "legacy_cells": Generator(
        ("legacy_cells.json",), "recurrent cells in tf.nn's networks, and contrib.opt: names, values, three steps"
    ),
    "legacy_contrib": Generator(
        ("legacy_contrib.json",), "pieces of tensorflow.contrib: averages, images, HParams, tf.layers"
    ),
    "ssd_inception_v2": Generator(
        ("ssd_inception_v2.json",),
        "variables and losses of the Object Detection API's SSD-InceptionV2 (ssd_inception_v2.config)",
        OBJECT_DETECTION,
        OBJECT_DETECTION_ALONE,
    ),
    "inception_v2_forward": Generator(
        ("inception_v2_forward.json",),
        "research/slim's InceptionV2: digests of end points and moving averages in both modes",
        OBJECT_DETECTION,
        OBJECT_DETECTION_ALONE,
    ),
}


def main(arguments=None):
    options = _parse(arguments)
    if options.table:
        print(table())
        return 0
    names = options.names or list(GENERATORS)
    python = options.python or make_environment(names, options)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        for name in names:
            run_generator(python, name, folder)
        if options.check:
            return compare(python, names, folder)
        for name in names:
            for file in GENERATORS[name].files:
                shutil.copy(str(folder / file), str(HERE / file))
    return 0


def table():
    """Returns README.md's table: files, generator, what."""
    rows = [
        "| {} | `generators/{}.py` | {} |".format(", ".join(f"`{file}`" for file in one.files), name, one.what)
        for name, one in GENERATORS.items()
    ]
    return "\n".join(["| file | generator | what |", "| --- | --- | --- |", *rows])


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="generators to run: " + ", ".join(GENERATORS))
    parser.add_argument("--check", action="store_true", help="compare with the committed files, and change none")
    parser.add_argument("--table", action="store_true", help="print the table of files and generators")
    parser.add_argument("--python37", metavar="PATH", help="the Python 3.7 to make the environment with")
    parser.add_argument("--python", metavar="PATH", help="the Python of an environment that is ready")
    parser.add_argument("--venv", type=pathlib.Path, default=default_venv(), help="where to make it (%(default)s)")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(GENERATORS))
    if unknown:
        parser.error("no such generator: {}; there are: {}".format(", ".join(unknown), ", ".join(GENERATORS)))
    return options


def default_venv():
    """Returns the folder that keeps the environment for the next time."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(cache) / "slimshim-goldens-tf115"


def make_environment(names, options):
    """Makes or completes the virtual environment; returns the path of its Python."""
    python = options.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        maker = find_python37(options.python37)
        say(f"new environment: {options.venv} (by {maker})")
        call([maker, "-m", "venv", options.venv])
        call([python, "-m", "pip", "install", "--quiet", "--upgrade", "pip<24.1", "wheel"])
    together = dict.fromkeys(REQUIREMENTS + tuple(r for name in names for r in GENERATORS[name].needs))
    alone = dict.fromkeys(r for name in names for r in GENERATORS[name].alone)
    install(python, list(together))
    install(python, list(alone), "--no-deps")
    return python


def install(python, requirements, *flags):
    """Installs what an earlier run did not."""
    noted = pathlib.Path(python).parents[1] / "installed.txt"
    done = noted.read_text().splitlines() if noted.exists() else []
    missing = [requirement for requirement in requirements if requirement not in done]
    if missing:
        say("installing " + " ".join(missing))
        call([python, "-m", "pip", "install", "--quiet", *flags, *missing])
        noted.write_text("\n".join(done + missing) + "\n")


def find_python37(given=None):
    """Returns the path of a Python 3.7, or exits with what to do."""
    for candidate in [given] if given else candidates():
        if version_of(candidate) == PYTHON_OF_TF1:
            return candidate
    found = f"{given} is not one" if given else "none is on PATH or in pyenv's versions folder"
    sys.exit(
        f"TensorFlow 1.15.5 needs a Python 3.7, and {found}. Install one (pyenv install 3.7), or name one with "
        "--python37 PATH."
    )


def candidates():
    """Yields the paths of Pythons that may be 3.7."""
    yield from filter(None, (shutil.which("python3.7"), shutil.which("python3"), shutil.which("python")))
    root = os.environ.get("PYENV_ROOT")
    if not root and shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], stdout=subprocess.PIPE, text=True).stdout.strip()
    versions = pathlib.Path(root or pathlib.Path.home() / ".pyenv") / "versions"
    yield from (str(path) for path in sorted(versions.glob("3.7*/bin/python")))


def version_of(python):
    """Returns (major, minor), or None where it does not run."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return tuple(int(part) for part in done.stdout.split()) if done.returncode == 0 else None


def run_generator(python, name, folder):
    """Runs a generator, which writes its files into `folder`."""
    say(f"running generators/{name}.py")
    call([python, HERE / "generators" / (name + ".py"), folder], env=environment(), **QUIET)
    missing = [file for file in GENERATORS[name].files if not (folder / file).exists()]
    if missing:
        sys.exit("generators/{}.py wrote no {}".format(name, ", ".join(missing)))


def environment():
    """Returns the environment of generators: quiet, on the CPU, with the shared modules."""
    paths = [str(HERE / "shared")] + [p for p in [os.environ.get("PYTHONPATH")] if p]
    settings = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONDONTWRITEBYTECODE": "1"}
    return dict(os.environ, PYTHONPATH=os.pathsep.join(paths), **settings)


def compare(python, names, folder):
    """Compares with the committed files; returns the exit code."""
    files = [file for name in names for file in GENERATORS[name].files]
    command = [python, HERE / "shared" / "golden_files.py", HERE, folder, *files]
    return subprocess.run([str(word) for word in command], env=environment()).returncode


def say(text):
    print("== " + text, flush=True)


# TF 1.15 has pages of warnings: they are shown only where a command fails.
QUIET = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "universal_newlines": True}


def call(command, **kwargs):
    done = subprocess.run([str(word) for word in command], **kwargs)
    if done.returncode:
        print(done.stdout or "", end="", file=sys.stderr)
        sys.exit("this failed with code {}: {}".format(done.returncode, " ".join(map(str, command))))


if __name__ == "__main__":
    sys.exit(main())
