"""Models made of slim layers on Keras tensors: names, sharing, training, saving, precision."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim.keras_models import load_model, restore, variables_by_name
from slimshim.nets import resnet_v1

v1 = tf.compat.v1
keras = tf.keras

IMAGES = np.random.RandomState(0).uniform(-1, 1, [4, 8, 8, 3]).astype("float32")
KERAS_FILES = hasattr(keras.layers.Layer, "build_from_config")  # Before, there is no `.keras` format.


def classifier(images):
    with slim.arg_scope([slim.batch_norm, slim.dropout], is_training=None):
        net = slim.conv2d(
            images,
            4,
            3,
            weights_regularizer=slim.l2_regularizer(0.1),
            normalizer_fn=slim.batch_norm,
            activation_fn=tf.nn.relu6,
        )
        net = slim.max_pool2d(slim.conv2d(net, 4, [3, 3], stride=(1, 1)), 2)
        net = slim.dropout(slim.flatten(net), 0.5)
        return slim.softmax(slim.fully_connected(net, 5, activation_fn=None))


def model_of(net, shape=(8, 8, 3)):
    inputs = keras.Input(shape)
    return keras.Model(inputs, net(inputs))


def names_in_a_graph(net):
    with tf.Graph().as_default():
        net(tf.constant(IMAGES))
        return [variable.name.split(":")[0] for variable in v1.global_variables()]


def test_weights_have_tf1_names_in_every_model_that_is_built():
    expected = names_in_a_graph(classifier)
    for _ in range(2):
        assert sorted(variables_by_name(model_of(classifier))) == sorted(expected)


def test_two_models_share_no_weights():
    first, second = model_of(classifier), model_of(classifier)
    assert not {id(v) for v in variables_by_name(first).values()} & {id(v) for v in variables_by_name(second).values()}


def test_further_arguments_may_be_keras_tensors():
    images, weights = keras.Input([8, 8, 3]), keras.Input([])
    outputs = slim.batch_norm(images, batch_weights=weights, is_training=True)
    model = keras.Model([images, weights], outputs)
    first_two = np.array([1, 1, 0, 0], "float32")
    found = model([IMAGES, first_two]).numpy()
    chosen = IMAGES[:2]
    expected = (chosen - chosen.mean((0, 1, 2))) / np.sqrt(chosen.var((0, 1, 2)) + 0.001)
    np.testing.assert_allclose(found[:2], expected, rtol=1e-4, atol=1e-5)


def test_enclosing_scopes_are_part_of_the_names():
    def net(images):
        with v1.variable_scope("tower"):
            images = slim.conv2d(images, 2, 1)
            images = slim.conv2d(images, 2, 1)
            with v1.variable_scope("top"):
                return slim.repeat(images, 2, slim.conv2d, 2, 1, scope="block", biases_initializer=None)

    assert list(variables_by_name(model_of(net))) == [
        "tower/Conv/weights",
        "tower/Conv/biases",
        "tower/Conv_1/weights",
        "tower/Conv_1/biases",
        "tower/top/block/block_1/weights",
        "tower/top/block/block_2/weights",
    ]


def test_automatic_names_count_on_after_layers_that_are_not_slim():
    def net(images):
        return slim.conv2d(keras.layers.ReLU()(slim.conv2d(images, 2, 1)), 2, 1, biases_initializer=None)

    assert list(variables_by_name(model_of(net))) == ["Conv/weights", "Conv/biases", "Conv_1/weights"]


def test_a_scope_that_comes_again_shares_its_weights():
    def net(images):
        return slim.conv2d(slim.conv2d(images, 3, 3, scope="shared"), 3, 3, scope="shared", reuse=True)

    model = model_of(net)
    assert list(variables_by_name(model)) == ["shared/weights", "shared/biases"]
    assert len(model.trainable_weights) == 2
    with pytest.raises(ValueError, match="Trying to share variable shared/weights"):
        model_of(lambda images: slim.conv2d(net(images), 4, 3, scope="shared"))


def test_fit_moves_weights_and_moving_averages_and_predict_does_not():
    model = model_of(classifier)
    variables = variables_by_name(model)
    before = {name: variable.numpy() for name, variable in variables.items()}
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(IMAGES, np.ones([4, 5]), epochs=2, verbose=0).history["loss"]).all()
    assert all((variable.numpy() != before[name]).any() for name, variable in variables.items())
    before = {name: variable.numpy() for name, variable in variables.items()}
    np.testing.assert_array_equal(model.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0))
    for name, variable in variables.items():
        np.testing.assert_array_equal(variable.numpy(), before[name])


def test_is_training_as_a_bool_decides_whatever_keras_says():
    model = model_of(lambda images: slim.dropout(images, 0.5, is_training=True))
    assert (model(tf.ones([1, 8, 8, 3]), training=False).numpy() == 0).any()
    model = model_of(lambda images: slim.dropout(images, 0.5, is_training=False))
    assert (model(tf.ones([1, 8, 8, 3]), training=True).numpy() == 1).all()


def test_regularization_losses_are_the_models():
    model = model_of(classifier)
    weights = variables_by_name(model)["Conv/weights"]
    assert len(model.losses) == 1
    np.testing.assert_allclose(float(model.losses[0]), 0.1 * float(tf.nn.l2_loss(weights)), rtol=1e-6)
    weights.assign(weights * 2)
    np.testing.assert_allclose(float(model.losses[0]), 0.1 * float(tf.nn.l2_loss(weights)), rtol=1e-6)


@pytest.mark.skipif(not KERAS_FILES, reason="this Keras has no .keras files")
def test_a_saved_model_comes_back_whole(tmp_path):
    model = model_of(classifier)
    for variable in variables_by_name(model).values():
        variable.assign(tf.random.uniform(variable.shape, 0.5, 1))
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0))
    assert list(variables_by_name(again)) == list(variables_by_name(model))
    np.testing.assert_allclose([float(loss) for loss in again.losses], [float(loss) for loss in model.losses])
    assert len(again.trainable_weights) == len(model.trainable_weights)
    # Training goes on: dropout and batch norm follow Keras as before.
    again.compile("sgd", "mse")
    again.fit(IMAGES, np.ones([4, 5]), verbose=0)
    assert (again.predict(IMAGES, verbose=0) != model.predict(IMAGES, verbose=0)).any()


def test_a_function_that_cannot_be_saved_is_named(tmp_path):
    model = model_of(lambda images: slim.conv2d(images, 2, 1, activation_fn=lambda x: tf.maximum(x, 0.1)))
    with pytest.raises(ValueError, match="activation_fn: .*register_keras_serializable"):
        model.get_layer("Conv").get_config()


def test_weights_are_saved_and_loaded_alone(tmp_path):
    first, second = model_of(classifier), model_of(classifier)
    first.save_weights(str(tmp_path / "model.weights.h5"))
    second.load_weights(str(tmp_path / "model.weights.h5"))
    np.testing.assert_array_equal(first.predict(IMAGES, verbose=0), second.predict(IMAGES, verbose=0))


def checkpoint_of(net, path):
    with tf.Graph().as_default(), v1.Session() as session:
        net(tf.constant(IMAGES))
        session.run(v1.global_variables_initializer())
        values = {v.name.split(":")[0]: session.run(v) for v in v1.global_variables()}
        return v1.train.Saver().save(session, str(path / "model.ckpt")), values


def test_a_tf1_checkpoint_is_restored_by_name(tmp_path):
    checkpoint, values = checkpoint_of(classifier, tmp_path)
    model = model_of(classifier)
    assert restore(model, checkpoint) is model
    for name, variable in variables_by_name(model).items():
        np.testing.assert_array_equal(variable.numpy(), values[name])


def test_a_name_that_the_checkpoint_lacks_is_an_error_that_changes_nothing(tmp_path):
    checkpoint, _ = checkpoint_of(lambda images: slim.conv2d(images, 4, 3, scope="other"), tmp_path)
    model = model_of(lambda images: slim.conv2d(slim.conv2d(images, 4, 3, scope="other"), 4, 3, scope="missing"))
    before = variables_by_name(model)["other/weights"].numpy()
    with pytest.raises(tf.errors.NotFoundError, match="missing/weights"):
        restore(model, checkpoint)
    np.testing.assert_array_equal(variables_by_name(model)["other/weights"].numpy(), before)
    restore(model, checkpoint, ignore_missing=True)
    assert (variables_by_name(model)["other/weights"].numpy() != before).any()


def test_end_points_of_a_net_are_those_of_this_model():
    def net(images, num_classes=None):
        blocks = [resnet_v1.resnet_v1_block("block1", base_depth=2, num_units=2, stride=2)]
        return resnet_v1.resnet_v1(images, blocks, num_classes, scope="net")[1]

    with tf.Graph().as_default():
        expected = net(tf.zeros([1, 32, 32, 3]), 3)
    inputs = keras.Input([32, 32, 3])
    found = net(inputs, 3)
    assert list(found) == list(expected)
    assert [tuple(t.shape)[1:] for t in found.values()] == [tuple(t.shape)[1:] for t in expected.values()]
    assert keras.Model(inputs, found["net/block1"]).output_shape == (None, 4, 4, 8)
    # A second net under that name begins anew, while the first one is still there.
    assert "net/logits" in found and "net/logits" not in net(keras.Input([32, 32, 3]))


def test_a_normalizer_and_an_activation_of_the_users_own_may_make_variables():
    def scaled(net, init):
        return net * v1.get_variable("gain", [net.shape[-1]], initializer=v1.constant_initializer(init))

    def prelu(net):
        return tf.maximum(net, 0) + v1.get_variable("slope", [], initializer=v1.zeros_initializer()) * tf.minimum(
            net, 0
        )

    def net(images):
        return slim.conv2d(images, 4, 3, normalizer_fn=scaled, normalizer_params={"init": 2.0}, activation_fn=prelu)

    model = model_of(net)
    assert list(variables_by_name(model)) == ["Conv/weights", "Conv/gain", "Conv/slope"]
    weights = variables_by_name(model)["Conv/weights"]
    expected = tf.nn.relu(2 * tf.nn.conv2d(IMAGES, weights, 1, "SAME"))
    np.testing.assert_allclose(model(IMAGES).numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_mixed_precision_policy_computes_low_and_keeps_variables_in_float32(policy):
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(policy)
    try:
        model = model_of(lambda images: slim.conv2d(slim.conv2d(images, 4, 3), 4, 3, normalizer_fn=slim.batch_norm))
        assert {v.dtype for v in variables_by_name(model).values()} == {tf.float32}
        assert model(IMAGES).dtype.name == policy.replace("mixed_", "")
    finally:
        keras.mixed_precision.set_global_policy(before)
