"""A step's timings as a Chrome trace (chrome://tracing, Perfetto)."""

from __future__ import annotations

import json


def chrome_trace(step_stats):
    """Returns the JSON text of `step_stats` (`tf.compat.v1.RunMetadata().step_stats`).

    Each device is a process, each row a lane of ops that do not overlap; times in microseconds.
    """
    events = []
    for process, device in enumerate(step_stats.dev_stats):
        events.append({"ph": "M", "name": "process_name", "pid": process, "args": {"name": device.device}})
        events.extend(_device_events(process, device.node_stats))
    return json.dumps({"traceEvents": events}, indent=2)


def _device_events(process, node_stats):
    lane_ends = []
    for node in sorted(node_stats, key=lambda node: node.all_start_micros):
        start, duration = node.all_start_micros, max(node.op_end_rel_micros, 1)
        yield {
            "ph": "X",
            "cat": "Op",
            "name": _op_type(node),
            "pid": process,
            "tid": _free_lane(lane_ends, start, start + duration),
            "ts": start,
            "dur": duration,
            "args": {"name": node.node_name, "label": node.timeline_label},
        }


def _op_type(node):
    """Returns `MatMul` from a label such as `logits/MatMul = MatMul(x, w)`."""
    _, found, call = node.timeline_label.partition(" = ")
    return call.partition("(")[0] if found else node.node_name


def _free_lane(lane_ends, start, end):
    """Returns the first lane that is free at `start`, and takes it until `end`."""
    for lane, busy_until in enumerate(lane_ends):
        if busy_until <= start:
            lane_ends[lane] = end
            return lane
    lane_ends.append(end)
    return len(lane_ends) - 1
