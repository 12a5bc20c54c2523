"""One step in a session: run the train op, log, trace, and say whether to stop."""

from __future__ import annotations

import os
import time

import tensorflow as tf

from .chrome_trace import chrome_trace

v1 = tf.compat.v1


def train_step(sess, train_op, global_step, train_step_kwargs):
    """Returns (loss, whether to stop) after one step. See `learning.train_step`."""
    started = time.perf_counter()
    options, metadata = _trace_options(sess, train_step_kwargs)
    total_loss, _ = sess.run([train_op, global_step], options=options, run_metadata=metadata)
    elapsed = time.perf_counter() - started

    # Read afterwards in a run of its own: a resource variable that is fetched beside its own
    # update may give the value before or after it.
    flags = {key: train_step_kwargs[key] for key in ("should_log", "should_stop") if key in train_step_kwargs}
    if not flags and metadata is None:
        return total_loss, False
    after = sess.run(dict(flags, global_step=global_step))
    if metadata is not None:
        _write_trace(metadata, after["global_step"], train_step_kwargs)
    if after.get("should_log"):
        v1.logging.info("global step %d: loss = %.4f (%.3f sec/step)", after["global_step"], total_loss, elapsed)
    return total_loss, after.get("should_stop", False)


def _trace_options(sess, train_step_kwargs):
    """Returns (RunOptions, RunMetadata) if this step is to be traced, else (None, None)."""
    if "should_trace" not in train_step_kwargs:
        return None, None
    if "logdir" not in train_step_kwargs:
        raise ValueError("logdir must be present in train_step_kwargs when should_trace is present")
    if not sess.run(train_step_kwargs["should_trace"]):
        return None, None
    return v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE), v1.RunMetadata()


def _write_trace(metadata, step, train_step_kwargs):
    path = os.path.join(train_step_kwargs["logdir"], f"tf_trace-{step}.json")
    v1.logging.info("Writing trace to %s", path)
    with tf.io.gfile.GFile(path, "w") as trace_file:
        trace_file.write(chrome_trace(metadata.step_stats))
    writer = train_step_kwargs.get("summary_writer")
    if writer is not None:
        writer.add_run_metadata(metadata, f"run_metadata-{step}")
