"""`convert`: checkpoints from one format to another.

python -m slimshim convert inception_v2.ckpt objects/ckpt --to tf2
python -m slimshim convert logs/tf2/ckpt-1000 model.ckpt --to tf1 --weights-only
python -m slimshim convert model.ckpt model.weights.h5 --model my_models:keras_model --dry-run
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from ._models import NoModel, add_model_options, input_specs, model_named, settings
from ._stopping import orderly_end

ROOT = __name__.rpartition(".cli.")[0]


def main(arguments, program):
    """Converts what the arguments name.

    Args:
      arguments: the words after `convert`.
      program: what the user typed before them, for the help text.

    Returns:
      The exit code: 0 if all was converted (or would be, in a dry run), 1 if the values do not fit,
      2 if the line is wrong, there is no such checkpoint, or something is at the destination.

    Raises:
      SystemExit: with code 2 if the line is wrong.
    """
    parser = _parser(program)
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    checkpoints = importlib.import_module(f"{ROOT}.checkpoints")
    try:
        with orderly_end():
            return _convert(checkpoints, options)
    except checkpoints.ConversionError as error:
        print(error.conversion, file=sys.stderr)
        print(f"{program}: nothing was written", file=sys.stderr)
        return 1
    except (NoModel, ValueError, TypeError, OSError, ImportError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2


def _convert(checkpoints, options):
    rename = list(options.rename)
    for file in options.rules:
        rename += importlib.import_module(f"{ROOT}.checkpoints.rules").read_rules_file(file)
    suffixes = importlib.import_module(f"{ROOT}.checkpoints.destinations").KERAS_SUFFIXES
    conversion = checkpoints.convert(
        options.source,
        options.destination,
        options.to,
        model=_model(options.model, options, as_keras=options.destination.endswith(suffixes)),
        source_model=_model(options.source_model, options, as_keras=options.source.endswith(suffixes)),
        like=options.like,
        rename=rename,
        include=options.include,
        exclude=options.exclude,
        weights_only=options.weights_only,
        moving_averages=options.moving_averages,
        dtype=options.dtype,
        reshape=options.reshape,
        allow_missing=options.allow_missing,
        root=options.root,
        overwrite=options.overwrite,
        dry_run=options.dry_run,
    )
    if options.dry_run:
        print(conversion)
        print("dry run: nothing was written")
        return 0 if conversion.ok else 1
    print(conversion.summary() if options.quiet else conversion)
    return 0


def _model(name, options, as_keras):
    if name is None:
        return None
    return model_named(name, input_specs(options.input), settings(options.set), options.arg_scope, as_keras)


def _parser(program):
    parser = argparse.ArgumentParser(
        prog=program,
        description="Converts a checkpoint: TF1 names, TF2 objects, Keras weights; in each direction.",
        epilog="The table says what matched, what did not, and the nearest names. Exit codes: 0 converted, "
        "1 the values do not fit, 2 wrong arguments. Try --dry-run first.",
    )
    parser.add_argument(
        "source", metavar="SOURCE", help="a checkpoint, a directory with one, a SavedModel, or a Keras file"
    )
    parser.add_argument("destination", metavar="DESTINATION", help="a checkpoint's prefix, or a Keras file")
    parser.add_argument("--to", choices=("tf1", "tf2", "keras"), help="the format; a Keras file's suffix says it, too")
    add_model_options(parser, "--model")
    parser.add_argument("--source-model", metavar="MODEL", help="the model the source is of, if it is another one")
    parser.add_argument("--like", metavar="CHECKPOINT", help="a checkpoint whose names and shapes the result must have")
    _add_rules(parser)
    parser.add_argument("--dtype", help="the dtype for floating-point values, such as float16")
    parser.add_argument("--reshape", action="store_true", help="take a value of another shape and the same size")
    parser.add_argument(
        "--allow-missing", action="store_true", help="the model keeps its own values of what is missing"
    )
    parser.add_argument("--root", default="model", help="the model's name in tf.train.Checkpoint (default: model)")
    parser.add_argument("--overwrite", action="store_true", help="replace what is at DESTINATION")
    parser.add_argument("--dry-run", action="store_true", help="show the table and write nothing")
    parser.add_argument("--quiet", action="store_true", help="print one line and no table")
    return parser


def _add_rules(parser):
    parser.add_argument(
        "--rename",
        metavar="REGEX=REPLACEMENT",
        action="append",
        default=[],
        help="change names, as Python's re.sub does (repeat; in order)",
    )
    parser.add_argument(
        "--rules", metavar="FILE", action="append", default=[], help="a file of such rules, one a line; # is a comment"
    )
    parser.add_argument(
        "--include", metavar="REGEX", action="append", default=[], help="take only names where it is found (repeat)"
    )
    parser.add_argument(
        "--exclude", metavar="REGEX", action="append", default=[], help="leave out names where it is found (repeat)"
    )
    parser.add_argument(
        "--weights-only", action="store_true", help="leave out optimizer slots, step counters and moving averages"
    )
    parser.add_argument(
        "--moving-averages", action="store_true", help="X/ExponentialMovingAverage takes the place of X"
    )
