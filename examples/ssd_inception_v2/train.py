"""Stage 2: trains with the API's own `object_detection.legacy.train`, and shows how it goes.

    python train.py --out DIR

Checkpoints and TensorBoard events go to DIR/train, the loss curve to DIR/pictures. Started again, it goes on
from the last checkpoint.
"""

import argparse
import pathlib
import re
import sys
import time

from events import scalars
from layout import Layout
from pictures import draw_loss
from program import run_program

STEP_LINE = re.compile(r"global step (\d+): loss = (\S+) \((\S+) sec/step\)")


def main(arguments=None):
    options = _parse(arguments)
    layout = Layout(options.out)
    progress = Progress(number_of_steps(layout.config))
    seconds = run_program(
        "object_detection.legacy.train",
        {"logtostderr": True, "train_dir": layout.train, "pipeline_config_path": layout.config},
        layout.train_log,
        on_line=progress.see,
        append=True,
        engine=options.engine,
    )
    progress.close()
    to_first_step = progress.seconds_to_first_step
    if to_first_step is None:
        print("all steps were done already: nothing to train")
    else:
        print(f"{seconds:.0f} s, of which {to_first_step:.0f} s to the first step; checkpoints -> {layout.train}")
    draw_loss(layout.loss_curve, step_losses(layout.train_log), scalars(layout.train))
    print(f"loss curve -> {layout.loss_curve}")


def number_of_steps(config):
    """Returns `num_steps` of the pipeline config at the path `config`."""
    return int(re.search(r"num_steps:\s*(\d+)", config.read_text()).group(1))


class Progress:
    """Shows step, loss, speed and the time left: one line redrawn on a terminal, else a line now and then.

    Attributes:
      seconds_to_first_step: what building the graph and its first step took, None before that.
    """

    def __init__(self, steps, every_seconds=15.0):
        self.seconds_to_first_step = None
        self._steps = steps
        self._every = 0.5 if sys.stdout.isatty() else every_seconds
        self._start = time.time()
        self._shown = self._start
        self._first = None

    def see(self, line):
        """Takes one line of the program's output."""
        found = STEP_LINE.search(line)
        now = time.time()
        if not found:
            if self._first is None and now - self._shown > self._every:
                self._show(f"building the graph, {now - self._start:.0f} s", now)
            return
        step, loss = int(found.group(1)), float(found.group(2))
        if self._first is None:
            self._first = (step, now)
            self.seconds_to_first_step = now - self._start
        elif step > self._first[0] and now - self._shown > self._every:
            self._show(self._text(step, loss, now), now)

    def close(self):
        """Leaves the redrawn line."""
        if sys.stdout.isatty():
            print(flush=True)

    def _text(self, step, loss, now):
        first_step, first_time = self._first
        per_step = (now - first_time) / (step - first_step)
        left = int(per_step * (self._steps - step))
        bar = "#" * round(24 * step / self._steps)
        return (
            f"[{bar:24}] step {step}/{self._steps}  loss {loss:.3f}  {per_step:.2f} s a step  "
            f"{left // 60}:{left % 60:02d} left"
        )

    def _show(self, text, now):
        self._shown = now
        if sys.stdout.isatty():
            print(f"\r{text}\033[K", end="", flush=True)
        else:
            print(text, flush=True)


def step_losses(log):
    """Returns [(step, loss)] of every step in the log, each once: TensorFlow and absl may both write the line."""
    losses = {}
    with log.open(errors="replace") as lines:
        for found in filter(None, map(STEP_LINE.search, lines)):
            losses[int(found.group(1))] = float(found.group(2))
    return sorted(losses.items())


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the whole demo run")
    parser.add_argument("--engine", choices=("session", "tape"), help="what takes the steps (default: a session)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
