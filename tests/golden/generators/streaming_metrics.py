"""Makes `streaming_metrics.json`: every metric of `tensorflow.contrib.metrics` over three batches.

To make it again: `python3 tests/golden/regenerate.py streaming_metrics`.
The test runs `measure` again with today's library. It uses names that TF 1.15 and TF 2 share.
"""

import numpy as np
import tensorflow as tf
from golden_files import plain, write_cases

v1 = tf.compat.v1

BATCHES, SIZE, CLASSES = 3, 8, 5
RANDOM = np.random.RandomState(42)


def _stream(draw):
    return [draw(batch) for batch in range(BATCHES)]


CLASS_SCORES = _stream(lambda _: RANDOM.rand(SIZE, CLASSES).astype("float32"))
LABELS = _stream(lambda _: RANDOM.rand(SIZE) > 0.4)
# Scores that say something about the labels; rounded, so that there are ties.
SCORES = _stream(lambda i: np.round(np.clip(0.3 * LABELS[i] + 0.7 * RANDOM.rand(SIZE), 0, 1), 1).astype("float32"))
GUESSES = [scores > 0.5 for scores in SCORES]
WEIGHTS = _stream(lambda _: RANDOM.choice([0.5, 1.0, 2.0, 3.25], SIZE).astype("float32"))
FLOATS = _stream(lambda _: RANDOM.randn(SIZE, 2).astype("float32"))
TARGETS = [0.7 * values + RANDOM.randn(SIZE, 2).astype("float32") for values in FLOATS]
NORMALIZERS = _stream(lambda _: RANDOM.choice([0.0, 1.0, 4.0], (SIZE, 2)).astype("float32"))
ROW_WEIGHTS = [weights[:, None] for weights in WEIGHTS]
CLASS_IDS = _stream(lambda _: RANDOM.randint(0, CLASSES, SIZE).astype("int64"))
CLASS_GUESSES = [np.where(RANDOM.rand(SIZE) > 0.4, ids, 0).astype("int64") for ids in CLASS_IDS]
TOP_3 = [np.argsort(-scores, axis=1)[:, :3].astype("int64") for scores in CLASS_SCORES]
LABEL_PAIRS = _stream(lambda _: np.stack([RANDOM.permutation(CLASSES)[:2] for _ in range(SIZE)]).astype("int64"))
WORDS = [np.array(["a", "b"]), np.array(["c"]), np.array(["d", "e", "f"])]


def _sparse(pairs):
    """Drops every third label: a SparseTensorValue with examples of 0, 1 and 2 labels."""
    keep = [index for index in np.ndindex(*pairs.shape) if sum(index) % 3]
    values = np.array([pairs[index] for index in keep], "int64")
    return v1.SparseTensorValue(np.array(keep, "int64"), values, np.array(pairs.shape, "int64"))


SPARSE_LABELS = [_sparse(pairs) for pairs in LABEL_PAIRS]

# name of the case: (metric, data as streams of batches, other arguments)
CASES = {}


def _add(metric, data, variant=None, **options):
    CASES[metric if variant is None else metric + "/" + variant] = (metric, data, options)


def _add_weighted(metric, data, weights=WEIGHTS, **options):
    _add(metric, data, **options)
    _add(metric, dict(data, weights=weights), "weighted", **options)


_BINARY = dict(predictions=GUESSES, labels=LABELS)
_SCORED = dict(predictions=SCORES, labels=LABELS)
_REGRESSION = dict(predictions=FLOATS, labels=TARGETS)
_CLASSES = dict(predictions=CLASS_GUESSES, labels=CLASS_IDS)
_LIMITS = [0.0, 0.25, 0.5, 0.8]

_add_weighted("streaming_mean", dict(values=FLOATS), ROW_WEIGHTS)
_add_weighted("streaming_mean_tensor", dict(values=FLOATS), ROW_WEIGHTS)
_add_weighted("streaming_percentage_less", dict(values=FLOATS), ROW_WEIGHTS, threshold=0.3)
_add_weighted("count", dict(values=FLOATS), ROW_WEIGHTS)
_add_weighted("streaming_accuracy", _CLASSES)
for _cell in ("true_positives", "true_negatives", "false_positives", "false_negatives"):
    _add_weighted("streaming_" + _cell, _BINARY)
    _add_weighted("streaming_" + _cell + "_at_thresholds", _SCORED, thresholds=_LIMITS)
