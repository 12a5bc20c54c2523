"""Stage 5: finds digits on the held-out canvases with the exported graph, and draws what it found.

    python detect.py --out DIR

Needs nothing of the Object Detection API, nor slimshim: only the exported SavedModel and stock TensorFlow.
"""

import argparse
import json
import pathlib
import time

import numpy as np

from layout import Layout
from matching import Detections, judge
from pictures import draw_detections
from quiet import import_tensorflow
from records import read_canvases

SCORE = 0.5
"""Boxes with a lower score are neither drawn nor counted."""

BATCH = 20


def main(arguments=None):
    layout = Layout(_parse(arguments).out)
    canvases = read_canvases(layout.held_out_records)
    detector = load_detector(layout.saved_model)
    detector(np.stack([canvas.image for canvas in canvases[:BATCH]]))  # The first call is slow: it traces.
    start = time.time()
    detections = detect(detector, canvases)
    milliseconds = 1000 * (time.time() - start) / len(canvases)
    judgements = [judge(canvas, found) for canvas, found in zip(canvases, detections)]
    counts = count(judgements)
    print(
        f"{len(canvases)} held-out canvases, {milliseconds:.0f} ms each. Of {counts['painted']} digits {counts['found']} "
        f"are found and named right; of {counts['reported']} boxes with a score of {SCORE} or more {counts['right']} are right."
    )
    draw_detections(layout.detections, canvases, detections, judgements)
    layout.counts.write_text(json.dumps({**counts, "milliseconds_per_canvas": round(milliseconds, 1)}, indent=1))
    print(f"pictures -> {layout.detections}")


def load_detector(saved_model):
    """Returns a function: uint8 images [n, height, width, 3] in; the API's output names and their arrays out."""
    tf = import_tensorflow()

    loaded = tf.saved_model.load(str(saved_model))
    signature = loaded.signatures["serving_default"]

    def detector(images):
        return {name: value.numpy() for name, value in signature(tf.constant(images)).items()}

    detector.owner = loaded  # The signature does not keep the loaded object alive.
    return detector


def detect(detector, canvases):
    """Returns the `Detections` on each canvas, those with a score of `SCORE` or more."""
    detections = []
    for first in range(0, len(canvases), BATCH):
        images = np.stack([canvas.image for canvas in canvases[first : first + BATCH]])
        outputs = detector(images)
        for row in zip(outputs["detection_boxes"], outputs["detection_classes"], outputs["detection_scores"]):
            boxes, classes, scores = (values[row[2] >= SCORE] for values in row)
            detections.append(Detections(boxes * images.shape[1], classes.astype(np.int64) - 1, scores))
    return detections


def count(judgements):
    """Returns how many digits were painted and found, and how many boxes were reported and right."""
    return {
        "painted": sum(len(judgement.found) for judgement in judgements),
        "found": sum(int(judgement.found.sum()) for judgement in judgements),
        "reported": sum(len(judgement.right) for judgement in judgements),
        "right": sum(int(judgement.right.sum()) for judgement in judgements),
    }


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the whole demo run")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
