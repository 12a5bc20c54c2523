"""Many metrics at once: their values here, their updates there."""

from __future__ import annotations

from .._checks import error_text

__all__ = ["aggregate_metric_map", "aggregate_metrics"]


def aggregate_metrics(*value_update_tuples):
    """Returns (values, updates), two lists, of any number of (value, update) pairs.

    Args:
      *value_update_tuples: what the streaming metrics returned, at least one pair.

    Raises:
      ValueError: if there is no pair.

    Source: `tf.contrib.metrics.aggregate_metrics`, TF 1.15.
    """
    _require_some("value_update_tuples", value_update_tuples)
    values, updates = zip(*value_update_tuples)
    return list(values), list(updates)


def aggregate_metric_map(names_to_tuples):
    """Returns (names to values, names to updates), two dicts, of a dict of (value, update) pairs.

    Args:
      names_to_tuples: a dict from a metric's name to what the streaming metric returned.

    Raises:
      ValueError: if there is no pair.

    Source: `tf.contrib.metrics.aggregate_metric_map`, TF 1.15.
    """
    _require_some("names_to_tuples", names_to_tuples)
    values, updates = zip(*names_to_tuples.values())
    return dict(zip(names_to_tuples, values)), dict(zip(names_to_tuples, updates))


def _require_some(argument, pairs):
    if not pairs:
        raise ValueError(error_text(argument, "at least one (value, update) pair", pairs))