for _rate in ("precision", "recall", "false_positive_rate", "false_negative_rate"):
    _add_weighted("streaming_" + _rate, _BINARY)
    _add_weighted("streaming_" + _rate + "_at_thresholds", _SCORED, thresholds=_LIMITS)
for _curve in ("ROC", "PR"):
    _add("streaming_auc", _SCORED, _curve, curve=_curve, num_thresholds=12)
    _add("streaming_curve_points", _SCORED, _curve, curve=_curve, num_thresholds=7)
    _add("streaming_dynamic_auc", _SCORED, _curve, curve=_curve)
    _add("streaming_dynamic_auc", dict(_SCORED, weights=WEIGHTS), _curve + "_weighted", curve=_curve)
_add("auc_with_confidence_intervals", _SCORED)
_add("auc_with_confidence_intervals", dict(_SCORED, weights=WEIGHTS), "weighted", alpha=0.8)
_add("auc_with_confidence_intervals", _SCORED, "plain", logit_transformation=False)
_add_weighted("precision_recall_at_equal_thresholds", _SCORED, num_thresholds=6)
_add("auc_using_histogram", dict(scores=SCORES, boolean_labels=LABELS), score_range=[0.0, 1.0], nbins=20)
_add_weighted("f1_score", _SCORED)
_add_weighted("streaming_specificity_at_sensitivity", _SCORED, sensitivity=0.7)
_add_weighted("streaming_sensitivity_at_specificity", _SCORED, specificity=0.6)
for _share in (0.0, 0.6, 1.0):
    _add("precision_at_recall", _SCORED, str(_share), target_recall=_share)
    _add("recall_at_precision", _SCORED, str(_share), precision=_share)
    _add("recall_at_precision", _SCORED, str(_share) + "_strict", precision=_share, strict_mode=True)
_add("precision_at_recall", dict(_SCORED, weights=WEIGHTS), "weighted", target_recall=0.6)
for _error in ("mean_absolute_error", "mean_squared_error", "root_mean_squared_error"):
    _add_weighted("streaming_" + _error, _REGRESSION, ROW_WEIGHTS)
_add_weighted("streaming_mean_relative_error", dict(_REGRESSION, normalizer=NORMALIZERS), ROW_WEIGHTS)
_add_weighted("streaming_mean_cosine_distance", _REGRESSION, ROW_WEIGHTS, dim=1)
_add_weighted("streaming_covariance", _REGRESSION, ROW_WEIGHTS)
_add_weighted("streaming_pearson_correlation", _REGRESSION, ROW_WEIGHTS)
_add_weighted("streaming_mean_iou", _CLASSES, num_classes=CLASSES)
_add_weighted("cohen_kappa", dict(predictions_idx=CLASS_GUESSES, labels=CLASS_IDS), num_classes=CLASSES)
_add_weighted("streaming_recall_at_k", dict(predictions=CLASS_SCORES, labels=CLASS_IDS), k=2)
for _labels, _kind in ((LABEL_PAIRS, "dense"), (SPARSE_LABELS, "sparse"), (CLASS_IDS, "single")):
    _scored, _ranked = dict(predictions=CLASS_SCORES, labels=_labels), dict(top_k_predictions=TOP_3, labels=_labels)
    _add("streaming_sparse_recall_at_k", _scored, _kind, k=2)
    _add("streaming_sparse_precision_at_k", _scored, _kind, k=2)
    _add("streaming_sparse_precision_at_k", dict(_scored, weights=WEIGHTS), _kind + "_weighted_class", k=3, class_id=1)
    _add("streaming_sparse_average_precision_at_k", _scored, _kind, k=3)
    _add("streaming_sparse_precision_at_top_k", _ranked, _kind)
    _add("sparse_recall_at_top_k", _ranked, _kind, class_id=2)
    _add("streaming_sparse_average_precision_at_top_k", _ranked, _kind)
_add("streaming_concat", dict(values=FLOATS))
_add("streaming_concat", dict(values=FLOATS), "axis_1", axis=1)
_add("streaming_concat", dict(values=FLOATS), "max_size", max_size=11)
_add("streaming_concat", dict(values=WORDS), "strings")


