"""Canvases: handwritten digits scattered over textured, noisy pictures.

The digits are the 1,797 real ones that scikit-learn ships (`load_digits`, 8 x 8 pixels, from the UCI
"Optical Recognition of Handwritten Digits" set). Here they are turned, scaled up and painted over a
background, and every painted digit gets the tight box around its ink.

Only NumPy, Pillow and scikit-learn are used: no TensorFlow.
"""

import dataclasses

import numpy as np
from PIL import Image

HELD_OUT_DIGITS = 397
"""So many digit images, the last of the set, are never seen in training."""

INK_LEVEL = 0.35
"""Ink lighter than this does not count when the box is drawn: it is the blur of scaling up."""


@dataclasses.dataclass(frozen=True)
class CanvasStyle:
    """What canvases look like; sizes in pixels, ranges inclusive."""

    size: int = 128
    digits: tuple = (3, 6)
    digit_pixels: tuple = (28, 52)
    turn_degrees: float = 12.0
    stretch: float = 0.15
    gap: int = 2
    noise: float = 9.0


@dataclasses.dataclass(frozen=True)
class Canvas:
    """A picture (uint8 [size, size, 3]), its boxes ([n, 4] pixels: top, left, bottom, right) and digits ([n])."""

    image: np.ndarray
    boxes: np.ndarray
    digits: np.ndarray


def load_digit_images():
    """Returns ((images, labels) for training, (images, labels) held out); images are float [n, 8, 8] in 0..1.

    The set is in the order of its writers, so that the last ones are mostly by other hands.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = (bunch.images / 16.0).astype(np.float32)
    labels = bunch.target.astype(np.int64)
    cut = len(images) - HELD_OUT_DIGITS
    return (images[:cut], labels[:cut]), (images[cut:], labels[cut:])


def draw_canvas(rng, images, labels, style):
    """Returns a new `Canvas` with digits picked, placed and painted by the generator `rng`."""
    picture = _background(rng, style)
    boxes, digits = [], []
    for _ in range(int(rng.integers(style.digits[0], style.digits[1] + 1))):
        which = int(rng.integers(len(images)))
        ink = _scaled_ink(rng, images[which], style)
        corner = _free_corner(rng, ink.shape, boxes, style)
        if corner is None:
            continue
        _paint(rng, picture, ink, corner)
        boxes.append(_box(ink.shape, corner))
        digits.append(labels[which])
    picture += rng.normal(0.0, style.noise, picture.shape)
    return Canvas(
        image=np.clip(picture, 0, 255).astype(np.uint8),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        digits=np.array(digits, np.int64),
    )


def _background(rng, style):
    """Returns float [size, size, 3]: a colour, clouds of two sizes over it, and sometimes stripes."""
    picture = np.empty((style.size, style.size, 3), np.float32)
    picture[:] = rng.uniform(60, 195, 3)
    for cells, strength in ((4, 30.0), (16, 14.0)):
        picture += strength * _clouds(rng, cells, style.size)
    if rng.random() < 0.5:
        picture += _stripes(rng, style.size)[..., None]
    return picture


def _clouds(rng, cells, size):
    """Returns smooth noise [size, size, 3] of about unit strength, `cells` bumps wide."""
    coarse = rng.normal(size=(3, cells, cells)).astype(np.float32)
    planes = [Image.fromarray(plane).resize((size, size), Image.BICUBIC) for plane in coarse]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)


def _stripes(rng, size):
    """Returns slanted waves [size, size], up to 18 grey levels strong."""
    slant = rng.uniform(0, np.pi)
    length = rng.uniform(8, 40)
    rows, columns = np.mgrid[:size, :size]
    along = rows * np.sin(slant) + columns * np.cos(slant)
    return rng.uniform(6, 18) * np.sin(2 * np.pi * along / length + rng.uniform(0, 2 * np.pi))


def _scaled_ink(rng, image, style):
    """Returns how much ink lies on each pixel (0..1), cut to the digit's tight box."""
    pixels = int(rng.integers(style.digit_pixels[0], style.digit_pixels[1] + 1))
    padded = np.pad(image, 2)
    height = round(pixels * padded.shape[0] / image.shape[0])
    width = round(height * rng.uniform(1 - style.stretch, 1 + style.stretch))
    large = Image.fromarray(padded).resize((width, height), Image.BICUBIC)
    turned = large.rotate(rng.uniform(-style.turn_degrees, style.turn_degrees), Image.BICUBIC)
    ink = np.clip(np.asarray(turned), 0, 1)
    rows = np.flatnonzero((ink > INK_LEVEL).any(axis=1))
    columns = np.flatnonzero((ink > INK_LEVEL).any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _free_corner(rng, shape, taken, style, tries=40):
    """Returns a (top, left) where a digit of this shape overlaps no taken box, or None if none was found."""
    height, width = shape
    for _ in range(tries):
        top = int(rng.integers(0, style.size - height + 1))
        left = int(rng.integers(0, style.size - width + 1))
        if not any(_overlap(_box(shape, (top, left)), other, style.gap) for other in taken):
            return top, left
    return None


def _overlap(box, other, gap):
    return box[0] < other[2] + gap and other[0] < box[2] + gap and box[1] < other[3] + gap and other[1] < box[3] + gap


def _box(shape, corner):
    return (corner[0], corner[1], corner[0] + shape[0], corner[1] + shape[1])


def _paint(rng, picture, ink, corner):
    """Paints the digit into `picture` in one colour, clearly darker or lighter than what it covers."""
    top, left, bottom, right = _box(ink.shape, corner)
    patch = picture[top:bottom, left:right]
    under = patch.mean()
    away = rng.uniform(70, 130)
    level = under - away if under - away > 0 and (under + away > 255 or rng.random() < 0.5) else under + away
    colour = level + rng.uniform(-30, 30, 3)
    patch += ink[..., None] * (colour - patch)
