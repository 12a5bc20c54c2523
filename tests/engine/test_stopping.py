"""Training that is stopped from outside: Ctrl-C, SIGTERM, kill -9."""

import os
import pathlib
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
import tensorflow as tf

from slimshim import learning
from slimshim._engine import stop_signals

v1 = tf.compat.v1

PROGRAM = pathlib.Path(__file__).parent / "training_program.py"


@pytest.fixture
def default_handlers():
    """The handlers that a program without its own has; pytest's come back afterwards."""
    previous = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGTERM: signal.signal(signal.SIGTERM, signal.SIG_DFL),
    }
    yield
    for number, handler in previous.items():
        signal.signal(number, handler)


def slow_train_op():
    """w starts at 3; each step takes it to (1 - 2e-3) w; the loss is w²."""
    loss = tf.square(v1.get_variable("w", initializer=3.0))
    return learning.create_train_op(loss, v1.train.GradientDescentOptimizer(1e-3))


class SignalInStep:
    """A train_step_fn in whose n-th step this process gets a signal."""

    def __init__(self, number, in_step):
        self.number, self.in_step, self.steps = number, in_step, 0

    def __call__(self, *args):
        self.steps += 1
        if self.steps == self.in_step:
            os.kill(os.getpid(), self.number)
        return learning.train_step(*args)


def latest_step(logdir):
    path = tf.train.latest_checkpoint(str(logdir))
    return int(v1.train.NewCheckpointReader(path).get_tensor("global_step"))


@pytest.mark.parametrize("number, leaves_by", [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_signal_finishes_the_step_saves_and_leaves(graph, tmp_path, default_handlers, number, leaves_by):
    handler = signal.getsignal(number)
    step = SignalInStep(number, in_step=4)
    with pytest.raises(leaves_by) as leaving:
        learning.train(slow_train_op(), str(tmp_path), step)
    if leaves_by is SystemExit:
        assert leaving.value.code == 143
    assert step.steps == 4
    assert latest_step(tmp_path) == 4
    assert signal.getsignal(number) == handler


def test_a_handler_of_the_program_is_called_after_saving_and_train_returns(graph, tmp_path, default_handlers):
    saved = []
    signal.signal(signal.SIGTERM, lambda *_: saved.append(latest_step(tmp_path)))
    loss = learning.train(slow_train_op(), str(tmp_path), SignalInStep(signal.SIGTERM, in_step=3))
    assert saved == [3]
    np.testing.assert_allclose(loss, 9.0 * (1 - 2e-3) ** 4, rtol=1e-5)


def test_a_step_that_never_ends_by_itself_is_cancelled(graph, tmp_path, default_handlers, monkeypatch):
    monkeypatch.setattr(stop_signals, "_GRACE_SECS", 0.2)
    never = tf.queue.FIFOQueue(1, [tf.float32], [()]).dequeue()
    loss = never * tf.square(v1.get_variable("w", initializer=3.0))
    train_op = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(1e-3))

    def step(*args):
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
        return learning.train_step(*args)

    with pytest.raises(SystemExit):
        learning.train(train_op, str(tmp_path), step)
    assert latest_step(tmp_path) == 0


def test_a_killed_program_resumes_from_its_last_periodic_checkpoint(graph, tmp_path):
    """Killed with v2 behaviour off, resumed with it on."""
    command = [sys.executable, str(PROGRAM), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        steps = 0
        for _ in program.stdout:
            steps += 1
            if steps == 20:
                program.kill()
    assert program.returncode == -signal.SIGKILL
    reached = latest_step(tmp_path)
    assert 0 < reached < steps
    loss = learning.train(slow_train_op(), str(tmp_path), number_of_steps=reached + 2)
    # The loss is of the state before the last step.
    np.testing.assert_allclose(loss, 9.0 * (1 - 2e-3) ** (2 * (reached + 1)), rtol=1e-4)
