"""Synchronized batch norm on two devices: the numbers of one device with the whole batch."""

import functools

import numpy as np
import pytest
import tensorflow as tf
import two_devices

import slimshim as slim

IMAGES = (3 + 2 * np.random.RandomState(0).randn(6, 3, 2, 4)).astype("float32")
WEIGHTS = np.array([1, 2, 0, 3, 1, 1], "float32")

CASES = {
    "fused": ({}, IMAGES),
    "fused, small epsilon": ({"epsilon": 1e-7}, IMAGES * 1e-3),
    "fused, in place": ({"updates_collections": None}, IMAGES),
    "fused rows": ({}, IMAGES[:, 0, 0]),
    "scaled": ({"scale": True, "activation_fn": tf.nn.relu}, IMAGES),
    "plain": ({"fused": False}, IMAGES),
    "NCHW": ({"data_format": "NCHW", "fused": False}, IMAGES),
    "volumes": ({}, IMAGES[:, :, :, None]),
    "renorm": ({"renorm": True}, IMAGES),
    "debiased": ({"zero_debias_moving_mean": True}, IMAGES),
    "weighted": ({"batch_weights": WEIGHTS}, IMAGES),
    "training as a tensor": ({"is_training": "tensor"}, IMAGES),
    "inference as a tensor": ({"is_training": "not"}, IMAGES),
}


@pytest.fixture(scope="module")
def strategy():
    return two_devices.mirrored()


def step_of(module, x, weights):
    kwargs = {} if weights is None else {"batch_weights": weights}
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = module(x, **kwargs)
        factors = tf.cast(tf.range(4 if x.shape[-1] == 4 else x.shape[-1]), tf.float32) + 1
        loss = tf.reduce_sum(tf.sin(outputs) * factors)
    return outputs, tape.gradient(loss, [x, *module.trainable_variables])


def module_of(kwargs, inputs, synchronized):
    kwargs = dict(kwargs)
    if kwargs.get("is_training") in ("tensor", "not"):
        flag = tf.Variable(kwargs["is_training"] == "tensor", trainable=False)
        kwargs["is_training"] = flag
    kwargs.pop("batch_weights", None)
    module = slim.Module(functools.partial(slim.batch_norm, decay=0.6, synchronized=synchronized, **kwargs))
    return module.build(tf.TensorSpec([None, *inputs.shape[1:]]))


def per_replica(strategy, parts):
    return strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(parts[context.replica_id_in_sync_group])
    )


@pytest.mark.parametrize("sizes", [(3, 3), (4, 2)], ids=["equal parts", "unequal parts"])
@pytest.mark.parametrize("case", CASES)
def test_synchronized_batch_norm_gives_the_numbers_of_one_device(strategy, case, sizes):
    kwargs, inputs = CASES[case]
    weights = kwargs.get("batch_weights")
    alone = module_of(kwargs, inputs, False)
    with strategy.scope():
        spread = module_of(kwargs, inputs, True)
    for ours, theirs in zip(spread.variables, alone.variables):
        ours.assign(theirs)
    inputs_of = per_replica(strategy, np.split(inputs, [sizes[0]]))
    weights_of = None if weights is None else per_replica(strategy, np.split(weights, [sizes[0]]))

    def in_replica(x, weights):
        outputs, (of_inputs, *of_parameters) = step_of(spread, x, weights)
        # Each replica's parameters got the gradient of its own part.
        return outputs, of_inputs, tf.distribute.get_replica_context().all_reduce("sum", of_parameters)

    run = tf.function(lambda x, weights: strategy.run(in_replica, (x, weights)))
    for _ in range(2):
        expected, (of_inputs, *of_parameters) = step_of(alone, tf.constant(inputs), weights)
        found = run(inputs_of, weights_of)
        local = strategy.experimental_local_results
        np.testing.assert_allclose(np.concatenate(local(found[0])), expected, rtol=1e-4, atol=2e-5)
        np.testing.assert_allclose(
            np.concatenate(local(found[1])), of_inputs, rtol=1e-4, atol=1e-4 * np.abs(of_inputs).max()
        )
        for ours, theirs in zip(found[2], of_parameters):
            np.testing.assert_allclose(local(ours)[0], theirs, rtol=1e-4, atol=1e-4)
        for ours, theirs in zip(spread.variables, alone.variables):
            for own in local(ours):
                np.testing.assert_allclose(own, theirs, rtol=1e-5, atol=1e-6, err_msg=theirs.name)


def test_replicas_that_are_not_synchronized_take_their_own_moments(strategy):
    module = slim.Module(slim.batch_norm)
    x = per_replica(strategy, np.split(IMAGES, 2))
    outputs = strategy.experimental_local_results(strategy.run(module, (x,)))
    for output in outputs:
        np.testing.assert_allclose(output.numpy().mean((0, 1, 2)), 0, atol=1e-5)
    outputs = strategy.run(slim.Module(functools.partial(slim.batch_norm, synchronized=True)), (x,))
    outputs = strategy.experimental_local_results(outputs)
    assert np.abs(outputs[0].numpy().mean((0, 1, 2))).max() > 1e-2
    np.testing.assert_allclose(np.concatenate(outputs).mean((0, 1, 2)), 0, atol=1e-5)


def test_low_precision_is_normalized_in_full_precision(strategy):
    module = slim.Module(functools.partial(slim.batch_norm, synchronized=True))
    halves = per_replica(strategy, np.split(100 + IMAGES, 2))
    outputs = strategy.run(lambda x: module(tf.cast(x, tf.float16)), (halves,))
    found = np.concatenate(strategy.experimental_local_results(outputs))
    assert found.dtype == np.float16
    expected = slim.Module(slim.batch_norm)(tf.cast(100 + IMAGES, tf.float16))
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-3)


def test_one_device_alone_needs_no_other(strategy):
    x = tf.constant(IMAGES)
    np.testing.assert_array_equal(
        slim.Module(functools.partial(slim.batch_norm, synchronized=True))(x), slim.Module(slim.batch_norm)(x)
    )
