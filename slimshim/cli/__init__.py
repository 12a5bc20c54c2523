"""The command line: `python -m <package> COMMAND …`, one module a command.

A command's module is imported only when it is called. Its `main(arguments, program)` returns the
exit code.
"""

from __future__ import annotations

import argparse
import importlib
import sys

PACKAGE = __name__.rpartition(".")[0]

# command -> one line of help; the module of the same name in this folder does it
COMMANDS = {
    "convert": "convert a checkpoint: TF1 names, TF2 objects, Keras weights",
    "doctor": "read a project and tell what it asks for, and which way in fits",
    "export": "write a model as a SavedModel, TFLite, .keras or a frozen graph",
    "run": "run a TensorFlow 1 program, unmodified, on this TensorFlow",
    "vendor": "copy this package into another project, under a name of its own",
}


def main(arguments=None):
    """Runs one command and returns its exit code.

    Args:
      arguments: the words after `python -m <package>`; None takes them from `sys.argv`.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    parser = _parser()
    if not arguments:
        parser.print_help()
        return 2
    # Only the words before the command are ours: the rest belongs to it.
    head = parser.parse_args(arguments[:1])
    command = importlib.import_module(f"{__name__}.{head.command}")
    return command.main(arguments[1:], f"python -m {PACKAGE} {head.command}")


def _parser():
    listing = "\n".join(f"  {name:<10}{text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog=f"python -m {PACKAGE}",
        description="TensorFlow-Slim programs on today's TensorFlow.",
        epilog=f"commands:\n{listing}\n\nEach command has its own --help.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    parser.add_argument("command", choices=sorted(COMMANDS), metavar="COMMAND", help="see below")
    return parser


class _Version(argparse.Action):
    """Prints the version. It is looked up only when asked for: that may import the package."""

    def __call__(self, parser, namespace, values, option_string=None):
        version = getattr(importlib.import_module(PACKAGE), "__version__", "unknown")
        print(f"{PACKAGE} {version}")
        parser.exit()
