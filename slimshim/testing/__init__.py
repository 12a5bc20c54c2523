"""Tools for the tests of a program that moves from TensorFlow 1 to 2.

assert_equivalent(in_graph(old_net), Module(old_net), images)
assert_equivalent(Module(old_net), keras_model, images, rename=["weights$=kernel", "biases$=bias"])
"""

from __future__ import annotations

from ._equivalence import assert_equivalent
from ._sides import deterministic_random, in_graph

__all__ = ["assert_equivalent", "deterministic_random", "in_graph"]
