"""Conversions between the formats: the values arrive, and each format's own reader reads them."""

import os
import subprocess

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import checkpoints

v1 = tf.compat.v1
KERAS_FILES = hasattr(tf.keras.layers.Layer, "build_from_config")
needs_keras_files = pytest.mark.skipif(not KERAS_FILES, reason="this Keras has no .keras files")
TO_KERAS = ["conv/weights=conv/kernel", "^conv/BatchNorm/=norm/", "logits/weights=logits/kernel", "biases=bias"]
TO_TF1 = ["conv/kernel=conv/weights", "^norm/=conv/BatchNorm/", "logits/kernel=logits/weights", "bias$=biases"]


def symbolic(nets):
    tf.keras.backend.clear_session()
    inputs = tf.keras.Input([8, 8, 3])
    return tf.keras.Model(inputs, nets.net(inputs))


def same_logits(nets, found):
    np.testing.assert_allclose(found, nets.logits, rtol=1e-5, atol=1e-5)


def test_tf1_to_objects_restores_into_a_module(nets, module, tmp_path):
    path = str(tmp_path / "objects" / "ckpt")
    conversion = checkpoints.convert(nets.tf1, path, "tf2", weights_only=True)
    assert sorted(conversion.matched) == sorted(nets.model_names)
    assert tf.train.latest_checkpoint(str(tmp_path / "objects")) == path
    tf.train.Checkpoint(model=module).restore(path).assert_consumed()
    same_logits(nets, module(nets.images))


def test_tf1_to_objects_as_the_root_itself(nets, module, tmp_path):
    checkpoints.convert(nets.tf1, tmp_path / "ckpt", "tf2", weights_only=True, root="")
    tf.train.Checkpoint(module).restore(str(tmp_path / "ckpt")).assert_consumed()
    same_logits(nets, module(nets.images))


def test_objects_of_a_module_to_tf1_and_a_saver_reads_it(nets, module, tmp_path):
    module.restore(nets.tf1)
    saved = tf.train.Checkpoint(model=module).save(str(tmp_path / "ckpt"))
    conversion = checkpoints.convert(saved, tmp_path / "model.ckpt", "tf1")
    assert sorted(conversion.matched.values()) == sorted(nets.model_names)
    with tf.Graph().as_default(), v1.Session() as session:
        logits = nets.net(tf.constant(nets.images))
        v1.train.Saver().restore(session, str(tmp_path / "model.ckpt"))
        same_logits(nets, session.run(logits))


def test_there_and_back_again_keeps_every_value_and_type(nets, tmp_path):
    checkpoints.convert(nets.tf1, tmp_path / "tf2", "tf2")
    checkpoints.convert(tmp_path / "tf2", tmp_path / "tf1", "tf1")
    found = checkpoints.read(tmp_path / "tf1")
    assert sorted(found) == sorted(nets.values)
    for name, value in nets.values.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_array_equal(found[name].load(), value)


def test_checkpoints_of_the_training_loop_keep_optimizer_and_step_under_tf1_names(tmp_path):
    inputs = np.random.RandomState(0).rand(8, 3).astype("float32")
    model = slim.Module(lambda x: slim.fully_connected(x, 1))
    optimizer = v1.train.AdamOptimizer(0.1)
    step = slim.learning.create_train_op(lambda: tf.reduce_mean(model(tf.constant(inputs)) ** 2), optimizer)
    slim.learning.train(step, str(tmp_path), number_of_steps=2)
    checkpoints.convert(tmp_path / "tf2" / "ckpt-2", tmp_path / "named", "tf1")
    by_loop, converted = checkpoints.read(tmp_path / "model.ckpt-2"), checkpoints.read(tmp_path / "named")
    assert "fully_connected/weights/Adam_1" in converted and converted["global_step"].load() == 2
    assert {name: value.load().tolist() for name, value in converted.items()} == {
        name: value.load().tolist() for name, value in by_loop.items()
    }
    # And back into a step of the same kind.
    checkpoints.convert(tmp_path / "named", tmp_path / "again", "tf2", model=step)
    assert sorted(checkpoints.read(tmp_path / "again")) == sorted(by_loop)


def test_tf1_to_a_symbolic_keras_model_needs_no_rules(nets, tmp_path):
    checkpoints.convert(nets.tf1, tmp_path / "m.weights.h5", model=symbolic(nets), weights_only=True)
    fresh = symbolic(nets)
    fresh.load_weights(str(tmp_path / "m.weights.h5"))
    same_logits(nets, fresh.predict(nets.images, verbose=0))


