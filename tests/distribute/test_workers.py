"""Training on two workers, processes on this machine's loopback: the way of one device, also after a kill."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

PROGRAM = pathlib.Path(__file__).parent / "worker_training_program.py"
LIMIT_SECS = 240


def free_addresses(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return addresses


class Process:
    """A worker's process, with its output in files, so that it never waits for a reader."""

    def __init__(self, folder, arguments, config=None):
        environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="2", CUDA_VISIBLE_DEVICES="-1")
        environment.pop("TF_CONFIG", None)
        if config is not None:
            environment["TF_CONFIG"] = json.dumps(config)
        folder.mkdir(parents=True)
        self._out, self._err = folder / "out", folder / "err"
        with open(self._out, "w") as out, open(self._err, "w") as err:
            command = [sys.executable, str(PROGRAM), *map(str, arguments)]
            self.running = subprocess.Popen(command, env=environment, stdout=out, stderr=err)

    @property
    def code(self):
        return self.running.poll()

    @property
    def error(self):
        return self._err.read_text(errors="replace")

    def values(self, word):
        return {int(s): float(v) for s, v in re.findall(rf"{word} (\d+) (\S+)", self._out.read_text())}

    def end(self):
        self.running.kill()
        self.running.wait()


class Cluster:
    """Two workers under a manager that starts a process that failed anew, at most so many times."""

    def __init__(self, folder, logdirs, *arguments, first_of_the_last=(), restarts=3):
        self._folder, self._restarts = folder, restarts
        self._arguments = [(logdir, *arguments) for logdir in logdirs]
        self._addresses = free_addresses(2)
        self.runs = [[], []]
        self._start(0)
        self._start(1, first_of_the_last)

    def _start(self, index, more=()):
        config = {"cluster": {"worker": self._addresses}, "task": {"type": "worker", "index": index}}
        folder = self._folder / f"{index}-{len(self.runs[index])}"
        self.runs[index].append(Process(folder, [*self._arguments[index], *more], config))

    def finish(self):
        """Waits for all; returns itself."""
        deadline = time.monotonic() + LIMIT_SECS
        try:
            while any(runs[-1].code is None for runs in self.runs):
                assert time.monotonic() < deadline, "\n".join(runs[-1].error[-2000:] for runs in self.runs)
                time.sleep(0.1)
                for index, runs in enumerate(self.runs):
                    if runs[-1].code not in (None, 0) and len(runs) <= self._restarts:
                        self._start(index)
        finally:
            for runs in self.runs:
                runs[-1].end()
        return self

    def values(self, index, word):
        """What a worker printed, of all its runs."""
        return {step: value for run in self.runs[index] for step, value in run.values(word).items()}


def content(path):
    reader = tf.train.load_checkpoint(str(path))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def test_two_workers_go_the_way_of_one_device_although_one_is_killed(tmp_path):
    alone = Process(tmp_path / "alone-output", [tmp_path / "alone", 20])
    assert alone.running.wait(LIMIT_SECS) == 0, alone.error[-3000:]
    cluster = Cluster(tmp_path / "output", [tmp_path / "two"] * 2, 20, first_of_the_last=["--die-at", 5]).finish()
    codes = [[run.code for run in runs] for runs in cluster.runs]
    errors = "\n".join(run.error[-3000:] for runs in cluster.runs for run in runs)
    assert [of_worker[-1] for of_worker in codes] == [0, 0], errors
    assert codes[1][0] == -9
    # The one that lived says what to do. It went on from a checkpoint, not from the start.
    assert "Another worker of the cluster is gone" in cluster.runs[0][0].error
    assert min(cluster.runs[0][-1].values("step")) in (5, 6)

    for word in ("step", "eval"):
        expected = alone.values(word)
        assert max(expected) == 8  # Stopped early.
        for index in (0, 1):
            found = cluster.values(index, word)
            assert found.keys() == expected.keys()
            np.testing.assert_allclose([found[s] for s in expected], list(expected.values()), rtol=0, atol=1e-5)
    # Of the last step but one, and of the last with the best weights.
    for name in ("model.ckpt-7", "model.ckpt-8"):
        found, expected = content(tmp_path / "two" / name), content(tmp_path / "alone" / name)
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            np.testing.assert_allclose(found[key], value, rtol=0, atol=1e-5, err_msg=key)
    # The chief alone writes.
    events = [path.name for folder in ("two", "two/eval") for path in (tmp_path / folder).glob("events.*")]
    chief = {str(run.running.pid) for run in cluster.runs[0]}
    assert events and {re.search(r"\.(\d+)\.(tf2|eval)\.\d+(\.v2)?$", name).group(1) for name in events} <= chief


@pytest.mark.slow
def test_a_loss_that_is_nan_in_one_worker_stops_both_and_is_not_saved(tmp_path):
    logdir = tmp_path / "two"
    cluster = Cluster(tmp_path / "output", [logdir] * 2, 20, "--nan-at", 3, restarts=0).finish()
    for (run,) in cluster.runs:
        assert run.code == 1 and "LossTensor is inf or nan" in run.error, run.error[-3000:]
        assert "Another worker" not in run.error
    assert content(logdir)["global_step"] == 2


@pytest.mark.slow
def test_workers_that_see_different_logdirs_are_told(tmp_path):
    shared, others = tmp_path / "chiefs", tmp_path / "others"
    first = Process(tmp_path / "output", [shared, 3])
    assert first.running.wait(LIMIT_SECS) == 0, first.error[-3000:]
    cluster = Cluster(tmp_path / "cluster", [shared, others], 8, restarts=0).finish()
    for (run,) in cluster.runs:
        assert run.code == 1 and "a directory that all workers see" in run.error, run.error[-3000:]