_WITHOUT_COLLECTIONS = {"auc_using_histogram", "precision_recall_at_equal_thresholds"} | {
    f"streaming_{cell}_at_thresholds"
    for cell in ("true_positives", "true_negatives", "false_positives", "false_negatives")
}


def _placeholder(argument, batches, fixed=True):
    first = batches[0]
    if isinstance(first, v1.SparseTensorValue):
        return v1.sparse_placeholder(tf.int64, [None, None], name=argument)
    dtype = tf.string if first.dtype.kind == "U" else first.dtype
    same = all(batch.shape == first.shape for batch in batches)
    if not fixed:
        return v1.placeholder(dtype, (None,) + first.shape[1:], name=argument)
    return v1.placeholder(dtype, first.shape if same else [None] * first.ndim, name=argument)


def _plain(result):
    """What a session returned, as something JSON holds."""
    if result is None or isinstance(result, (list, str)):
        return result
    if hasattr(result, "_asdict"):
        return {field: _plain(part) for field, part in result._asdict().items()}
    result = np.asarray(result)
    if result.dtype.kind == "O":
        return [word.decode() for word in result]
    return plain(result, 8)


def _no_rows(batch):
    """A batch of no rows, of the same kind."""
    if isinstance(batch, v1.SparseTensorValue):
        return v1.SparseTensorValue(np.zeros([0, 2], "int64"), np.zeros([0], "int64"), np.array([0, 2], "int64"))
    return batch[:0]


def _outcome(session, fetch, feed):
    """What a session returns, or the type of its error."""
    try:
        return _plain(session.run(fetch, feed))
    except tf.errors.OpError as error:
        return "raises " + type(error).__name__


def empty_stream(metrics, case):
    """Returns the values of a metric that has seen nothing, and after an update with a batch of no rows.

    Some metrics want to know the batch's size beforehand; they say only the former.
    """
    metric, data, options = CASES[case]
    fixed = metric == "streaming_mean_tensor" or "axis" in options
    with tf.Graph().as_default(), v1.Session() as session:
        inputs = {argument: _placeholder(argument, batches, fixed) for argument, batches in data.items()}
        value, update = getattr(metrics, metric)(**dict(inputs, **options))
        session.run(v1.local_variables_initializer())
        feed = {inputs[argument]: batches[0] if fixed else _no_rows(batches[0]) for argument, batches in data.items()}
        found = {"before": _outcome(session, value, feed)}
        if not fixed:
            found["update"], found["after"] = (_outcome(session, fetch, feed) for fetch in (update, value))
        return found


def measure(metrics, case):
    """Returns what the metric of a case makes in the graph, and its values after each batch."""
    metric, data, options = CASES[case]
    with tf.Graph().as_default(), v1.Session() as session:
        inputs = {argument: _placeholder(argument, batches) for argument, batches in data.items()}
        arguments = dict(inputs, **options)
        if metric not in _WITHOUT_COLLECTIONS:
            arguments.update(metrics_collections=["the values"], updates_collections=["the updates"])
        value, update = getattr(metrics, metric)(**arguments)
        in_collections = {
            "value": [item is value for item in v1.get_collection("the values")],
            "update": [item is update for item in v1.get_collection("the updates")],
        }
        session.run(v1.local_variables_initializer())
        steps = []
        for batch in range(BATCHES):
            feed = {inputs[argument]: batches[batch] for argument, batches in data.items()}
            steps.append({"update": _plain(session.run(update, feed)), "value": _plain(session.run(value, feed))})
        return {
            "variables": {
                v.name: [v.dtype.base_dtype.name] + list(session.run(tf.shape(v))) for v in v1.local_variables()
            },
            "metric_variables": sorted(v.name for v in v1.get_collection("metric_variables")),
            "names": {"value": getattr(value, "name", None), "update": getattr(update, "name", None)},
            "dtypes": [getattr(item, "dtype", None) and item.dtype.base_dtype.name for item in (value, update)],
            "in_collections": in_collections,
            "steps": steps,
            "empty": empty_stream(metrics, case),
        }


def _default(item):
    return item.tolist() if hasattr(item, "tolist") else str(item)


if __name__ == "__main__":
    from tensorflow.contrib import metrics

    write_cases("streaming_metrics.json", {case: measure(metrics, case) for case in CASES}, _default)
