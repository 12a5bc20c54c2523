"""A training that is killed, at any moment and within a save, goes on from a whole checkpoint."""

import glob
import os
import pathlib
import random
import runpy
import signal
import subprocess
import sys
import time

import numpy as np
import tensorflow as tf

from slimshim import learning

PROGRAM = pathlib.Path(__file__).parent / "large_training_program.py"


def killed(logdir, moment):
    """Runs the program until it has saved and `moment(logdir, secs since then)` is true, then kills it.

    A save counts once the state file names it: a kill between the two may lose it.
    """
    before = tf.train.latest_checkpoint(logdir)
    with subprocess.Popen([sys.executable, str(PROGRAM), logdir], stdout=subprocess.PIPE, text=True) as program:
        try:
            program.stdout.readline()
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and tf.train.latest_checkpoint(logdir) == before:
                time.sleep(0.005)
            started = time.monotonic()
            while time.monotonic() < deadline and not moment(logdir, time.monotonic() - started):
                pass
        finally:
            program.kill()
    assert program.returncode == -signal.SIGKILL


def content_of_the_latest(logdir):
    """Returns the step of the latest checkpoint, which must be whole."""
    reader = tf.train.load_checkpoint(logdir)
    step = int(reader.get_tensor("global_step"))
    np.testing.assert_array_equal(reader.get_tensor("w"), np.full([2**21], step, "float32"))
    return step


def within_a_save(pattern):
    return lambda logdir, _: bool(glob.glob(os.path.join(logdir, pattern)))


def test_kills_at_random_moments_and_within_saves_lose_nothing_that_was_saved(tmp_path):
    logdir, reached = str(tmp_path), -1
    secs = random.Random(5).uniform(0.0, 0.3)
    moments = [
        lambda _, passed: passed >= secs,
        within_a_save("model.ckpt-*temp*"),
        within_a_save("tf2/ckpt-*temp*"),
    ]
    for moment in moments:
        killed(logdir, moment)
        step = content_of_the_latest(logdir)
        assert step > reached
        reached = step
    step = runpy.run_path(str(PROGRAM))["make_step"]()
    learning.train(step, logdir, number_of_steps=reached + 5, save_interval_secs=0)
    assert content_of_the_latest(logdir) == reached + 5
