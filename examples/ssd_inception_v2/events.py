"""Reads scalars back from TensorBoard event files."""

import collections

from quiet import import_tensorflow


def scalars(folder):
    """Returns {tag: [(step, value)]} of every event file in `folder`, in the order of the steps."""
    tf = import_tensorflow()

    found = collections.defaultdict(dict)
    for path in sorted(folder.glob("events.out.tfevents.*"), key=lambda path: path.stat().st_mtime):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    found[value.tag][event.step] = value.simple_value
    return {tag: sorted(points.items()) for tag, points in found.items()}
