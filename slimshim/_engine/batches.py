"""The arguments of the steps of a TF2 training: what `learning.train(data=...)` is given, batch by batch."""

from __future__ import annotations

import itertools

import tensorflow as tf

from .._checks import error_text


class EndOfData(Exception):
    """The data have ended; training does, too."""


class Batches:
    """The elements of a `tf.data.Dataset`, or of what Python can iterate, as arguments of a `TrainStep`.

    Attributes:
      specs: a `tf.TypeSpec` (or a nest of them) for each argument.
    """

    def __init__(self, data, step=None):
        """Begins to read.

        Args:
          data: what iterates over batches.
          step: the `TrainStep` that takes them, for its strategy; None for one device.
        """
        if step is not None:
            data = step.distributed(data)
        try:
            self._elements = iter(data)
        except TypeError as error:
            expected = "a tf.data.Dataset, or something that iterates over batches"
            raise TypeError(error_text("data", expected, data)) from error
        spec = getattr(data, "element_spec", None)
        if spec is None:
            spec = self._spec_of_the_first()
        self.specs = _as_arguments(spec)

    def next(self):
        """Returns the arguments of the next step; raises EndOfData."""
        try:
            return _as_arguments(next(self._elements))
        except StopIteration:
            raise EndOfData("The data have ended.") from None

    def _spec_of_the_first(self):
        self._elements = map(_as_tensors, self._elements)
        first = list(itertools.islice(self._elements, 1))
        if not first:
            raise ValueError(error_text("data", "at least one batch", first))
        self._elements = itertools.chain(first, self._elements)
        return tf.nest.map_structure(tf.type_spec_from_value, first[0])


def _as_arguments(element):
    """A tuple is the arguments, as for Keras's fit; anything else is the one argument."""
    return element if isinstance(element, tuple) else (element,)


def _as_tensors(element):
    return tf.nest.map_structure(tf.convert_to_tensor, element, expand_composites=False)
