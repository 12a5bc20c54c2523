"""Which detections are right: a plain count beside COCO's averages."""

import dataclasses

import numpy as np

OVERLAP = 0.5
"""A detection is right if it names a digit whose box it overlaps by this much (intersection over union)."""


@dataclasses.dataclass(frozen=True)
class Detections:
    """What was found on one canvas: boxes ([n, 4] pixels, best score first), digits ([n]), scores ([n])."""

    boxes: np.ndarray
    digits: np.ndarray
    scores: np.ndarray


@dataclasses.dataclass(frozen=True)
class Judgement:
    """Whether each detection is right ([n] bool) and whether each painted digit was found ([m] bool)."""

    right: np.ndarray
    found: np.ndarray


def judge(canvas, detections):
    """Returns the `Judgement`: each painted digit counts for the best-scored detection that names it, once."""
    right = np.zeros(len(detections.boxes), bool)
    found = np.zeros(len(canvas.boxes), bool)
    overlaps = overlap(detections.boxes, canvas.boxes)
    for index, digit in enumerate(detections.digits):
        fits = (overlaps[index] >= OVERLAP) & (canvas.digits == digit) & ~found
        if fits.any():
            right[index] = True
            found[np.argmax(np.where(fits, overlaps[index], -1))] = True
    return Judgement(right, found)


def overlap(boxes, others):
    """Returns intersection over union, [n, m], of two lists of boxes (top, left, bottom, right)."""
    first, second = boxes[:, None], others[None]
    corner = np.maximum(first[..., :2], second[..., :2])
    opposite = np.minimum(first[..., 2:], second[..., 2:])
    shared = np.clip(opposite - corner, 0, None).prod(-1)
    areas = (first[..., 2:] - first[..., :2]).prod(-1) + (second[..., 2:] - second[..., :2]).prod(-1)
    return shared / (areas - shared)