def test_tf1_to_keras_layers_by_rules_and_back(nets, keras_model, tmp_path):
    path = str(tmp_path / "m.weights.h5")
    checkpoints.convert(nets.tf1, path, model=keras_model, weights_only=True, rename=TO_KERAS)
    same_logits(nets, keras_model.predict(nets.images, verbose=0))
    checkpoints.convert(path, tmp_path / "back", "tf1", model=keras_model, rename=TO_TF1)
    found = checkpoints.read(tmp_path / "back")
    assert sorted(found) == sorted(nets.model_names)
    assert all((found[name].load() == nets.values[name]).all() for name in found)


@needs_keras_files
def test_a_keras_file_needs_no_model_as_a_source(nets, tmp_path):
    checkpoints.convert(nets.tf1, tmp_path / "m.keras", model=symbolic(nets), weights_only=True)
    same_logits(nets, slim.keras_models.load_model(tmp_path / "m.keras").predict(nets.images, verbose=0))
    checkpoints.convert(tmp_path / "m.keras", tmp_path / "tf1", "tf1")
    checkpoints.convert(tmp_path / "m.keras", tmp_path / "tf2", "tf2")
    for path in ("tf1", "tf2"):
        found = checkpoints.read(tmp_path / path)
        assert all((found[name].load() == nets.values[name]).all() for name in nets.model_names)


def test_an_h5_file_of_old_has_names_of_its_own(nets, keras_model, tmp_path):
    path = str(tmp_path / "whole.h5")
    checkpoints.restore(keras_model, nets.tf1, weights_only=True, rename=TO_KERAS)
    keras_model.save(path)
    checkpoints.convert(path, tmp_path / "tf1", "tf1", rename=TO_TF1)
    found = checkpoints.read(tmp_path / "tf1")
    assert all((found[name].load() == nets.values[name]).all() for name in nets.model_names)


def test_objects_of_a_keras_model_hold_all_its_weights(nets, tmp_path):
    checkpoints.convert(nets.tf1, tmp_path / "tf2", "tf2", model=symbolic(nets), weights_only=True)
    assert set(nets.model_names) <= set(checkpoints.read(tmp_path / "tf2"))
    fresh = symbolic(nets)
    variables = slim.keras_models.variables_by_name(fresh)
    tf.train.Checkpoint(model=fresh, variables=variables).restore(
        str(tmp_path / "tf2")
    ).assert_existing_objects_matched()
    same_logits(nets, fresh.predict(nets.images, verbose=0))
    checkpoints.convert(tmp_path / "tf2", tmp_path / "m.weights.h5", model=fresh)


def test_objects_to_keras_and_keras_to_objects(nets, module, keras_model, tmp_path):
    saved = tf.train.Checkpoint(model=module.restore(nets.tf1)).write(str(tmp_path / "tf2"))
    checkpoints.convert(saved, tmp_path / "m.weights.h5", model=keras_model, rename=TO_KERAS)
    same_logits(nets, keras_model.predict(nets.images, verbose=0))
    into = slim.Module(nets.net).build(tf.TensorSpec([None, 8, 8, 3]))
    checkpoints.convert(
        tmp_path / "m.weights.h5", tmp_path / "again", "tf2", model=into, source_model=keras_model, rename=TO_TF1
    )
    same_logits(nets, into(nets.images))


def test_a_saved_model_is_a_source(nets, module, tmp_path):
    module.restore(nets.tf1)
    tf.saved_model.save(module, str(tmp_path / "saved"))
    checkpoints.convert(tmp_path / "saved", tmp_path / "tf1", "tf1")
    assert sorted(checkpoints.read(tmp_path / "tf1")) == sorted(nets.model_names)


def test_moving_averages_take_the_place_of_weights(nets, tmp_path):
    conversion = checkpoints.convert(nets.tf1, tmp_path / "ckpt", "tf1", weights_only=True, moving_averages=True)
    assert conversion.matched["conv/weights/ExponentialMovingAverage"] == "conv/weights"
    found = checkpoints.read(tmp_path / "ckpt")
    assert sorted(found) == sorted(nets.model_names)
    np.testing.assert_array_equal(found["conv/weights"].load(), nets.values["conv/weights/ExponentialMovingAverage"])
    assert (found["conv/weights"].load() != nets.values["conv/weights"]).any()


