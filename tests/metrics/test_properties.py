"""Metrics over random streams, against NumPy by the shortest definition."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from slimshim import metrics

v1 = tf.compat.v1

CLASSES, K = 4, 2

quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Stream:
    """One graph with a metric whose inputs are fed; each run starts from empty sums."""

    def __init__(self, metric, inputs, **options):
        with tf.Graph().as_default() as graph:
            self.inputs = {
                name: v1.placeholder(dtype, [None] + list(shape), name) for name, (dtype, shape) in inputs.items()
            }
            self.value, self.update = getattr(metrics, metric)(**self.inputs, **options)
            self.reset = v1.local_variables_initializer()
        self.session = v1.Session(graph=graph)

    def run(self, **batches):
        """Returns the value after all batches; each argument is a list of arrays."""
        self.session.run(self.reset)
        for batch in zip(*batches.values()):
            self.session.run(self.update, {self.inputs[name]: part for name, part in zip(batches, batch)})
        return self.session.run(self.value)


FLOAT, BOOL, INT, SCORE = (tf.float32, ()), (tf.bool, ()), (tf.int64, ()), (tf.float32, (CLASSES,))


@pytest.fixture(scope="module")
def stream():
    made = {}

    def get(metric, inputs, **options):
        key = repr((metric, inputs, options))
        if key not in made:
            made[key] = Stream(metric, inputs, **options)
        return made[key]

    yield get
    for item in made.values():
        item.session.close()


def _split(data, array):
    """Cuts an array into batches, empty ones among them."""
    cuts = data.draw(st.lists(st.integers(0, len(array)), max_size=3).map(sorted), label="cuts")
    return np.split(array, cuts)


def _draw_binary(data, least=1):
    count = data.draw(st.integers(least, 24))
    # Few distinct scores, none of them on a threshold, so that ties are common and edges are not.
    scores = data.draw(hnp.arrays("float32", count, elements=st.sampled_from([0.0625, 0.3125, 0.5625, 0.6875, 0.9375])))
    labels = data.draw(hnp.arrays("bool", count))
    weights = data.draw(hnp.arrays("float32", count, elements=st.sampled_from([0.5, 1.0, 2.0, 3.0])))
    return scores, labels, weights


def _draw_pairs(data):
    count = data.draw(st.integers(3, 24))
    numbers = st.floats(-8, 8, width=16)
    x, y = (data.draw(hnp.arrays("float32", count, elements=numbers)) for _ in range(2))
    weights = data.draw(hnp.arrays("float32", count, elements=st.integers(0, 3).map(float)))
    return x, y, weights


def _batches(data, **arrays):
    names, stacked = list(arrays), np.arange(len(next(iter(arrays.values()))))
    parts = _split(data, stacked)
    return {name: [arrays[name][part] for part in parts] for name in names}


def _ratio(part, whole):
    return part / whole if whole else 0.0


@quick
@given(st.data())
def test_mean_and_count_are_weighted_sums(stream, data):
    x, _, weights = _draw_pairs(data)
    batches = _batches(data, values=x, weights=weights)
    mean = stream("streaming_mean", {"values": FLOAT, "weights": FLOAT}).run(**batches)
    seen = stream("count", {"values": FLOAT, "weights": FLOAT}).run(**batches)
    np.testing.assert_allclose(mean, _ratio((x * weights).sum(), weights.sum()), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(seen, weights.sum())


@quick
@given(st.data())
def test_regression_errors_are_means_of_their_terms(stream, data):
    x, y, weights = _draw_pairs(data)
    batches = _batches(data, predictions=x, labels=y, weights=weights)
    inputs = dict.fromkeys(batches, FLOAT)
    absolute = _ratio((abs(x - y) * weights).sum(), weights.sum())
    squared = _ratio(((x - y) ** 2 * weights).sum(), weights.sum())
    for name, expected in (("absolute", absolute), ("squared", squared)):
        got = stream(f"streaming_mean_{name}_error", inputs).run(**batches)
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    got = stream("streaming_root_mean_squared_error", inputs).run(**batches)
    np.testing.assert_allclose(got, np.sqrt(squared), rtol=1e-4, atol=1e-5)


@quick
@given(st.data())
def test_covariance_is_numpys_however_the_stream_is_cut(stream, data):
    x, y, weights = _draw_pairs(data)
    batches = _batches(data, predictions=x, labels=y, weights=weights)
    got = stream("streaming_covariance", dict.fromkeys(batches, FLOAT)).run(**batches)
    if weights.sum() <= 1:
        assert np.isnan(got)
    else:
        expected = np.cov(x, y, fweights=weights.astype(int))[0, 1]
        np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-3)


@quick
@given(st.data())
def test_pearson_correlation_is_numpys_for_streams_that_vary(stream, data):
    x, y, _ = _draw_pairs(data)
    # A little noise, for correlation is not defined for constant streams.
    x, y = x + np.linspace(0, 1, len(x), dtype="f"), y + np.linspace(0, 1, len(y), dtype="f") ** 2
    batches = _batches(data, predictions=x, labels=y)
    if np.std(x) < 0.1 or np.std(y) < 0.1:
        return
    got = stream("streaming_pearson_correlation", dict.fromkeys(batches, FLOAT)).run(**batches)
    np.testing.assert_allclose(got, np.corrcoef(x, y)[0, 1], rtol=1e-3, atol=1e-3)


@quick
@given(st.data())
def test_rates_are_ratios_of_counted_cells(stream, data):
    scores, labels, weights = _draw_binary(data)
    guesses = scores > 0.5
    batches = _batches(data, predictions=guesses, labels=labels, weights=weights)
    inputs = {"predictions": BOOL, "labels": BOOL, "weights": FLOAT}
    tp, fp, fn, tn = (
        weights[(guesses == guess) & (labels == label)].sum()
        for guess, label in ((True, True), (True, False), (False, True), (False, False))
    )
    expected = {
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "false_positive_rate": _ratio(fp, fp + tn),
        "false_negative_rate": _ratio(fn, fn + tp),
    }
    for name, rate in expected.items():
        np.testing.assert_allclose(stream(f"streaming_{name}", inputs).run(**batches), rate, rtol=1e-5)


@quick
@given(st.data())
def test_cells_at_thresholds_count_what_lies_above(stream, data):
    scores, labels, weights = _draw_binary(data)
    thresholds = [0.0, 0.5, 0.75]
    batches = _batches(data, predictions=scores, labels=labels, weights=weights)
    inputs = {"predictions": FLOAT, "labels": BOOL, "weights": FLOAT}
    for cell, label, above in (
        ("true_positives", True, True),
        ("false_positives", False, True),
        ("true_negatives", False, False),
        ("false_negatives", True, False),
    ):
        expected = [weights[(labels == label) & ((scores > limit) == above)].sum() for limit in thresholds]
        got = stream(f"streaming_{cell}_at_thresholds", inputs, thresholds=thresholds).run(**batches)
        np.testing.assert_allclose(got, expected)


def _pair_auc(scores, labels, weights):
    """The share of (positive, negative) pairs that the scores put in order, half for ties."""
    win = (scores[:, None] > scores) + 0.5 * (scores[:, None] == scores)
    pairs = weights[:, None] * weights * (labels[:, None] & ~labels)
    return _ratio((win * pairs).sum(), pairs.sum())


@quick
@given(st.data())
def test_exact_auc_is_the_share_of_ordered_pairs(stream, data):
    scores, labels, weights = _draw_binary(data)
    batches = _batches(data, predictions=scores, labels=labels, weights=weights)
    inputs = {"predictions": FLOAT, "labels": BOOL, "weights": FLOAT}
    expected = _pair_auc(scores, labels, weights)
    got = stream("streaming_dynamic_auc", inputs).run(**batches)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-12)
    if weights.sum() >= 1:
        interval = stream("auc_with_confidence_intervals", inputs).run(**batches)
        np.testing.assert_allclose(interval.auc, expected, rtol=1e-5, atol=1e-6)


@quick
@given(st.data())
def test_histogram_auc_with_a_bin_for_each_score_is_the_exact_auc(stream, data):
    scores, labels, _ = _draw_binary(data)
    batches = _batches(data, scores=scores, boolean_labels=labels)
    metric = stream("auc_using_histogram", {"scores": FLOAT, "boolean_labels": BOOL}, score_range=[0.0, 1.0], nbins=16)
    got = metric.run(**batches)
    if labels.all() or not labels.any():
        assert np.isnan(got)
    else:
        np.testing.assert_allclose(got, _pair_auc(scores, labels, np.ones(len(scores))), rtol=1e-5, atol=1e-6)


@quick
@given(st.data())
def test_precision_recall_area_of_a_perfect_ranking_is_one(stream, data):
    scores, labels, weights = _draw_binary(data, least=2)
    scores = (scores + labels).astype("f")
    batches = _batches(data, predictions=scores, labels=labels, weights=weights)
    inputs = {"predictions": FLOAT, "labels": BOOL, "weights": FLOAT}
    got = stream("streaming_dynamic_auc", inputs, curve="PR").run(**batches)
    np.testing.assert_allclose(got, float(labels.any() and not labels.all()), rtol=1e-9)


@quick
@given(st.data())
def test_bucketed_precision_and_recall_count_from_each_threshold_up(stream, data):
    scores, labels, weights = _draw_binary(data)
    batches = _batches(data, predictions=scores, labels=labels, weights=weights)
    inputs = {"predictions": FLOAT, "labels": BOOL, "weights": FLOAT}
    got = stream("precision_recall_at_equal_thresholds", inputs, num_thresholds=5).run(**batches)
    tp = np.array([weights[labels & (scores >= limit)].sum() for limit in np.linspace(0, 1, 5)])
    fp = np.array([weights[~labels & (scores >= limit)].sum() for limit in np.linspace(0, 1, 5)])
    np.testing.assert_allclose(got.tp, tp)
    np.testing.assert_allclose(got.fp, fp)
    np.testing.assert_allclose(got.precision, tp / np.maximum(tp + fp, 1e-7), rtol=1e-5)
    np.testing.assert_allclose(got.recall, tp / np.maximum(weights[labels].sum(), 1e-7), rtol=1e-5)


@quick
@given(st.data())
def test_f1_is_the_best_over_all_cuts_between_scores(stream, data):
    scores, labels, weights = _draw_binary(data)
    batches = _batches(data, predictions=scores, labels=labels, weights=weights)
    got = stream("f1_score", {"predictions": FLOAT, "labels": BOOL, "weights": FLOAT}).run(**batches)
    positives = weights[labels].sum()
    cuts = [-1.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    best = max(
        _ratio(2 * weights[labels & (scores > cut)].sum(), positives + weights[scores > cut].sum()) for cut in cuts
    )
    np.testing.assert_allclose(got, best, rtol=1e-4, atol=1e-5)


def _draw_classes(data):
    count = data.draw(st.integers(1, 24))
    return tuple(data.draw(hnp.arrays("int64", count, elements=st.integers(0, CLASSES - 1))) for _ in range(2))


@quick
@given(st.data())
def test_kappa_and_iou_follow_from_the_confusion_matrix(stream, data):
    guesses, labels = _draw_classes(data)
    table = np.zeros((CLASSES, CLASSES))
    np.add.at(table, (labels, guesses), 1)
    total, by_chance = table.sum(), (table.sum(0) * table.sum(1)).sum() / table.sum()

    batches = _batches(data, predictions_idx=guesses, labels=labels)
    kappa = stream("cohen_kappa", dict.fromkeys(batches, INT), num_classes=CLASSES).run(**batches)
    np.testing.assert_allclose(kappa, _ratio(np.trace(table) - by_chance, total - by_chance), atol=1e-9)

    batches = _batches(data, predictions=guesses, labels=labels)
    iou = stream("streaming_mean_iou", dict.fromkeys(batches, INT), num_classes=CLASSES).run(**batches)
    union = table.sum(0) + table.sum(1) - np.diag(table)
    np.testing.assert_allclose(iou, (np.diag(table)[union > 0] / union[union > 0]).mean(), rtol=1e-5)


def _draw_rankings(data):
    count = data.draw(st.integers(1, 12))
    order = np.stack([data.draw(st.permutations(range(CLASSES))) for _ in range(count)])
    scores = np.argsort(order, axis=1)[:, ::-1].astype("float32")
    labels = data.draw(hnp.arrays("int64", count, elements=st.integers(0, CLASSES - 1)))
    ranked = np.argsort(-scores, axis=1)[:, :K]
    return scores, ranked.astype("int64"), labels


@quick
@given(st.data())
def test_top_k_metrics_look_for_the_label_in_the_ranking(stream, data):
    scores, ranked, labels = _draw_rankings(data)
    hits = ranked == labels[:, None]
    batches = _batches(data, predictions=scores, labels=labels)
    inputs = {"predictions": SCORE, "labels": INT}
    expected = {
        "streaming_recall_at_k": hits.any(1).mean(),
        "streaming_sparse_recall_at_k": hits.any(1).mean(),
        "streaming_sparse_precision_at_k": hits.mean(),
        # One label each, so the average precision is 1 / (the label's place), or 0.
        "streaming_sparse_average_precision_at_k": (hits / np.arange(1, K + 1)).sum(1).mean(),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(stream(name, inputs, k=K).run(**batches), value, rtol=1e-5)

    batches = _batches(data, top_k_predictions=ranked, labels=labels)
    inputs = {"top_k_predictions": (tf.int64, (K,)), "labels": INT}
    got = stream("streaming_sparse_average_precision_at_top_k", inputs).run(**batches)
    np.testing.assert_allclose(got, expected["streaming_sparse_average_precision_at_k"], rtol=1e-5)


@quick
@given(st.data())
def test_concat_gives_the_stream_back(stream, data):
    x, _, _ = _draw_pairs(data)
    batches = _batches(data, values=x)
    np.testing.assert_array_equal(stream("streaming_concat", {"values": FLOAT}).run(**batches), x)
    np.testing.assert_array_equal(stream("streaming_concat", {"values": FLOAT}, max_size=5).run(**batches), x[:5])
