"""Training on two workers, processes on this machine's loopback: the way of one, also after a kill."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys

import numpy as np
import tensorflow as tf

PROGRAM = pathlib.Path(__file__).parent / "worker_training_program.py"
LIMIT_SECS = 180


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def run(workers, logdir, last, die_at=None):
    """Runs the workers to their end; returns their exit codes and each one's losses by step."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(workers)]
    programs = []
    for index in range(workers):
        environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
        environment["TF_CONFIG"] = json.dumps(
            {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        )
        dies = [str(die_at)] if die_at is not None and index == workers - 1 else []
        command = [sys.executable, str(PROGRAM), str(logdir), str(last), *dies]
        programs.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
    try:
        if die_at is not None:
            programs[-1].wait(LIMIT_SECS)  # A cluster's manager would end the others, and start all anew.
            for program in programs[:-1]:
                program.kill()
        outputs = [program.communicate(timeout=LIMIT_SECS) for program in programs]
    finally:
        for program in programs:
            program.kill()
            program.wait()
    losses = [{int(s): float(v) for s, v in re.findall(r"step (\d+) (\S+)", out)} for out, _ in outputs]
    return [program.returncode for program in programs], losses, "".join(error[-3000:] for _, error in outputs)


def content(logdir):
    reader = tf.train.load_checkpoint(str(logdir))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def test_two_workers_go_the_way_of_one_and_go_on_after_a_kill(tmp_path):
    codes, (alone,), errors = run(1, tmp_path / "alone", 8)
    assert codes == [0], errors
    codes, losses, errors = run(2, tmp_path / "two", 8, die_at=4)
    assert codes[-1] == -9, errors
    before = losses[0]
    codes, losses, errors = run(2, tmp_path / "two", 8)
    assert codes == [0, 0], errors
    assert losses[0] == losses[1] and max(losses[0]) == 8
    # Every step is there, and those after the last checkpoint were taken again in the same way.
    together = {**before, **losses[0]}
    assert together.keys() == alone.keys() and min(losses[0]) > 1
    np.testing.assert_allclose([together[s] for s in alone], list(alone.values()), rtol=0, atol=1e-5)
    found, expected = content(tmp_path / "two"), content(tmp_path / "alone")
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-5, err_msg=name)
