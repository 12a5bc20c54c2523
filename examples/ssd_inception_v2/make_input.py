"""Stage 1: writes the canvases as TFRecords, the label map and the pipeline config.

    python make_input.py --out DIR [--steps N] [--train-canvases N] [--held-out-canvases N] [--seed N]

The digit images on the training canvases and on the held-out canvases are disjoint.
"""

import argparse
import pathlib
import string

import numpy as np

from canvases import CanvasStyle, draw_canvas, load_digit_images
from layout import Layout
from records import write_canvases

CONFIG_TEMPLATE = pathlib.Path(__file__).with_name("pipeline.config.template")


def main(arguments=None):
    options = _parse(arguments)
    layout = Layout(options.out)
    layout.input.mkdir(parents=True, exist_ok=True)
    style = CanvasStyle()
    training, held_out = load_digit_images()
    for path, (images, labels), total, seed in (
        (layout.train_records, training, options.train_canvases, options.seed),
        (layout.held_out_records, held_out, options.held_out_canvases, options.seed + 1),
    ):
        rng = np.random.default_rng(seed)
        canvases = (draw_canvas(rng, images, labels, style) for _ in range(total))
        digits = write_canvases(path, canvases, total)
        print(f"{total} canvases with {digits} digits, from {len(images)} digit images -> {path}", flush=True)
    layout.label_map.write_text(label_map_text())
    layout.config.write_text(config_text(layout, style, options.steps, options.held_out_canvases))
    print(f"pipeline config -> {layout.config}", flush=True)


def label_map_text():
    """Returns the label map: item ids count from 1, so that digit d is item d + 1."""
    return "".join(f'item {{ id: {digit + 1} name: "{digit}" }}\n' for digit in range(10))


def config_text(layout, style, steps, held_out_canvases):
    """Returns the pipeline config with the paths, the canvas size and the numbers of steps filled in."""
    return string.Template(CONFIG_TEMPLATE.read_text()).substitute(
        image_size=style.size,
        steps=steps,
        warmup_steps=steps // 15,
        held_out_canvases=held_out_canvases,
        train_records=layout.train_records.as_posix(),
        held_out_records=layout.held_out_records.as_posix(),
        label_map=layout.label_map.as_posix(),
    )


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the whole demo run")
    parser.add_argument("--steps", type=int, default=2000, help="training steps, written into the config")
    parser.add_argument("--train-canvases", type=int, default=6000)
    parser.add_argument("--held-out-canvases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
