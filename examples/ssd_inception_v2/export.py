"""Stage 4: exports the last checkpoint with the API's own `object_detection.export_inference_graph`.

    python export.py --out DIR

Writes DIR/export: frozen_inference_graph.pb, saved_model/ and a checkpoint of the inference graph.
"""

import argparse
import pathlib
import shutil

from layout import Layout
from program import run_program


def main(arguments=None):
    layout = Layout(_parse(arguments).out)
    checkpoint = last_checkpoint(layout.train)
    # The exporter refuses to write over a SavedModel.
    shutil.rmtree(layout.export, ignore_errors=True)
    run_program(
        "object_detection.export_inference_graph",
        {
            "input_type": "image_tensor",
            "pipeline_config_path": layout.config,
            "trained_checkpoint_prefix": checkpoint,
            "output_directory": layout.export,
        },
        layout.logs / "export.log",
    )
    size = layout.frozen_graph.stat().st_size / 2**20
    print(f"{checkpoint.name} -> {layout.frozen_graph} ({size:.1f} MiB)")


def last_checkpoint(folder):
    """Returns the path prefix of the checkpoint with the highest step in `folder`."""
    indexes = sorted(folder.glob("model.ckpt-*.index"), key=lambda path: int(path.stem.rpartition("-")[2]))
    if not indexes:
        raise SystemExit(f"no checkpoint in {folder}: run train.py first")
    return indexes[-1].with_suffix("")


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the whole demo run")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
