"""_engine.chrome_trace: step statistics as Chrome's trace events."""

import json

import tensorflow as tf

from slimshim._engine.chrome_trace import chrome_trace


def step_stats(*nodes):
    """Statistics of one device; a node is (name, label, start, duration)."""
    stats = tf.compat.v1.RunMetadata().step_stats
    device = stats.dev_stats.add(device="/device:CPU:0")
    for name, label, start, duration in nodes:
        device.node_stats.add(node_name=name, timeline_label=label, all_start_micros=start, op_end_rel_micros=duration)
    return stats


def test_overlapping_ops_stand_in_lanes_of_their_own_and_lanes_are_used_again():
    nodes = [("a", "a = MatMul(x, w)", 0, 10), ("b", "b = Relu(a)", 5, 10), ("c", "", 10, 5), ("d", "", 20, 0)]
    events = json.loads(chrome_trace(step_stats(*nodes)))["traceEvents"]
    assert events[0] == {"ph": "M", "name": "process_name", "pid": 0, "args": {"name": "/device:CPU:0"}}
    rows = [(event["args"]["name"], event["name"], event["tid"], event["ts"], event["dur"]) for event in events[1:]]
    assert rows == [
        ("a", "MatMul", 0, 0, 10),
        ("b", "Relu", 1, 5, 10),
        ("c", "c", 0, 10, 5),
        ("d", "d", 0, 20, 1),
    ]


def test_no_statistics_give_an_empty_trace():
    assert json.loads(chrome_trace(tf.compat.v1.RunMetadata().step_stats)) == {"traceEvents": []}
