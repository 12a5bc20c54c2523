"""Stage 3: evaluates the last checkpoint on the held-out canvases with the API's own `object_detection.legacy.eval`.

    python evaluate.py --out DIR

Prints COCO's table and leaves the metrics as TensorBoard events in DIR/eval.
"""

import argparse
import json
import pathlib

from events import scalars
from layout import Layout
from program import run_program

METRICS = {
    "mAP@0.5": "DetectionBoxes_Precision/mAP@.50IOU",
    "mAP@[.5:.95]": "DetectionBoxes_Precision/mAP",
}
"""Our names of COCO's averages, and the tags of the API's events."""


def main(arguments=None):
    layout = Layout(_parse(arguments).out)
    run_program(
        "object_detection.legacy.eval",
        {
            "logtostderr": True,
            "checkpoint_dir": layout.train,
            "eval_dir": layout.evaluation,
            "pipeline_config_path": layout.config,
            "run_once": True,
        },
        layout.logs / "eval.log",
        on_line=_show_coco_line,
    )
    newest = {tag: points[-1][1] for tag, points in scalars(layout.evaluation).items()}
    metrics = {name: newest[tag] for name, tag in METRICS.items()}
    layout.metrics.write_text(json.dumps(metrics, indent=1) + "\n")
    print("   ".join(f"{name} = {value:.3f}" for name, value in metrics.items()))


def _show_coco_line(line):
    if "@[ IoU=" in line:
        print(line, flush=True)


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the whole demo run")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