def test_include_exclude_and_dtype(nets, tmp_path):
    conversion = checkpoints.convert(
        nets.tf1, tmp_path / "ckpt", "tf1", include=["^conv/", "step"], exclude="Momentum|Average", dtype="float16"
    )
    found = checkpoints.read(tmp_path / "ckpt")
    assert found["conv/weights"].dtype == tf.float16 and found["global_step"].dtype == tf.int64
    assert all(name.startswith("conv/") or name == "global_step" for name in found)
    assert {row.note for row in conversion.named("dropped")} == {"not included", "excluded"}
    np.testing.assert_allclose(found["conv/weights"].load(), nets.values["conv/weights"], rtol=1e-3, atol=1e-6)


def test_another_shape_of_one_size_is_taken_if_asked_for(tmp_path):
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable("fc/weights", initializer=np.arange(12.0).reshape(1, 1, 4, 3))
        session.run(v1.global_variables_initializer())
        path = v1.train.Saver().save(session, str(tmp_path / "conv_head"))
    wanted = {"fc/weights": tf.Variable(tf.zeros([4, 3]))}
    with pytest.raises(
        checkpoints.ConversionError, match=r"misshapen. the destination wants \(4, 3\); of the same size"
    ):
        checkpoints.restore(wanted, path)
    checkpoints.restore(wanted, path, reshape=True)
    np.testing.assert_array_equal(wanted["fc/weights"].numpy().ravel(), np.arange(12))


def test_restore_fills_a_module_from_any_format(nets, module, keras_model, tmp_path):
    checkpoints.restore(keras_model, nets.tf1, weights_only=True, rename=TO_KERAS)
    keras_model.save_weights(str(tmp_path / "m.weights.h5"))
    checkpoints.restore(module, tmp_path / "m.weights.h5", source_model=keras_model, rename=TO_TF1)
    same_logits(nets, module(nets.images))


def test_a_model_that_is_read_through_and_filled_keeps_what_was_excluded(nets, keras_model, tmp_path):
    path = str(tmp_path / "m.weights.h5")
    keras_model.save_weights(path)
    saved = [array.copy() for array in keras_model.get_weights()]
    keras_model.set_weights([array + 1 for array in saved])
    checkpoints.restore(keras_model, path, exclude=["^logits"], allow_missing=True)
    for variable, array in zip(keras_model.weights, saved):
        kept = (getattr(variable, "path", None) or variable.name).startswith("logits/")
        np.testing.assert_array_equal(variable.numpy(), array + 1 if kept else array)


def _unchanged(variables, call):
    before = [variable.numpy() for variable in variables]
    call()
    assert all((variable.numpy() == array).all() for variable, array in zip(variables, before))


def test_a_refused_restore_and_a_dry_run_change_no_model_that_is_read_through(nets, keras_model, tmp_path):
    path = str(tmp_path / "m.weights.h5")
    keras_model.save_weights(path)
    keras_model.set_weights([array + 1 for array in keras_model.get_weights()])

    def refused():
        with pytest.raises(checkpoints.ConversionError, match="logits/kernel: missing"):
            checkpoints.restore(keras_model, path, exclude=["^logits"])

    _unchanged(keras_model.weights, refused)

    def dry_run():
        checkpoints.convert(path, tmp_path / "out", "tf2", model=keras_model, dry_run=True)

    _unchanged(keras_model.weights, dry_run)
    _unchanged(keras_model.weights, lambda: checkpoints.convert(path, tmp_path / "tf1", "tf1", model=keras_model))
    now = slim.keras_models.variables_by_name(keras_model)["logits/bias"].numpy()
    np.testing.assert_array_equal(checkpoints.read(tmp_path / "tf1")["logits/bias"].load() + 1, now)


@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_a_file_that_fits_the_model_in_part_changes_nothing(keras_model, tmp_path):
    path = str(tmp_path / "m.weights.h5")
    inputs = tf.keras.Input([8, 8, 3])
    x = tf.keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv")(inputs)
    x = tf.keras.layers.ReLU()(tf.keras.layers.BatchNormalization(name="norm")(x))
    tf.keras.Model(inputs, tf.keras.layers.Dense(7, name="logits")(tf.keras.layers.Flatten()(x))).save_weights(path)

    def refused():
        with pytest.raises(ValueError):
            checkpoints.restore(keras_model, path)

    _unchanged(keras_model.weights, refused)


def test_reading_through_a_trained_model_leaves_its_optimizer_alone(keras_model, tmp_path):
    path = str(tmp_path / "m.weights.h5")
    keras_model.compile(tf.keras.optimizers.Adam(), "mse")
    images, labels = np.ones([2, 8, 8, 3], "float32"), np.ones([2, 5], "float32")
    keras_model.train_on_batch(images, labels)
    keras_model.save_weights(path)
    keras_model.train_on_batch(images, labels)
    variables = keras_model.optimizer.variables
    _unchanged(list(variables() if callable(variables) else variables), lambda: checkpoints.restore(keras_model, path))


