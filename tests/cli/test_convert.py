"""`convert` as a user types it: exit codes, tables, and what a kill leaves."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import checkpoints, cli

v1 = tf.compat.v1
ENVIRONMENT = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(slim.__file__)))
PROGRAM = """
    import tensorflow as tf
    import slimshim as slim

    def net(images, num_classes=2, is_training=True):
        with slim.arg_scope([slim.batch_norm], is_training=is_training):
            images = slim.conv2d(images, 4, 3, normalizer_fn=slim.batch_norm)
        return slim.fully_connected(slim.flatten(images), num_classes), {"images": images}

    def scope():
        with slim.arg_scope([slim.conv2d], padding="VALID") as scope:
            return scope

    def module(num_classes=2):
        return slim.Module(net, num_classes=num_classes).build(tf.TensorSpec([1, 4, 4, 3]))

    def keras_model():
        inputs = tf.keras.Input([4, 4, 3])
        return tf.keras.Model(inputs, net(inputs, is_training=None)[0])

    built = slim.Module(net)
    number = 3
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("converting")
    (folder / "models_to_convert.py").write_text(textwrap.dedent(PROGRAM))
    (folder / "needs_another.py").write_text("import no_such_dependency")
    with tf.Graph().as_default(), v1.Session() as session:
        slim.batch_norm(
            slim.conv2d(tf.zeros([1, 4, 4, 3]), 4, 3, biases_initializer=None, scope="Conv"), scope="Conv/BatchNorm"
        )
        slim.fully_connected(tf.zeros([1, 64]), 2)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(folder / "model.ckpt"), write_meta_graph=False)
    return folder


@pytest.fixture(autouse=True)
def here(folder, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.chdir(folder)


def convert(*words):
    return cli.main(["convert", *words])


def test_the_table_is_printed_and_the_exit_code_is_0(capsys, folder, tmp_path):
    assert convert("model.ckpt", str(tmp_path / "out"), "--to", "tf2", "--exclude", "biases") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["matched", "Conv/BatchNorm/beta"]
    assert any(line.split()[0] == "dropped" and line.endswith("excluded") for line in lines)
    assert lines[-1].endswith(": 1 dropped, 5 matched")
    assert sorted(checkpoints.read(tmp_path / "out"))[-1] == "fully_connected/weights"


def test_quiet_prints_one_line(capsys, folder, tmp_path):
    assert convert("model.ckpt", str(tmp_path / "out"), "--to", "tf1", "--quiet") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("rules", [["--rename", "^Conv/=Wrong/"], []])
def test_a_dry_run_writes_nothing_and_says_by_its_exit_code_whether_it_fits(capsys, folder, tmp_path, rules):
    words = ["model.ckpt", str(tmp_path / "out"), "--to", "tf2", "--model", "models_to_convert:module", "--dry-run"]
    assert convert(*words, *rules) == (1 if rules else 0)
    out = capsys.readouterr().out
    assert "dry run: nothing was written" in out and not list(tmp_path.iterdir())
    assert ("nearest: Wrong/weights" in out) == bool(rules)


def test_values_that_do_not_fit_are_exit_code_1_with_the_table(capsys, folder, tmp_path):
    words = ["model.ckpt", str(tmp_path / "out"), "--to", "tf2", "--model", "models_to_convert:module"]
    assert convert(*words, "--set", "num_classes=7") == 1
    errors = capsys.readouterr().err
    assert "misshapen  fully_connected/biases" in errors and "the destination wants (7,)" in errors
    assert "nothing was written" in errors and not list(tmp_path.iterdir())


def test_a_rules_file_and_a_slim_function_as_keras_model(folder, tmp_path):
    (tmp_path / "rules").write_text("# to other names and back\n^Conv/=First/\n\n^First/=Conv/\n")
    words = ["--model", "models_to_convert:net", "--input", "?,4,4,3", "--set", "is_training=None"]
    out = str(tmp_path / "m.weights.h5")
    assert convert("model.ckpt", out, *words, "--rules", str(tmp_path / "rules"), "--quiet") == 0
    import models_to_convert

    model = models_to_convert.keras_model()
    model.load_weights(out)
    expected = checkpoints.read("model.ckpt")
    for name, variable in slim.keras_models.variables_by_name(model).items():
        np.testing.assert_array_equal(variable.numpy(), expected[name].load())


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".hdf5"])
def test_each_suffix_of_keras_makes_a_slim_function_a_keras_model(folder, tmp_path, monkeypatch, suffix):
    asked = []
    monkeypatch.setattr(checkpoints, "convert", lambda *paths, model, source_model, **more: asked.append(model))
    words = ["--model", "models_to_convert:net", "--input", "?,4,4,3", "--set", "is_training=None", "--quiet"]
    with contextlib.suppress(AttributeError):  # The replaced function returns no conversion.
        convert("model.ckpt", str(tmp_path / f"m{suffix}"), *words)
    assert isinstance(asked[0], tf.keras.Model)


