"""`export` as a user types it."""

import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import cli

PROGRAM = """
    import slimshim as slim

    def net(images, num_classes=2, is_training=True):
        with slim.arg_scope([slim.batch_norm], is_training=is_training):
            images = slim.conv2d(images, 4, 3, normalizer_fn=slim.batch_norm)
        return slim.fully_connected(slim.flatten(images), num_classes), {"conv": images}

    module = slim.Module(net)
"""
NET = ["models_to_export:net", "--set", "is_training=False"]
IMAGES = np.random.RandomState(0).rand(2, 4, 4, 3).astype("float32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exporting")
    (folder / "models_to_export.py").write_text(textwrap.dedent(PROGRAM))
    return folder


@pytest.fixture(autouse=True)
def here(folder, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def module(folder):
    sys.path.insert(0, str(folder))
    import models_to_export

    sys.path.remove(str(folder))
    module = slim.Module(models_to_export.net, is_training=False).build(tf.TensorSpec([None, 4, 4, 3]))
    tf.train.Checkpoint(model=module).write(str(folder / "ckpt"))
    return module


def export(*words):
    return cli.main(["export", *words])


def test_a_slim_function_and_a_checkpoint_become_a_saved_model(module, tmp_path, capsys):
    words = ["--input", "pictures=?,4,4,3", "--checkpoint", "ckpt", "--output", "output", "--output", "conv"]
    assert export(*NET, str(tmp_path / "saved"), *words) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'saved'}\n"
    found = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"](pictures=IMAGES)
    logits, end_points = module(IMAGES)
    np.testing.assert_allclose(found["output"], logits, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["conv"], end_points["conv"], rtol=1e-5, atol=1e-6)


def test_the_suffix_says_the_format(module, tmp_path, capsys):
    words = ["--input", "1,4,4,3", "--checkpoint", "ckpt"]
    assert export(*NET, str(tmp_path / "net.pb"), *words) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["  input images: images:0", "  output output: output:0"]
    np.save(tmp_path / "images.npy", IMAGES)
    integers = ["--quantize", "int8", "--representative", str(tmp_path / "images.npy")]
    assert export(*NET, str(tmp_path / "net.tflite"), *words, *integers) == 0
    assert (tmp_path / "net.tflite").read_bytes()[4:8] == b"TFL3"


@pytest.mark.skipif(not hasattr(tf.keras.layers.Layer, "build_from_config"), reason="this Keras has no .keras files")
def test_a_slim_function_becomes_a_keras_file_that_is_a_model_of_its_own(module, tmp_path):
    path = str(tmp_path / "net.keras")
    assert export(*NET, path, "--input", "?,4,4,3", "--checkpoint", "ckpt") == 0
    np.testing.assert_allclose(
        slim.keras_models.load_model(path).predict(IMAGES, verbose=0), module(IMAGES)[0], rtol=1e-5, atol=1e-6
    )
    assert export(path, str(tmp_path / "saved")) == 0


def test_a_checkpoint_that_does_not_fit_is_exit_code_1_with_the_table(module, tmp_path, capsys):
    words = ["--input", "1,4,4,3", "--checkpoint", "ckpt", "--rename", "^Conv/=Other/"]
    assert export(*NET, str(tmp_path / "saved"), *words) == 1
    assert "nearest: Other/weights" in capsys.readouterr().err and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([*NET, "out"], "Say what it takes with --input"),
        ([*NET, "models_to_export.py", "--input", "1,4,4,3"], "expected a path where nothing is yet"),
        ([*NET, "out.tflite", "--input", "1,4,4,3", "--quantize", "int8"], "representative_data: expected examples"),
        ([*NET, "out", "--input", "1,4,4,3", "--output", "con"], "Nearest: ['conv']"),
        (
            [*NET, "out", "--quantize", "int8", "--representative", "x.npy"],
            "--quantize goes with TFLite: let DESTINATION",
        ),
        ([*NET, "out.pb", "--representative", "x.npy"], "--representative goes with TFLite"),
        ([*NET, "out.tflite", "--representative", "x.npy"], "--representative goes with --quantize int8"),
        ([*NET, "out", "--io-dtype", "int8"], "--io-dtype goes with TFLite"),
        ([*NET, "out.tflite", "--io-dtype", "int8"], "--io-dtype goes with --quantize int8"),
        ([*NET, "out.tflite", "--format", "frozen", "--select-tf-ops"], "--select-tf-ops goes with TFLite"),
        ([*NET, "out.keras", "--output", "conv"], "--output goes with a SavedModel, TFLite or a frozen graph"),
        ([*NET, "out", "--rename", "a=b"], "--rename goes with --checkpoint"),
        ([*NET, "out", "--moving-averages"], "--moving-averages goes with --checkpoint"),
        (["models_to_export:nothing", "out"], "models_to_export has no 'nothing'"),
        (["models_to_export:module", "out", "--set", "is_training=False"], "--set is for functions"),
    ],
)
def test_wrong_lines_are_one_message_and_exit_code_2(folder, capsys, words, message):
    assert export(*words) == 2
    streams = capsys.readouterr()
    assert message in streams.err and "Traceback" not in streams.err
    assert not [file for file in folder.iterdir() if file.name.startswith(("out", ".out"))]
