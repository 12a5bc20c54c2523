"""Trains the same steps with both engines, from equal weights and on equal data, and compares them.

    python compare_engines.py --out DIR [--steps N] [--threads N]

DIR holds what `make_input.py` made. A session trains from new weights. A tape goes on from the checkpoint that the
session wrote before its first step. Both read the records in their order. Compared are each step's loss, and
then all variables in the two last checkpoints, Adam's too. Losses that differ by more than the tolerance make
the program fail. The figures go to DIR/engines/comparison.json.

With one thread, which is the default here, every sum has one order, and rounding is no excuse for a difference.
"""

import argparse
import json
import pathlib
import re
import shutil
import sys

import numpy as np

from layout import Layout
from program import run_program
from quiet import import_tensorflow

PROGRAM = pathlib.Path(__file__).resolve().with_name("recorded_training.py")
TOLERANCE = 1e-6
"""Relative: some units in the last place of a float32. Measured is 0."""


def main(arguments=None):
    options = _parse(arguments)
    layout = Layout(options.out)
    folder = layout.out / "engines"
    shutil.rmtree(folder, ignore_errors=True)
    session, tape = folder / "session", folder / "tape"
    losses = _train(layout, session, options, "session")
    _copy_checkpoint(session / "model.ckpt-0", tape)
    others = _train(layout, tape, options, "tape")
    if len(losses) != options.steps or losses.keys() != others.keys():
        sys.exit(f"the engines took other steps: {sorted(losses)} and {sorted(others)}")
    report = {
        "threads": options.threads,
        "losses": [[step, losses[step], others[step]] for step in losses],
        "relative_differences": [abs(others[step] - losses[step]) / abs(losses[step]) for step in losses],
        **_compare_variables(*(run / f"model.ckpt-{options.steps}" for run in (session, tape))),
    }
    (folder / "comparison.json").write_text(json.dumps(report, indent=1) + "\n")
    _show(report)
    largest = max(report["relative_differences"])
    if not largest <= options.tolerance:  # So that nan fails, too.
        sys.exit(f"the losses differ by {largest:.1e}, more than {options.tolerance:.0e}")


def _train(layout, train_dir, options, engine):
    """Trains in the folder `train_dir`, and goes on from a checkpoint there; returns {step: loss}."""
    train_dir.mkdir(parents=True, exist_ok=True)
    text = re.sub(r"num_steps: \d+", f"num_steps: {options.steps}", layout.config.read_text(), count=1)
    config, losses, log = (train_dir.parent / (engine + end) for end in (".config", ".json", ".log"))
    config.write_text(text.replace("shuffle: true", "shuffle: false"))
    run_program(
        PROGRAM,
        {"losses": losses, "logtostderr": True, "train_dir": train_dir, "pipeline_config_path": config},
        log,
        engine=engine,
        environment={f"TF_NUM_{kind}_THREADS": str(options.threads) for kind in ("INTRAOP", "INTEROP")},
    )
    return {int(step): loss for step, loss in json.loads(losses.read_text()).items()}


def _copy_checkpoint(checkpoint, folder):
    """Makes the checkpoint with this path the latest one of another folder."""
    folder.mkdir(parents=True)
    for path in checkpoint.parent.glob(checkpoint.name + ".*"):
        shutil.copy(path, folder)
    (folder / "checkpoint").write_text(f'model_checkpoint_path: "{checkpoint.name}"\n')


def _compare_variables(checkpoint, other):
    """Returns how many variables two checkpoints have, how many are equal, and the largest difference."""
    tf = import_tensorflow()
    readers = [tf.train.load_checkpoint(str(path)) for path in (checkpoint, other)]
    names, others = (reader.get_variable_to_shape_map() for reader in readers)
    if names != others:
        sys.exit(f"the checkpoints hold other variables: {sorted(set(names.items()) ^ set(others.items()), key=str)}")
    differences = [np.abs(np.subtract(*(reader.get_tensor(name) for reader in readers))).max() for name in names]
    return {
        "variables": len(names),
        "equal_variables": sum(bool(difference == 0) for difference in differences),
        "largest_difference_of_variables": float(max(differences)),
    }


def _show(report):
    print("step     session        tape  relative difference")
    for (step, session, tape), difference in zip(report["losses"], report["relative_differences"]):
        print(f"{step:4}  {session:10.6f}  {tape:10.6f}  {difference:.1e}")
    print(
        f"{report['equal_variables']} of {report['variables']} variables are equal, bit for bit; the largest "
        f"difference is {report['largest_difference_of_variables']:.1e}"
    )


def _parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the whole demo run")
    parser.add_argument("--steps", type=int, default=15, help="steps to compare")
    parser.add_argument("--threads", type=int, default=1, help="TensorFlow's threads; 0 lets it choose")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="of the losses, relative")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
