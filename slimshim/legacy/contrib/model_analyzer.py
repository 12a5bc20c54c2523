"""`tensorflow.contrib.tfprof.model_analyzer`, through `tf.compat.v1.profiler`.

The option dicts are TensorFlow 1.15's, so that programs may copy and change them.
"""

from __future__ import annotations

import tensorflow as tf

v1 = tf.compat.v1

Profiler = v1.profiler.Profiler

_BASE = {
    "max_depth": 10000,
    "min_bytes": 0,
    "min_micros": 0,
    "min_params": 0,
    "min_float_ops": 0,
    "order_by": "name",
    "account_type_regexes": [".*"],
    "start_name_regexes": [".*"],
    "trim_name_regexes": [],
    "show_name_regexes": [".*"],
    "hide_name_regexes": [],
    "account_displayed_op_only": True,
    "output": "stdout",
    "dump_to_file": "",
}


def _options(**changes):
    # The lists are copied: programs append to them.
    base = {key: list(value) if isinstance(value, list) else value for key, value in _BASE.items()}
    return {**base, **changes}


TRAINABLE_VARS_PARAMS_STAT_OPTIONS = _options(account_type_regexes=["_trainable_variables"], select=["params"])
FLOAT_OPS_OPTIONS = _options(min_float_ops=1, order_by="float_ops", select=["float_ops"])
PRINT_ALL_TIMING_MEMORY = _options(min_bytes=1, min_micros=1, select=["micros", "bytes"])
ALL_ADVICE = {
    "ExpensiveOperationChecker": {},
    "AcceleratorUtilizationChecker": {},
    "JobChecker": {},
    "OperationChecker": {},
}


def print_model_analysis(graph, run_meta=None, op_log=None, tfprof_cmd="scope", tfprof_options=0):
    """Prints and returns a profile of the graph: parameters or float operations per scope.

    Args:
      graph: a `tf.Graph`, or None for the default graph.
      run_meta: a `RunMetadata` with timings, or None.
      op_log: an `OpLogProto`, or None.
      tfprof_cmd: "scope", "graph", "op" or "code".
      tfprof_options: one of this module's option dicts, changed or not; 0 takes the profiler's own.

    Returns:
      A `GraphNodeProto`, or `MultiGraphNodeProto` for "op" and "code".
    """
    options = tfprof_options or v1.profiler.ProfileOptionBuilder.trainable_variables_parameter()
    return v1.profiler.profile(graph, run_meta, op_log, tfprof_cmd, options)


def advise(graph, run_meta=None, tfprof_options=None):
    """Prints and returns the profiler's advice on the graph, an `AdviceProto`."""
    return v1.profiler.advise(graph, run_meta, tfprof_options or ALL_ADVICE)
