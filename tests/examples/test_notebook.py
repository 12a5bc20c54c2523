"""The notebook of docs/ runs from top to bottom on a fresh machine."""

import os
import pathlib
import shutil
import subprocess
import sys
import venv

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs" / "colab_ssd_inception_v2.ipynb"
PNG = "image/png"


def _fresh_kernel(folder):
    """Returns the path of a new environment's Python with nothing but what a notebook needs."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "ipykernel", "nbclient"], check=True, timeout=600)
    return python


def test_the_notebook_is_committed_without_outputs():
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    assert len([cell for cell in notebook.cells if cell.cell_type == "code"]) >= 5


EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=1500, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(
    sys.version_info[:2] < (3, 10), reason="TensorFlow 2.21, which the notebook installs, starts at 3.10"
)
def test_the_notebook_runs_from_top_to_bottom_on_a_fresh_machine(tmp_path):
    import nbformat

    # A checkout as a reader has it: without the package beside the notebook where a wheel is given.
    shutil.copytree(ROOT / "examples", tmp_path / "checkout" / "examples")
    (tmp_path / "checkout" / "docs").mkdir()
    copy = pathlib.Path(shutil.copy(NOTEBOOK, tmp_path / "checkout" / "docs"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "slimshim"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / "checkout" / name)
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, tmp_path / "checkout")
    python = _fresh_kernel(tmp_path / "venv")
    environment = dict(os.environ, PATH=f"{python.parent}{os.pathsep}{os.environ['PATH']}")
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [python, "-c", EXECUTE, copy], cwd=copy.parent, env=environment, capture_output=True, text=True, timeout=3000
    )
    assert done.returncode == 0, done.stderr[-6000:]
    cells = [cell for cell in nbformat.read(copy, as_version=4).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    answer = "".join(output.get("text", "") for output in cells[2].outputs)
    assert "tf_slim is slimshim | SSDInceptionV2FeatureExtractor" in answer
    drawn = [output for cell in cells[-2:] for output in cell.outputs if PNG in output.get("data", {})]
    assert len(drawn) == 2, "the detections and the loss curve"