def test_reading_objects_through_a_model_leaves_the_model_alone(nets, module, tmp_path):
    saved = tf.train.Checkpoint(model=module).write(str(tmp_path / "tf2"))
    stored = {v.name.split(":")[0]: v.numpy() for v in module.variables}
    module.restore(nets.tf1)
    read = []
    _unchanged(module.variables, lambda: read.append(checkpoints.read(saved, model=module)))
    assert all((read[0][name].load() == value).all() for name, value in stored.items())

    def convert():
        checkpoints.convert(saved, tmp_path / "tf1", "tf1", source_model=module)

    _unchanged(module.variables, convert)


def test_a_dict_or_a_function_renames_whole_names(nets, tmp_path):
    one = checkpoints.convert(nets.tf1, tmp_path / "a", "tf1", weights_only=True, rename={"conv/weights": "first"})
    assert one.matched["conv/weights"] == "first" and one.matched["logits/weights"] == "logits/weights"
    two = checkpoints.convert(nets.tf1, tmp_path / "b", "tf1", weights_only=True, rename=lambda name: "tower/" + name)
    assert set(two.matched.values()) == {"tower/" + name for name in nets.model_names}


def test_what_does_not_fit_is_shown_with_the_nearest_names_and_nothing_is_written(nets, keras_model, tmp_path):
    before = [array.copy() for array in keras_model.get_weights()]
    rules = [rule for rule in TO_KERAS if "biases" not in rule] + ["no_such=rule"]
    dry = checkpoints.convert(
        nets.tf1, tmp_path / "m.weights.h5", model=keras_model, weights_only=True, rename=rules, dry_run=True
    )
    assert dry.missing == ["logits/bias"] and dry.unused == ["logits/biases"] and not dry.ok
    assert "nearest: logits/biases" in str(dry) and "rule 'no_such=rule' changed no name" in str(dry)
    with pytest.raises(checkpoints.ConversionError, match="logits/bias: missing. nearest: logits/biases"):
        checkpoints.convert(nets.tf1, tmp_path / "m.weights.h5", model=keras_model, weights_only=True, rename=rules)
    assert not list(tmp_path.iterdir())
    assert all((a == b).all() for a, b in zip(before, keras_model.get_weights()))
    done = checkpoints.convert(
        nets.tf1, tmp_path / "m.weights.h5", model=keras_model, weights_only=True, rename=rules, allow_missing=True
    )
    assert done.ok and (tmp_path / "m.weights.h5").exists()


def test_two_values_under_one_name_are_an_error(nets, tmp_path):
    with pytest.raises(checkpoints.ConversionError, match="logits/weights -> one: clash"):
        checkpoints.convert(nets.tf1, tmp_path / "x", "tf1", weights_only=True, rename="^(conv|logits)/weights$=one")


def test_like_another_checkpoint(nets, tmp_path):
    checkpoints.convert(nets.tf1, tmp_path / "weights", "tf1", weights_only=True)
    checkpoints.convert(nets.tf1, tmp_path / "again", "tf1", like=tmp_path / "weights")
    assert sorted(checkpoints.read(tmp_path / "again")) == sorted(nets.model_names)
    with pytest.raises(checkpoints.ConversionError, match="conv/weights: missing"):
        checkpoints.convert(nets.tf1, tmp_path / "no", "tf1", like=tmp_path / "weights", rename="^conv/=tower/")


