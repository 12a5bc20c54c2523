"""A registry of small cases: functions of a library that give plain data. Speaks Python 3.7 and now.

    cases = Cases()

    @cases.of("ops.variables.get_variables")
    def variables_of_a_scope(lib):
        variables = lib("ops.variables")
        ...
        return [v.op.name for v in variables.get_variables("a")]

`lib` gives a module by its path within the package: `original` the one of TF 1.15, and the tests
slimshim's. `measure` runs a case in a new graph.
"""

import importlib

import numpy as np
import tensorflow as tf
from golden_files import write_cases

v1 = tf.compat.v1

# Where tensorflow.contrib of TF 1.15 keeps what is at one path in tf_slim.
_CONTRIB = {
    "data": "slim.python.slim.data",
    "evaluation": "slim.python.slim.evaluation",
    "layers": "layers.python.layers",
    "layers.bucketization_op": "layers.python.ops.bucketization_op",
    "layers.sparse_ops": "layers.python.ops.sparse_ops",
    "learning": "slim.python.slim.learning",
    "legacy.contrib.slim": "slim",
    "losses": "losses.python.losses",
    "losses.metric_learning": "losses.python.metric_learning.metric_loss_ops",
    "metrics.classification": "metrics.python.metrics.classification",
    "metrics.metric_ops": "metrics.python.ops.metric_ops",
    "model_analyzer": "slim.python.slim.model_analyzer",
    "nets": "slim.python.slim.nets",
    "ops": "framework.python.ops",
    "queues": "slim.python.slim.queues",
    "summaries": "slim.python.slim.summaries",
    "training": "training.python.training",
}


def original(path):
    """Returns the module of tensorflow.contrib (TF 1.15) that is at `path` in tf_slim."""
    known = path if path in _CONTRIB else path.partition(".")[0]
    return importlib.import_module("tensorflow.contrib." + _CONTRIB[known] + path[len(known) :])


def tf_slim(path):
    """Returns the module of tf_slim 1.1.0 (on TF 1.15), for what tensorflow.contrib had not yet."""
    return importlib.import_module("tf_slim." + path)


class Case:
    """One case.

    Attributes:
      run: the function of the library.
      functions: paths of the public functions it holds, the main one first.
      later: whether only tf_slim has them, not tensorflow.contrib.
      tolerance: the largest difference allowed, relative and absolute.
    """

    def __init__(self, run, functions, later=False, tolerance=1e-5):
        self.run, self.functions, self.later, self.tolerance = run, functions, later, tolerance


class Cases(dict):
    """Cases by name: the function's, in words."""

    def of(self, *functions, **options):
        """Returns the decorator of a case.

        Args:
          *functions: paths of the public functions it holds, the main one first.
          **options: further attributes of `Case`.
        """

        def register(run):
            self[run.__name__.replace("_", " ")] = Case(run, functions, **options)
            return run

        return register

    def measure(self, lib, name):
        """Returns what a case gives in a new graph, as plain data."""
        with tf.Graph().as_default():
            v1.set_random_seed(3)
            return readable(self[name].run(lib))

    def write(self, file):
        """Writes what TF 1.15 gives."""
        write_cases(
            file, {name: self.measure(tf_slim if case.later else original, name) for name, case in self.items()}
        )


def run(fetches, feed=None, initialize=True):
    """Returns the values of tensors in a new session, with variables and tables initialized."""
    with v1.Session() as session:
        if initialize:
            session.run([v1.global_variables_initializer(), v1.local_variables_initializer(), v1.tables_initializer()])
        return session.run(fetches, feed)


def outcome(function, *args, **kwargs):
    """Returns what a function returns, or the type of its error."""
    try:
        return function(*args, **kwargs)
    except Exception as error:  # The type is the fact.
        return "raises " + type(error).__name__


def names(items):
    """Returns the names of tensors, variables or operations, without the output's number."""
    return [item.op.name if hasattr(item, "op") else item.name for item in items]


def readable(value):
    """Returns a value as something JSON holds; floats are rounded to 9 digits."""
    if isinstance(value, dict):
        return {str(key): readable(item) for key, item in value.items()}
    if hasattr(value, "_fields"):
        return {field: readable(getattr(value, field)) for field in value._fields}
    if isinstance(value, (list, tuple)):
        return [readable(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return readable(value.tolist())
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, v1.Dimension):
        return value.value
    if isinstance(value, tf.DType):
        return value.base_dtype.name
    if isinstance(value, tf.TensorShape):
        return None if value.ndims is None else [None if d is None else int(d) for d in value.as_list()]
    return value
