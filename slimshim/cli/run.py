"""`run`: a TensorFlow 1 program, unmodified, on today's TensorFlow.

    python -m slimshim run train.py --steps 100
    python -m slimshim run -m object_detection.legacy.train --logtostderr

What the program finds:

* `install()` is in force: `tf_slim`, `tensorflow.contrib`, moved private names (see `legacy`);
* TensorFlow 1 behaviour: graphs and sessions, no eager mode
  (`tf.compat.v1.disable_v2_behavior()`);
* `import tensorflow as tf` in its own files is `tensorflow.compat.v1` (see `legacy.tf1_face` for how
  libraries in the same process are kept out of it);
* NumPy's removed names (`np.int`, `np.float_`, …);
* what `--xla`, `--mixed-precision`, `--cpu` and `--threads` ask of the hardware (see `legacy.hardware`);
* `sys.argv`, `sys.path[0]`, `__main__`, exit code and traceback as if python ran the program.
"""

from __future__ import annotations

import argparse
import importlib

from . import _launch

ROOT = __name__.rpartition(".cli.")[0]

# Options of `run` that take a value; the rest of the line behind the program is the program's.
_WITH_VALUE = ("--tf1", "--threads", "--engine")


def main(arguments, program):
    """Runs the program that the arguments name. Its exit, return or error is this call's.

    Args:
      arguments: the words after `run`.
      program: what the user typed before them, for the help text.

    Returns:
      The exit code: 0 when the program ran to its end.

    Raises:
      SystemExit: with code 2 if the line is wrong or there is no such program; otherwise what the
        program raised.
    """
    parser = _parser(program)
    own, words = _split(arguments)
    options = parser.parse_args(own)
    if options.module is None and options.script is None:
        parser.error("name a SCRIPT, or a module with -m MODULE")
    _launch.hide_launcher_frames()
    try:
        found = _launch.prepare(options.module, options.script, words)
        _set_up(found.folders, options)
        ready = found.load()
    except _launch.NoProgram as error:
        parser.exit(2, f"{program}: {error}\n")
    ready.execute()
    return 0


def _parser(program):
    parser = argparse.ArgumentParser(
        prog=program,
        usage=f"{program} [options] (-m MODULE | SCRIPT) [ARGS ...]",
        description="Runs a TensorFlow 1 program, unmodified, on today's TensorFlow.",
        epilog="Everything behind SCRIPT or MODULE goes to the program.",
        allow_abbrev=False,
    )
    parser.add_argument("-m", dest="module", metavar="MODULE", help="run a module, as python -m does")
    parser.add_argument("script", nargs="?", metavar="SCRIPT", help="run a file or folder")
    parser.add_argument(
        "--tf1",
        metavar="PACKAGE",
        action="append",
        default=[],
        help="an installed package that is part of the program: it too finds TensorFlow 1's names "
        "on tensorflow (may be given more than once)",
    )
    parser.add_argument(
        "--engine",
        choices=("session", "tape"),
        default="session",
        help="what takes the steps of learning.train: a session, as in TensorFlow 1 (the default), or a "
        "tf.GradientTape over the lifted graph",
    )
    hardware = parser.add_argument_group("hardware, for programs that cannot be edited")
    hardware.add_argument("--xla", action="store_true", help="let XLA compile clusters of the graph")
    hardware.add_argument(
        "--mixed-precision",
        action="store_true",
        help="compute matrix products and convolutions in bfloat16 on a CPU that has it; variables stay float32",
    )
    hardware.add_argument("--cpu", action="store_true", help="hide GPUs")
    hardware.add_argument(
        "--threads", type=_positive, metavar="N", help="at most N threads in an operation, and N operations at once"
    )
    return parser


def _positive(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a positive integer, received {text!r}")
    return int(text)


def _split(arguments):
    """Returns (run's own words, the program's words)."""
    place = 0
    while place < len(arguments) and arguments[place].startswith("-"):
        word = arguments[place]
        if word.startswith("-m"):
            end = place + (2 if word == "-m" else 1)
            return arguments[:end], arguments[end:]
        place += 2 if word in _WITH_VALUE else 1
    return arguments[: place + 1], arguments[place + 1 :]


def _set_up(folders, options):
    """Puts the TensorFlow 1 world in place, with the hardware and the engine as asked."""
    legacy = importlib.import_module(f"{ROOT}.legacy")
    legacy.install()
    hardware = importlib.import_module(f"{ROOT}.legacy.hardware").Hardware(
        xla=options.xla, mixed_precision=options.mixed_precision, cpu=options.cpu, threads=options.threads
    )
    hardware.set_environment()
    try:
        legacy.behave_as_tensorflow_1(folders, options.tf1, hardware)
    except ValueError as error:
        raise _launch.NoProgram(str(error)) from error
    except ModuleNotFoundError as error:
        missing = [name for name in options.tf1 if error.name and f"{name}.".startswith(f"{error.name}.")]
        if not missing:
            raise
        raise _launch.NoProgram(f"--tf1 {missing[0]}: there is no package {error.name!r}") from error
    if options.engine == "tape":
        legacy.train_graphs_under_a_tape()