def test_nothing_is_overwritten_unasked(nets, tmp_path):
    path = tmp_path / "ckpt"
    checkpoints.convert(nets.tf1, path, "tf1")
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    for to in ("tf1", "tf2"):
        with pytest.raises(ValueError, match="destination: expected a path where nothing is yet"):
            checkpoints.convert(nets.tf1, path, to)
    assert files == {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    checkpoints.convert(nets.tf1, path, "tf2", weights_only=True, overwrite=True)
    assert sorted(checkpoints.read(path)) == sorted(nets.model_names)


def test_a_list_of_checkpoints_that_another_process_writes_meanwhile_is_no_error(nets, tmp_path, monkeypatch):
    state, exists = str(tmp_path / "checkpoint"), os.path.exists

    def before_the_other(path):
        if path != state:
            return exists(path)
        (tmp_path / "checkpoint").write_text('model_checkpoint_path: "other"\n')
        return False

    monkeypatch.setattr(os.path, "exists", before_the_other)
    assert checkpoints.convert(nets.tf1, tmp_path / "ckpt", "tf1").ok
    assert (tmp_path / "checkpoint").read_text() == 'model_checkpoint_path: "other"\n'


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(to="tf3"), "to: expected 'tf1', 'tf2' or 'keras'"),
        (dict(to=None), "may be left out for a .keras or .h5 file"),
        (dict(to="keras"), "destination: expected a path that ends in .keras"),
        (dict(to="tf1", rename="no equals sign"), "rename: expected 'regular expression=replacement'"),
        (dict(to="tf1", rename="(=x"), "rename: expected a regular expression"),
        (dict(to="tf1", rename=r"a=\1"), "rename: expected a replacement that fits"),
        (dict(to="tf1", include="("), "include: expected a regular expression"),
        (dict(to="tf1", include="no such name"), "No value is left to convert"),
        (dict(to="tf2", model={}), "model: expected a model with variables"),
        (dict(to="tf1", source="nowhere"), "cannot open nowhere as a checkpoint"),
        (dict(to="tf1", source="nowhere.keras"), "source: expected a file that is there"),
    ],
)
def test_wrong_arguments_are_clear_errors(nets, tmp_path, arguments, words):
    arguments = {"source": nets.tf1, "destination": tmp_path / "out", **arguments}
    with pytest.raises(ValueError, match=words):
        checkpoints.convert(**arguments)
    assert not list(tmp_path.iterdir())


def test_a_keras_destination_needs_a_keras_model(nets, module, tmp_path):
    with pytest.raises(ValueError, match="model: expected a Keras model to write"):
        checkpoints.convert(nets.tf1, tmp_path / "m.weights.h5")
    with pytest.raises(TypeError, match="model: expected a Keras model"):
        checkpoints.convert(nets.tf1, tmp_path / "m.weights.h5", model=module, weights_only=True)


@needs_keras_files  # Those before wrote names with the weights.
def test_weights_without_names_need_their_model(nets, keras_model, tmp_path):
    keras_model.save_weights(str(tmp_path / "m.weights.h5"))
    with pytest.raises(ValueError, match="model: expected a model, because"):
        checkpoints.convert(tmp_path / "m.weights.h5", tmp_path / "tf1", "tf1")


def test_another_object_than_the_one_that_was_saved_is_an_error(nets, module, tmp_path):
    saved = tf.train.Checkpoint(model=module).write(str(tmp_path / "tf2"))
    with pytest.raises(ValueError, match="source_model: expected an object like the one that was saved as 'model'"):
        checkpoints.read(saved, model=slim.Module(lambda: v1.get_variable("other", [2])).build())


@pytest.mark.skipif("SLIMSHIM_TF115_PYTHON" not in os.environ, reason="SLIMSHIM_TF115_PYTHON names no Python")
def test_tf_1_15_reads_what_is_written(nets, module, tmp_path):
    saved = tf.train.Checkpoint(model=module.restore(nets.tf1)).write(str(tmp_path / "tf2"))
    checkpoints.convert(saved, tmp_path / "model.ckpt", "tf1")
    np.save(tmp_path / "images.npy", nets.images)
    (tmp_path / "net.py").write_text(
        "import numpy as np, tensorflow as tf\n"
        "from tensorflow.contrib import slim\n"
        "def net(images, is_training=False):\n"
        "    with slim.arg_scope([slim.batch_norm], is_training=is_training, scale=True):\n"
        "        images = slim.conv2d(images, 4, 3, normalizer_fn=slim.batch_norm, scope='conv')\n"
        "    return slim.fully_connected(slim.flatten(images), 5, activation_fn=None, scope='logits')\n"
        "assert tf.__version__.startswith('1.15')\n"
        "logits = net(tf.constant(np.load('images.npy')))\n"
        "with tf.Session() as session:\n"
        "    tf.train.Saver().restore(session, tf.train.latest_checkpoint('.'))\n"
        "    np.save('logits.npy', session.run(logits))\n"
    )
    python = os.environ["SLIMSHIM_TF115_PYTHON"]
    # TensorFlow 2 sets TF2_BEHAVIOR, which TensorFlow 1.15 would follow.
    left_out = ("PYTHONPATH", "TF2_BEHAVIOR")
    environment = {key: value for key, value in os.environ.items() if key not in left_out}
    subprocess.run([python, "net.py"], cwd=tmp_path, check=True, env=environment, timeout=300)
    same_logits(nets, np.load(tmp_path / "logits.npy"))
