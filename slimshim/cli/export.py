"""`export`: a model as a SavedModel, a TFLite file, a `.keras` file or a frozen graph.

    python -m slimshim export my_models:net serving/1 --input 'images=?,224,224,3' --set is_training=False
    python -m slimshim export slimshim.nets.inception_v2:inception_v2 net.tflite --input 1,224,224,3 \\
        --set num_classes=1001 --set is_training=False --checkpoint inception_v2.ckpt \\
        --arg-scope slimshim.nets.inception_v2:inception_v2_arg_scope
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from ._models import NoModel, add_model_options, input_specs, model_named, settings
from ._stopping import orderly_end

ROOT = __name__.rpartition(".cli.")[0]
_SUFFIXES = {".tflite": "tflite", ".keras": "keras", ".pb": "frozen", ".pbtxt": "frozen"}


def main(arguments, program):
    """Exports what the arguments name.

    Args:
      arguments: the words after `export`.
      program: what the user typed before them, for the help text.

    Returns:
      The exit code: 0 if the file was written, 1 if the checkpoint does not fit the model, 2 if the
      line is wrong, the model can not be exported so, or something is at the destination.

    Raises:
      SystemExit: with code 2 if the line is wrong.
    """
    options = _parser(program).parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    checkpoints = importlib.import_module(f"{ROOT}.checkpoints")
    try:
        with orderly_end():
            return _export(checkpoints, options)
    except checkpoints.ConversionError as error:
        print(error.conversion, file=sys.stderr)
        print(f"{program}: nothing was written", file=sys.stderr)
        return 1
    except (NoModel, ValueError, TypeError, OSError, ImportError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2


def _export(checkpoints, options):
    kind = options.format or _SUFFIXES.get(os.path.splitext(options.destination)[1], "saved_model")
    _require_use(options, kind)
    _outputs = importlib.import_module(f"{ROOT}._outputs")
    _outputs.require_free(options.destination, options.overwrite, "DESTINATION")
    specs = input_specs(options.input)
    model = model_named(options.model, specs, settings(options.set), options.arg_scope, as_keras=kind == "keras")
    if options.checkpoint:
        checkpoints.restore(model, options.checkpoint, rename=options.rename, moving_averages=options.moving_averages)
    export = importlib.import_module(f"{ROOT}.export")
    given = {"inputs": specs or None, "overwrite": options.overwrite}
    if kind == "keras":
        print(export.keras_file(model, options.destination, **given))
        return 0
    given["outputs"] = options.output or None
    if kind == "tflite":
        given.update(
            quantize=options.quantize, io_dtype=options.io_dtype or "float32", select_tf_ops=options.select_tf_ops
        )
        given["representative_data"] = _examples(options.representative)
        print(export.tflite(model, options.destination, **given))
    elif kind == "frozen":
        frozen = export.frozen_graph(model, options.destination, **given)
        print(frozen.path)
        for title, tensors in (("input", frozen.inputs), ("output", frozen.outputs)):
            print("\n".join(f"  {title} {name}: {tensor}" for name, tensor in tensors.items()))
    else:
        print(export.saved_model(model, options.destination, **given))
    return 0


def _require_use(options, kind):
    """Raises ValueError if an option was given that the others leave without effect."""
    tflite = "goes with TFLite: let DESTINATION end in .tflite, or pass --format tflite", kind == "tflite"
    int8 = "goes with --quantize int8", options.quantize == "int8"
    named = "goes with a SavedModel, TFLite or a frozen graph; a .keras file is the whole model", kind != "keras"
    checkpoint = "goes with --checkpoint", options.checkpoint is not None
    rules = {
        "quantize": [tflite],
        "representative": [tflite, int8],
        "io_dtype": [tflite, int8],
        "select_tf_ops": [tflite],
        "output": [named],
        "rename": [checkpoint],
        "moving_averages": [checkpoint],
    }
    for option, conditions in rules.items():
        for text, holds in conditions:
            if getattr(options, option) and not holds:
                word = f"--{option.replace('_', '-')}"
                raise ValueError(f"{word} {text}. Received: {word}, and the format is {kind}.")


def _examples(path):
    """Returns the rows of an .npy file, or of an .npz file with an array for each input; None for None."""
    if path is None:
        return None
    import numpy as np

    loaded = np.load(path)
    if isinstance(loaded, np.ndarray):
        return loaded
    arrays = {name: loaded[name] for name in loaded.files}
    count = min(len(array) for array in arrays.values())
    return [{name: array[i : i + 1] for name, array in arrays.items()} for i in range(count)]


def _parser(program):
    parser = argparse.ArgumentParser(
        prog=program,
        description="Writes a model as a SavedModel, a TFLite file, a .keras file or a frozen graph.",
        epilog="Pass --set is_training=False for inference. Exit codes: 0 written, 1 the checkpoint does not fit "
        "the model (the table is printed), 2 wrong arguments.",
    )
    add_model_options(parser, "model")
    parser.add_argument("destination", metavar="DESTINATION", help="the file, or the SavedModel's folder")
    parser.add_argument(
        "--format",
        choices=("saved_model", "tflite", "keras", "frozen"),
        help="default: by the suffix .tflite, .keras, .pb, .pbtxt; else saved_model",
    )
    parser.add_argument("--checkpoint", help="fill the model from it first, by name: any format that convert reads")
    parser.add_argument(
        "--rename",
        metavar="REGEX=REPLACEMENT",
        action="append",
        default=[],
        help="change the checkpoint's names (repeat)",
    )
    parser.add_argument(
        "--moving-averages", action="store_true", help="X/ExponentialMovingAverage takes the place of X"
    )
    parser.add_argument(
        "--output",
        metavar="NAME",
        action="append",
        default=[],
        help="an output to export: output, output_0, the name of an end point (repeat)",
    )
    parser.add_argument("--quantize", choices=("dynamic", "float16", "int8"), help="for TFLite")
    parser.add_argument("--representative", metavar="FILE", help="for int8: an .npy or .npz file of example inputs")
    parser.add_argument(
        "--io-dtype", choices=("float32", "int8", "uint8"), help="for int8: of inputs and outputs (default: float32)"
    )
    parser.add_argument("--select-tf-ops", action="store_true", help="for TFLite: keep TensorFlow ops that it lacks")
    parser.add_argument("--overwrite", action="store_true", help="replace what is at DESTINATION")
    return parser
