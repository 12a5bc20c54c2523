"""The spread of what initializers draw, and what they take. Numbers of TF 1.15: see test_helper_goldens."""

import numpy as np
import pytest
import tensorflow as tf

from slimshim.layers import initializers

v1 = tf.compat.v1
SHAPE = [3, 5, 40, 60]
CONNECTIONS = {"FAN_IN": 3 * 5 * 40, "FAN_OUT": 3 * 5 * 60, "FAN_AVG": 3 * 5 * 50}


@pytest.mark.parametrize("mode", sorted(CONNECTIONS))
@pytest.mark.parametrize("uniform", [True, False])
def test_the_variance_is_the_factor_over_the_connections(mode, uniform):
    values = initializers.variance_scaling_initializer(1.5, mode, uniform, seed=1)(SHAPE).numpy()
    assert values.mean() == pytest.approx(0.0, abs=3e-3)
    assert values.var() == pytest.approx(1.5 / CONNECTIONS[mode], rel=0.03)
    limit = np.sqrt(3 * 1.5 / CONNECTIONS[mode]) if uniform else 2 * np.sqrt(1.3 * 1.5 / CONNECTIONS[mode])
    assert 0.97 * limit < np.abs(values).max() <= limit * (1 + 1e-6)


def test_xavier_is_variance_scaling_by_the_average():
    xavier = initializers.xavier_initializer(seed=4)(SHAPE)
    scaled = initializers.variance_scaling_initializer(1.0, "FAN_AVG", True, seed=4)(SHAPE)
    assert xavier.numpy().var() == pytest.approx(scaled.numpy().var(), rel=0.03)
    assert initializers.xavier_initializer_conv2d is initializers.xavier_initializer


def test_one_seed_gives_one_start(graph):
    draws = [initializers.xavier_initializer(seed=seed)([20]) for seed in (1, 1, 2)]
    with v1.Session() as session:
        first, same, other = session.run(draws)
    np.testing.assert_array_equal(first, same)
    assert np.abs(first - other).max() > 0.1


@pytest.mark.parametrize("dtype", [tf.float64, "float16", np.float32, tf.bfloat16], ids=str)
def test_the_dtype_is_the_callers_or_the_initializers(dtype):
    assert initializers.xavier_initializer(dtype=dtype)([2, 3]).dtype == tf.as_dtype(dtype)
    assert initializers.xavier_initializer()([2, 3], dtype=dtype).dtype == tf.as_dtype(dtype)


def test_dtypes_that_are_not_floating_are_refused():
    with pytest.raises(TypeError, match="non-floating point type"):
        initializers.variance_scaling_initializer(dtype=tf.int32)
    with pytest.raises(TypeError, match="dtype: expected a floating dtype"):
        initializers.xavier_initializer()([2], dtype=tf.int64)


def test_unknown_modes_and_shapes_are_refused():
    with pytest.raises(TypeError, match="mode: expected one of"):
        initializers.variance_scaling_initializer(mode="fan_in")
    with pytest.raises(ValueError, match="shape: expected a fully known shape"):
        initializers.xavier_initializer()([None, 3])


def test_keras_and_get_variable_take_the_function(graph):
    initializer = initializers.xavier_initializer()
    variable = v1.get_variable("w", [4, 2], initializer=initializer, partitioner=v1.fixed_size_partitioner(2))
    assert [part.shape.as_list() for part in variable] == [[2, 2], [2, 2]]
    layer = tf.keras.layers.Dense(3, kernel_initializer=initializer)
    layer.build([None, 5])
    assert tuple(layer.kernel.shape) == (5, 3)
