"""Penalties in every mode, and what is refused. Numbers of TF 1.15: see test_helper_goldens."""

import numpy as np
import pytest
import tensorflow as tf

from slimshim.layers import regularizers

v1 = tf.compat.v1
WEIGHTS = np.array([[1.0, -2.0], [3.0, -0.5]], "float32")
L1, HALF_SQUARES = np.abs(WEIGHTS).sum(), (WEIGHTS**2).sum() / 2


def test_penalties_are_sums_over_all_weights():
    assert regularizers.l1_regularizer(0.5)(tf.constant(WEIGHTS)).numpy() == pytest.approx(0.5 * L1)
    assert regularizers.l2_regularizer(0.5)(tf.Variable(WEIGHTS)).numpy() == pytest.approx(0.5 * HALF_SQUARES)
    both = regularizers.l1_l2_regularizer(0.5, 0.25)(tf.constant(WEIGHTS))
    assert both.numpy() == pytest.approx(0.5 * L1 + 0.25 * HALF_SQUARES)


def test_a_scale_may_be_a_tensor():
    scale = tf.constant(2.0)
    assert regularizers.l1_regularizer(scale)(tf.constant(WEIGHTS)).numpy() == pytest.approx(2 * L1)
    both = regularizers.l1_l2_regularizer(tf.constant(0.0), scale)(tf.constant(WEIGHTS))
    assert both.numpy() == pytest.approx(2 * HALF_SQUARES)


def test_a_scale_of_zero_is_no_penalty_at_all():
    for make in (regularizers.l1_regularizer, regularizers.l2_regularizer):
        assert make(0.0)(tf.constant(WEIGHTS)) is None
    assert regularizers.l1_l2_regularizer(0.0, 0.0)(tf.constant(WEIGHTS)) is None


MAKERS = {
    "l1": lambda scale: regularizers.l1_regularizer(scale),
    "l2": lambda scale: regularizers.l2_regularizer(scale),
    "l1 of both": lambda scale: regularizers.l1_l2_regularizer(scale, 0.1),
    "l2 of both": lambda scale: regularizers.l1_l2_regularizer(0.1, scale),
    "l2 after none": lambda scale: regularizers.l1_l2_regularizer(0.0, scale),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize(
    "scale, message", [(1, "a float, not an integer"), (0, "not an integer"), (-0.5, "at least 0.0")]
)
def test_integer_and_negative_scales_are_refused(make, scale, message):
    with pytest.raises(ValueError, match=message):
        make(scale)


def test_a_sum_skips_what_is_none():
    assert regularizers.sum_regularizer([]) is None
    assert regularizers.sum_regularizer([None]) is None
    nothing = regularizers.sum_regularizer([regularizers.l1_regularizer(0.0)])
    assert nothing(tf.constant(WEIGHTS)) is None


def test_keras_layers_take_slims_penalties():
    layer = tf.keras.layers.Dense(2, kernel_regularizer=regularizers.l2_regularizer(0.5), use_bias=False)
    layer.build([None, 2])
    layer.set_weights([WEIGHTS])
    assert [float(loss) for loss in layer.losses] == pytest.approx([0.5 * HALF_SQUARES])


@pytest.mark.parametrize("dtype", [tf.float16, tf.float64])
def test_a_penalty_has_the_dtype_of_its_weights(dtype):
    assert regularizers.l1_l2_regularizer(0.5, 0.5)(tf.cast(WEIGHTS, dtype)).dtype == dtype


def test_apply_takes_the_weights_collection_by_default_and_collects_the_sum(graph):
    with pytest.raises(ValueError, match="weights_list: expected at least one weight"):
        regularizers.apply_regularization(regularizers.l1_regularizer(1.0))
    v1.add_to_collection(v1.GraphKeys.WEIGHTS, tf.constant(WEIGHTS))
    v1.add_to_collection(v1.GraphKeys.WEIGHTS, tf.constant(WEIGHTS))
    total = regularizers.apply_regularization(regularizers.l1_regularizer(1.0))
    assert [item is total for item in v1.get_collection("regularization_losses")] == [True]
    with v1.Session() as session:
        assert session.run(total) == pytest.approx(2 * L1)


def test_apply_counts_none_as_zero_and_refuses_what_is_no_scalar(graph):
    weights = [tf.constant(WEIGHTS)]
    with v1.Session() as session:
        assert session.run(regularizers.apply_regularization(lambda _: None, weights)) == 0.0
    with pytest.raises(ValueError, match="regularizer: expected a function that returns a scalar"):
        regularizers.apply_regularization(tf.abs, weights)


def test_penalties_trace_into_functions():
    total = tf.function(lambda w: regularizers.l1_l2_regularizer(1.0, 1.0)(w))(tf.constant(WEIGHTS))
    assert total.numpy() == pytest.approx(L1 + HALF_SQUARES)
