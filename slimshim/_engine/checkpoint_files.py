"""Waiting for checkpoints that another program writes, and being able to write our own."""

from __future__ import annotations

import os
import time

import tensorflow as tf

v1 = tf.compat.v1


def wait_for_new_checkpoint(checkpoint_dir, last_checkpoint=None, seconds_to_sleep=1, timeout=None):
    """Returns the path of a checkpoint other than `last_checkpoint`, or None after `timeout`.

    Args:
      checkpoint_dir: the directory where checkpoints are saved; it need not exist yet.
      last_checkpoint: the path used last, or None if any will do.
      seconds_to_sleep: the pause between two looks.
      timeout: how many seconds to wait at most; None waits for ever.
    """
    v1.logging.info("Waiting for new checkpoint at %s", checkpoint_dir)
    stop_time = None if timeout is None else time.time() + timeout
    while True:
        path = tf.train.latest_checkpoint(checkpoint_dir)
        if path is not None and path != last_checkpoint:
            v1.logging.info("Found new checkpoint at %s", path)
            return path
        if stop_time is not None and time.time() + seconds_to_sleep > stop_time:
            return None
        time.sleep(seconds_to_sleep)


def checkpoints_iterator(checkpoint_dir, min_interval_secs=0, timeout=None, timeout_fn=None):
    """Yields the path of each latest checkpoint as it appears.

    It looks when asked for the next one, so checkpoints written and replaced meanwhile are missed.

    Args:
      checkpoint_dir: the directory where checkpoints are saved.
      min_interval_secs: the least number of seconds between two yields.
      timeout: how many seconds to wait for one; None waits for ever.
      timeout_fn: called without arguments after a timeout. If it returns True, or if there is
        none, the iteration ends; else the wait starts again.
    """
    path = None
    while True:
        newer = wait_for_new_checkpoint(checkpoint_dir, path, timeout=timeout)
        if newer is None:
            if not timeout_fn:
                v1.logging.info("Timed-out waiting for a checkpoint.")
                return
            if timeout_fn():
                return
            continue
        path = newer
        yielded_at = time.time()
        yield path
        time.sleep(max(0.0, yielded_at + min_interval_secs - time.time()))


def require_writable(logdir):
    """Makes `logdir`, and raises before any work is done if files can not be written there."""
    probe = os.path.join(logdir, f".writable-{os.getpid()}")
    try:
        tf.io.gfile.makedirs(logdir)
        with tf.io.gfile.GFile(probe, "w") as probe_file:
            probe_file.write("")
        tf.io.gfile.remove(probe)
    except tf.errors.OpError as error:
        raise type(error)(
            error.node_def,
            error.op,
            f"logdir: expected a directory that can be written. Received: logdir={logdir!r}: {error.message}. "
            "Training has not started. Choose another logdir, or free this one, or pass logdir=None.",
        ) from error