def test_a_module_without_variables_is_built_within_an_arg_scope(folder, tmp_path, capsys):
    words = ["model.ckpt", str(tmp_path / "out"), "--to", "tf2", "--input", "1,4,4,3"]
    assert convert(*words, "--model", "models_to_convert:built", "--quiet") == 0
    # A valid convolution leaves 2x2 pixels, and other weights for the fully connected layer.
    words[1] = str(tmp_path / "other")
    assert convert(*words, "--model", "models_to_convert:net", "--arg-scope", "models_to_convert:scope") == 1
    assert "the destination wants (16, 2)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "out", "--to", "tf1"], "cannot open nowhere as a checkpoint"),
        (["model.ckpt", "model.ckpt", "--to", "tf2"], "destination: expected a path where nothing is yet"),
        (["model.ckpt", "out"], "to: expected"),
        (["model.ckpt", "out.weights.h5"], "model: expected a Keras model to write"),
        (["model.ckpt", "out", "--to", "tf2", "--model", "no_module_like_this:x"], "there is no module named"),
        (["model.ckpt", "out", "--to", "tf2", "--model", "needs_another:net"], "No module named 'no_such_dependency'"),
        (["model.ckpt", "out", "--to", "tf2", "--model", "models_to_convert:x"], "models_to_convert has no 'x'"),
        (["model.ckpt", "out", "--to", "tf2", "--model", "models_to_convert:number"], "is no model: a int"),
        (["model.ckpt", "out", "--to", "tf2", "--model", "models_to_convert"], "expected PACKAGE.MODULE:NAME"),
        (["model.ckpt", "out", "--to", "tf2", "--model", "models_to_convert:net"], "Say what it takes with --input"),
        (["model.ckpt", "out", "--to", "tf2", "--model", "models_to_convert:net", "--input", "a"], "expected sizes"),
        (["model.ckpt", "out", "--to", "tf1", "--rules", "no_file"], "No such file"),
        (["model.ckpt", "out", "--to", "tf2", "--model", "models_to_convert:module", "--set", "x"], "NAME=VALUE"),
    ],
)
def test_wrong_lines_are_one_message_and_exit_code_2(capsys, folder, words, message):
    assert convert(*words) == 2
    streams = capsys.readouterr()
    assert message in streams.err and "Traceback" not in streams.err
    assert not (folder / "out").exists() and not (folder / "out.index").exists()


SLOW_WRITER = """
    import sys, time
    import tensorflow as tf
    from slimshim.cli import main
    save = tf.raw_ops.SaveV2
    def slow(prefix, **arguments):
        save(prefix=prefix, **arguments)
        print("half-way", flush=True)
        time.sleep(60)
    tf.raw_ops.SaveV2 = slow
    sys.exit(main(["convert", "model.ckpt", sys.argv[1], "--to", "tf1", "--quiet"]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_kill_before_the_end_leaves_no_checkpoint(folder, tmp_path, number):
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SLOW_WRITER), str(tmp_path / "ckpt")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=ENVIRONMENT,
    )
    assert writer.stdout.readline() == "half-way\n"
    time.sleep(0.1)
    writer.send_signal(number)
    code = writer.wait(timeout=60)
    assert code == (128 + signal.SIGTERM if number == signal.SIGTERM else -signal.SIGKILL)
    left = [file.name for file in tmp_path.iterdir()]
    assert len(left) == (0 if number == signal.SIGTERM else 1)
    assert all(name.startswith(f".ckpt.partial-{writer.pid}-") for name in left)
    assert convert("model.ckpt", str(tmp_path / "ckpt"), "--to", "tf1", "--quiet") == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["checkpoint", "ckpt.data-00000-of-00001", "ckpt.index"]
