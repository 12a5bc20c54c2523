"""SavedModel."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from .._outputs import whole_output
from ._calls import is_keras
from ._signatures import signature


def saved_model(model, path, inputs=None, outputs=None, *, signatures=None, overwrite=False, **kwargs):
    """Writes a SavedModel, which loads without this package; returns the path.

    `tf.saved_model.load(path).signatures["serving_default"](images=...)` gives a dict of the outputs.
    Its variables keep their TF1 names; `checkpoints.convert` takes the folder as a source.

    Args:
      model, inputs, outputs, **kwargs: see `signature`.
      path: the folder to make.
      signatures: a dict of name -> what `signature` gave, in place of "serving_default" alone;
        `inputs` and `outputs` are then left out.
      overwrite: if True, what is at `path` is replaced.

    Raises:
      ValueError: if something is at `path`, or as `signature` does.
    """
    path = str(path)
    if signatures is None:
        signatures = {"serving_default": signature(model, inputs, outputs, **kwargs)}
    else:
        remedy = "Each signature has its own: export.signature(model, inputs, outputs, ...)."
        check(
            inputs is None and outputs is None and not kwargs,
            "signatures",
            "no inputs or outputs beside it",
            inputs,
            remedy,
        )
        check(isinstance(signatures, dict) and bool(signatures), "signatures", "a dict that is not empty", signatures)
    with whole_output(path, overwrite) as partial:
        tf.saved_model.save(holder_of(model, signatures), partial, signatures=signatures)
    return path


class _Holder(tf.Module):
    """What is saved: everything that the signatures need, found through attributes."""


def holder_of(model, signatures):
    """Returns the object to save with these signatures: it keeps their variables and the model's resources."""
    holder = _Holder(name="exported")
    used = {variable.ref(): variable for concrete in signatures.values() for variable in concrete.graph.variables}
    holder.used_variables = list(used.values())
    # Lookup tables and the like are the model's. Keras would trace its own functions once more.
    if isinstance(model, tf.Module) and not is_keras(model):
        holder.model = model
    return holder
