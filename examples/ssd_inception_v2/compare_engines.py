"""Trains the same steps with both engines, from equal weights and on equal data, and compares their losses.

    python compare_engines.py --out DIR

DIR holds what `make_input.py` made. A session takes a few steps; from its checkpoint each engine goes on, with
the records in their order, in a folder of its own. Fails if the losses differ by more than the tolerance.
"""

import argparse
import json
import re
import shutil
import sys

from layout import Layout
from program import run_program
from train import step_losses

FIRST_STEPS = 5
TOLERANCE = 1e-2
"""Relative. One step differs by rounding alone; each step's rounding is in the weights of the next."""


def main(arguments=None):
    options = _parse(arguments)
    layout = Layout(options.out)
    folder = layout.out / "engines"
    shutil.rmtree(folder, ignore_errors=True)
    _train(layout, folder, "start", FIRST_STEPS, "session")
    losses = {}
    for engine in ("session", "tape"):
        shutil.copytree(folder / "start", folder / engine)
        losses[engine] = _train(layout, folder, engine, FIRST_STEPS + options.steps, engine)
    pairs = [(step, loss, losses["tape"].get(step)) for step, loss in sorted(losses["session"].items())]
    if not pairs or any(tape is None for _, _, tape in pairs):
        sys.exit(f"the engines took other steps: {pairs}")
    differences = [abs(tape - session) / session for _, session, tape in pairs]
    report = {"losses": pairs, "first_difference": differences[0], "largest_difference": max(differences)}
    (folder / "comparison.json").write_text(json.dumps(report, indent=1) + "\n")
    print("step  session   tape      relative difference")
    for (step, session, tape), difference in zip(pairs, differences):
        print(f"{step:4}  {session:8.4f}  {tape:8.4f}  {difference:.1e}")
    if max(differences) > TOLERANCE:
        sys.exit(f"the losses differ by {max(differences):.1e}, more than {TOLERANCE:.0e}")


def _train(layout, folder, name, steps, engine):
    """Trains to `steps` in the folder called `name`; returns {step: loss} of this run."""
    folder.mkdir(parents=True, exist_ok=True)
    text = re.sub(r"num_steps: \d+", f"num_steps: {steps}", layout.config.read_text(), count=1)
    text = text.replace("shuffle: true", "shuffle: false")
    config, log = folder / f"{name}.config", folder / f"{name}.log"
    config.write_text(text)
    flags = {"logtostderr": True, "train_dir": folder / name, "pipeline_config_path": config}
    run_program("object_detection.legacy.train", flags, log, engine=engine)
    return dict(step_losses(log))


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="folder of the whole demo run")
    parser.add_argument("--steps", type=int, default=20, help="steps to compare")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
