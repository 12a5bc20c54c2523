"""What metrics say to labels out of range, shapes that do not fit, empty streams and missing data."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from slimshim import metrics

v1 = tf.compat.v1

pytestmark = pytest.mark.usefixtures("graph")

_DATA = ("labels", "predictions", "values", "boolean_labels", "scores", "top_k_predictions", "predictions_idx")
_OPTIONS = {
    "threshold": 0.5,
    "thresholds": [0.5],
    "k": 1,
    "dim": 0,
    "num_classes": 2,
    "score_range": [0.0, 1.0],
    "precision": 0.5,
    "target_recall": 0.5,
    "sensitivity": 0.5,
    "specificity": 0.5,
    "normalizer": [1.0],
}
_WITH_DATA = [name for name in metrics.__all__ if callable(getattr(metrics, name)) and not name.startswith("aggregate")]


def _options(metric):
    parameters = inspect.signature(metric).parameters
    return {name: value for name, value in _OPTIONS.items() if name in parameters}


def _run_update(metric, *args, **kwargs):
    _, update = metric(*args, **kwargs)
    with v1.Session() as session:
        session.run(v1.local_variables_initializer())
        return session.run(update)


@pytest.mark.parametrize("name", _WITH_DATA)
def test_missing_data_is_a_value_error_that_names_the_argument(name):
    metric = getattr(metrics, name)
    data = [parameter for parameter in inspect.signature(metric).parameters if parameter in _DATA]
    for missing in data:
        given = {argument: None if argument == missing else tf.zeros([1]) for argument in data}
        with pytest.raises(ValueError, match=missing):
            metric(**given, **_options(metric))


_PAIRED = [
    name
    for name in _WITH_DATA
    if {"labels", "predictions"} <= set(inspect.signature(getattr(metrics, name)).parameters)
    and "sparse" not in name
    and name not in ("streaming_recall_at_k", "accuracy", "precision_recall_at_equal_thresholds")
]


@pytest.mark.parametrize("name", _PAIRED)
def test_labels_and_predictions_of_two_shapes_are_a_value_error(name):
    metric = getattr(metrics, name)
    with pytest.raises(ValueError, match=r"Shapes? .*(in)?compatible|Dimensions must be equal"):
        metric(labels=tf.ones([3]), predictions=tf.ones([4]), **_options(metric))


def test_bucketed_precision_wants_bool_labels_of_the_predictions_shape():
    with pytest.raises(TypeError, match="labels: expected a tensor of type tf.bool"):
        metrics.precision_recall_at_equal_thresholds(tf.ones([3]), tf.ones([3]))
    with pytest.raises(ValueError, match="incompatible"):
        metrics.precision_recall_at_equal_thresholds(tf.constant([True]), tf.ones([3]))


@pytest.mark.parametrize(
    "name", ["streaming_mean", "count", "streaming_covariance", "f1_score", "streaming_dynamic_auc", "streaming_auc"]
)
def test_weights_that_do_not_broadcast_are_a_value_error(name):
    metric = getattr(metrics, name)
    data = {p: tf.ones([2, 3]) for p in inspect.signature(metric).parameters if p in _DATA}
    with pytest.raises(ValueError, match="can not be broadcast"):
        metric(**data, weights=tf.ones([2, 2]))


@pytest.mark.parametrize("shape", [[3, 1], [1, 3], [2]])
def test_weights_of_a_shape_known_in_the_session_alone_are_checked_there(shape):
    weights = v1.placeholder(tf.float32)
    _, update = metrics.count(tf.ones([2, 3]), weights=weights)
    with v1.Session() as session:
        session.run(v1.local_variables_initializer())
        fed = np.full(shape, 2.0)
        if shape == [3, 1]:
            with pytest.raises(tf.errors.InvalidArgumentError):
                session.run(update, {weights: fed})
        else:  # One dimension is missing or 1: the weights spread over the values.
            assert session.run(update, {weights: fed}) == 12.0


@pytest.mark.parametrize("labels", [[0, 2], [0, -1]])
def test_a_label_beyond_the_classes_fails_in_the_session(labels):
    guesses = tf.constant([0, 1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="`labels`"):
        _run_update(metrics.streaming_mean_iou, guesses, tf.constant(labels), num_classes=2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="`labels`"):
        _run_update(metrics.cohen_kappa, tf.constant(labels), guesses, num_classes=2)


@pytest.mark.parametrize("metric", [metrics.streaming_dynamic_auc, metrics.auc_with_confidence_intervals])
@pytest.mark.parametrize("label, said", [(2, "at least one is >1"), (-1, "at least one is <0")])
def test_an_auc_label_other_than_zero_and_one_fails_in_the_session(metric, label, said):
    labels = v1.placeholder_with_default([0, 1, label], [3])
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        _run_update(metric, labels, tf.constant([0.1, 0.2, 0.3]))


@pytest.mark.parametrize("metric", [metrics.f1_score, metrics.precision_recall_at_equal_thresholds])
@pytest.mark.parametrize("wrong", [1.5, -0.5])
def test_a_prediction_outside_of_zero_to_one_fails_in_the_session(metric, wrong):
    predictions = v1.placeholder_with_default([0.5, wrong], [2])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"predictions must be in \[0, 1\]"):
        _run_update(metric, labels=tf.constant([True, False]), predictions=predictions)


def test_a_prediction_that_rounding_put_beyond_one_counts_as_one():
    predictions = v1.placeholder_with_default([-1e-7, 1.000001], [2])
    labels = tf.constant([False, True])
    assert _run_update(metrics.f1_score, labels, predictions) == pytest.approx(1)
    data, update = metrics.precision_recall_at_equal_thresholds(labels, predictions, num_thresholds=3)
    with v1.Session() as session:
        session.run(v1.local_variables_initializer())
        session.run(update)
        assert session.run([data.tp, data.tn]) == [pytest.approx([1, 1, 1]), pytest.approx([0, 1, 1])]


def test_a_label_beyond_the_classes_is_a_miss_for_recall_at_k():
    scores = tf.constant([[0.9, 0.1], [0.9, 0.1]])
    assert _run_update(metrics.streaming_recall_at_k, scores, tf.constant([0, 7]), k=1) == 0.5
    assert _run_update(metrics.streaming_sparse_recall_at_k, scores, tf.constant([0, 7], tf.int64), k=1) == 0.5


@pytest.mark.parametrize(
    "metric",
    [
        metrics.streaming_sparse_recall_at_k,
        metrics.streaming_sparse_precision_at_k,
        metrics.streaming_sparse_average_precision_at_k,
    ],
)
def test_k_above_the_number_of_classes_is_a_value_error(metric):
    with pytest.raises(ValueError, match="k: expected at most the number of classes, 3. Received: k=4"):
        metric(tf.ones([2, 3]), tf.zeros([2, 1], tf.int64), k=4)


def test_average_precision_wants_to_know_k_and_labels_of_a_fitting_rank():
    labels = tf.zeros([2, 1], tf.int64)
    with pytest.raises(ValueError, match="top_k_predictions: expected a tensor whose last dimension, k, is known"):
        metrics.streaming_sparse_average_precision_at_top_k(v1.placeholder(tf.int64, [2, None]), labels)
    with pytest.raises(ValueError, match="labels: expected rank 2 or 1"):
        metrics.streaming_sparse_average_precision_at_top_k(tf.zeros([2, 3]), tf.zeros([1, 2, 1], tf.int64))


@pytest.mark.parametrize("curve_metric", [metrics.streaming_dynamic_auc, metrics.streaming_curve_points])
def test_an_unknown_curve_is_a_value_error(curve_metric):
    with pytest.raises(ValueError, match="curve must be either ROC or PR, LIFT unknown"):
        curve_metric(labels=tf.ones([2]), predictions=tf.ones([2]), curve="LIFT")


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_shares_outside_of_zero_to_one_are_a_value_error(share):
    data = dict(labels=tf.ones([2]), predictions=tf.ones([2]))
    with pytest.raises(ValueError, match="`precision`"):
        metrics.recall_at_precision(precision=share, **data)
    with pytest.raises(ValueError, match="`target_recall`"):
        metrics.precision_at_recall(target_recall=share, **data)
    with pytest.raises(ValueError, match="alpha"):
        metrics.auc_with_confidence_intervals(alpha=share, **data)


def test_accuracy_wants_labels_of_a_class_type_and_predictions_of_the_same():
    with pytest.raises(ValueError, match="labels: expected a bool, integer or string tensor"):
        metrics.accuracy(tf.ones([2]), tf.ones([2]))
    with pytest.raises(ValueError, match="predictions: expected a tensor of the labels' type, int32"):
        metrics.accuracy(tf.ones([2]), tf.ones([2], tf.int32))


def test_histogram_auc_wants_bool_labels_of_rank_one():
    with pytest.raises(ValueError, match="boolean_labels: expected a tensor of dtype bool"):
        metrics.auc_using_histogram(tf.ones([2]), tf.ones([2]), [0.0, 1.0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="should have rank 1"):
        labels = v1.placeholder_with_default([[True, False]], None)
        _run_update(metrics.auc_using_histogram, labels, v1.placeholder_with_default([[0.1, 0.2]], None), [0.0, 1.0])


def test_kappa_wants_two_classes_and_vectors():
    with pytest.raises(ValueError, match="num_classes"):
        metrics.cohen_kappa(tf.zeros([2]), tf.zeros([2]), num_classes=1)
    with pytest.raises(ValueError, match="labels: expected rank 1"):
        metrics.cohen_kappa(tf.zeros([2, 1, 1]), tf.zeros([2]), num_classes=2)


def test_aggregating_nothing_is_a_value_error():
    for aggregate, arguments in ((metrics.aggregate_metrics, ()), (metrics.aggregate_metric_map, ({},))):
        with pytest.raises(ValueError, match="at least one"):
            aggregate(*arguments)


# What each metric gives when no batch, or only empty batches, came.
_OF_NOTHING = {
    "streaming_mean": 0,
    "count": 0,
    "streaming_accuracy": 0,
    "streaming_precision": 0,
    "streaming_false_positive_rate": 0,
    "streaming_false_negative_rate": 0,
    "streaming_mean_squared_error": 0,
    "streaming_covariance": np.nan,
    "streaming_pearson_correlation": np.nan,
    "streaming_dynamic_auc": 0,
    "auc_with_confidence_intervals": [0, 0, 0],
    "f1_score": 0,
    "recall_at_precision": 0,
    "cohen_kappa": 0,
    "streaming_concat": [],
    "auc_using_histogram": np.nan,
}


@pytest.mark.parametrize("name", sorted(_OF_NOTHING))
@pytest.mark.parametrize("batches", [0, 2])
def test_an_empty_stream_has_a_value(name, batches):
    metric = getattr(metrics, name)
    of_labels = tf.bool if "boolean_labels" in inspect.signature(metric).parameters else tf.float32
    data = {
        p: v1.placeholder_with_default(tf.zeros([0], of_labels if "labels" in p else tf.float32), [None])
        for p in inspect.signature(metric).parameters
        if p in _DATA
    }
    value, update = metric(**data, **_options(metric))
    with v1.Session() as session:
        session.run(v1.local_variables_initializer())
        for _ in range(batches):
            session.run(update)
        np.testing.assert_array_equal(session.run(value), _OF_NOTHING[name])


def test_a_first_batch_without_weight_does_not_spoil_the_covariance():
    weights = v1.placeholder(tf.float32, [3])
    value, update = metrics.streaming_covariance(tf.constant([1.0, 2, 4]), tf.constant([2.0, 3, 9]), weights)
    with v1.Session() as session:
        session.run(v1.local_variables_initializer())
        session.run(update, {weights: [0, 0, 0]})
        session.run(update, {weights: [1, 1, 1]})
        np.testing.assert_allclose(session.run(value), np.cov([1, 2, 4], [2, 3, 9])[0, 1], rtol=1e-5)
