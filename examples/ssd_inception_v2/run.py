"""The whole demo with one command: set-up, input, training, evaluation, export, detection.

    python3.11 examples/ssd_inception_v2/run.py

Trains the Object Detection API's own SSD-InceptionV2, unmodified, on today's TensorFlow, to find handwritten
digits. Needs Python 3.11 and PyPI, nothing else; takes about seven minutes on two CPU cores, after the set-up.
`--short` runs all stages with a few steps, to see that everything works; it does not learn.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

from layout import Layout
from setup_env import make_environment

HERE = pathlib.Path(__file__).resolve().parent
SHORT = {"steps": 12, "train_canvases": 64, "held_out_canvases": 12}


def main(arguments=None):
    options = _parse(arguments)
    layout = Layout(options.out)
    layout.out.mkdir(parents=True, exist_ok=True)
    start = time.time()
    python = sys.executable if options.no_setup else make_environment(options.venv or layout.out / "venv")
    seconds = {"setup": time.time() - start}
    for number, (stage, flags) in enumerate(stages(options), 1):
        print(f"\n== {number}. {stage}", flush=True)
        start = time.time()
        _run_stage(python, stage, ["--out", str(layout.out), *flags])
        seconds[stage] = time.time() - start
    print(f"\n{summarize(layout, options.steps, seconds)}")


def stages(options):
    """Returns [(name of the stage's file, its flags)] in order."""
    sizes = [
        *("--steps", str(options.steps)),
        *("--train-canvases", str(options.train_canvases)),
        *("--held-out-canvases", str(options.held_out_canvases)),
    ]
    return [
        ("make_input", sizes),
        ("train", ["--engine", options.engine]),
        ("evaluate", []),
        ("export", []),
        ("detect", []),
    ]


def summarize(layout, steps, seconds):
    """Writes the summary file and returns it as text: metrics, counts and seconds of each stage."""
    metrics = json.loads(layout.metrics.read_text())
    counts = json.loads(layout.counts.read_text())
    total = sum(value for stage, value in seconds.items() if stage != "setup")
    summary = {
        "steps": steps,
        **metrics,
        **counts,
        "seconds": {stage: round(value, 1) for stage, value in seconds.items()},
        "seconds_without_setup": round(total, 1),
    }
    layout.summary.write_text(json.dumps(summary, indent=1) + "\n")
    lines = [f"{stage:12} {value:7.1f} s" for stage, value in seconds.items() if stage != "setup"]
    return "\n".join(
        [
            f"mAP@0.5 {metrics['mAP@0.5']:.3f}, mAP@[.5:.95] {metrics['mAP@[.5:.95]']:.3f} on held-out canvases, {steps} steps",
            *lines,
            f"{'together':12} {total:7.1f} s   (and {seconds['setup']:.0f} s of set-up before)",
            f"pictures:    {layout.loss_curve}\n             {layout.detections}",
            f"all of it:   {layout.out}   (TensorBoard events in train/ and eval/)",
        ]
    )


def _run_stage(python, stage, flags):
    """Runs a stage's file; a stage that fails has said why, and ends the whole."""
    try:
        status = subprocess.run([python, HERE / f"{stage}.py", *flags]).returncode
    except KeyboardInterrupt:
        sys.exit(130)
    if status:
        sys.exit(f"stage {stage} failed with status {status}")


def _parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/ssd_inception_v2"), help="where all goes")
    parser.add_argument("--steps", type=int, default=2000, help="training steps")
    parser.add_argument("--train-canvases", type=int, default=6000, help="pictures to train on")
    parser.add_argument("--held-out-canvases", type=int, default=200, help="pictures to evaluate on")
    parser.add_argument(
        "--engine", choices=("session", "tape"), default="session", help="what takes the training steps"
    )
    parser.add_argument("--short", action="store_true", help="all stages with a few steps; learns nothing")
    parser.add_argument("--no-setup", action="store_true", help="use this Python's packages, make no environment")
    parser.add_argument("--venv", type=pathlib.Path, help="the environment's folder (default: OUT/venv)")
    options = parser.parse_args(arguments)
    if options.short:
        for name, value in SHORT.items():
            setattr(options, name, value)
    return options


if __name__ == "__main__":
    main()
