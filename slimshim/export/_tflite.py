"""TFLite files."""

from __future__ import annotations

import tempfile

import numpy as np
import tensorflow as tf

from .._checks import check, error_text, one_of
from .._outputs import require_free, whole_output
from ._saved import holder_of
from ._signatures import input_names, require_inference, signature

_QUANTIZATIONS = (None, "dynamic", "float16", "int8")


def tflite(
    model,
    path,
    inputs=None,
    outputs=None,
    *,
    quantize=None,
    representative_data=None,
    io_dtype="float32",
    select_tf_ops=False,
    overwrite=False,
    **kwargs,
):
    """Writes a `.tflite` file; returns the path.

    It has a signature "serving_default" with the names of inputs and outputs.

    Args:
      model, inputs, outputs, **kwargs: see `signature`.
      path: the file to write.
      quantize: None for float32; "float16" for weights of half the size; "dynamic" for int8 weights and
        float computation; "int8" for integers throughout, which needs `representative_data`.
      representative_data: for "int8": examples that show the ranges of activations, 100 or so. An
        iterable of what the model is called with, each with its batch dimension: an array, a tuple of
        arrays for several inputs, or a dict by input name. Or one array, whose rows are the examples.
      io_dtype: for "int8": the dtype of inputs and outputs: "float32", "int8" or "uint8".
      select_tf_ops: if True, ops that TFLite lacks stay TensorFlow's; the interpreter then needs them.
      overwrite: if True, what is at `path` is replaced.

    Raises:
      ValueError: if something is at `path`, the call updates variables, or there are no examples.
    """
    path = str(path)
    one_of("quantize", quantize, _QUANTIZATIONS)
    needed = quantize == "int8"
    remedy = "Pass some of the inputs that the model is for: their ranges become the integers' scales."
    check(not needed or representative_data is not None, "representative_data", "examples of inputs", None, remedy)
    one_of("io_dtype", io_dtype, ("float32", "int8", "uint8") if needed else ("float32",))
    require_free(path, overwrite)
    concrete = signature(model, inputs, outputs, **kwargs)
    require_inference(concrete, "TFLite")
    converted = _converted(model, concrete, quantize, representative_data, io_dtype, select_tf_ops)
    with whole_output(path, overwrite) as partial, open(partial, "wb") as file:
        file.write(converted)
    return path


def _converted(model, concrete, quantize, examples, io_dtype, select_tf_ops):
    check(
        hasattr(tf, "lite"), "tensorflow", "a TensorFlow with tf.lite.TFLiteConverter", tf.__name__, error=ImportError
    )
    lite = tf.lite
    with tempfile.TemporaryDirectory() as folder:
        # By way of a SavedModel: it keeps the names, and the converter freezes its variables.
        signatures = {"serving_default": concrete}
        tf.saved_model.save(holder_of(model, signatures), folder, signatures=signatures)
        converter = lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serving_default"])
        operations = [lite.OpsSet.TFLITE_BUILTINS]
        if quantize is not None:
            converter.optimizations = [lite.Optimize.DEFAULT]
        if quantize == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if quantize == "int8":
            # Dicts by name: the SavedModel sorts its inputs, and the call does not.
            converter.representative_dataset = lambda: _examples(examples, concrete)
            operations = [lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.as_dtype(io_dtype)
        if select_tf_ops:
            operations.append(lite.OpsSet.SELECT_TF_OPS)
        converter.target_spec.supported_ops = operations
        return converter.convert()


def _examples(data, concrete):
    """Yields a dict of input name -> array for each example."""
    names = input_names(concrete)
    dtypes = [spec.dtype.as_numpy_dtype for spec in concrete.structured_input_signature[0]]
    if isinstance(data, np.ndarray) or tf.is_tensor(data):
        data = (row[None] for row in np.asarray(data))
    found = 0
    for example in data() if callable(data) else data:
        if isinstance(example, dict):
            values = [example[name] for name in names]
        else:
            values = list(example) if isinstance(example, (tuple, list)) else [example]
        if len(values) != len(names):
            raise ValueError(error_text("representative_data", f"examples of the inputs {names}", len(values)))
        found += 1
        yield {name: np.asarray(value, dtype) for name, value, dtype in zip(names, values, dtypes)}
    check(found > 0, "representative_data", "at least one example", data)
