"""The code in the documentation runs, from top to bottom of each page."""

import pathlib
import re

import pytest
import tensorflow as tf

DOCS = pathlib.Path(__file__).parents[1] / "docs"
PAGES = ["checkpoints.md", "export.md", "tf2_training.md"]


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(page):
    if page == "export.md" and not hasattr(tf.keras.layers.Layer, "build_from_config"):
        pytest.skip("this Keras has no .keras files")
    text = (DOCS / page).read_text()
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    assert blocks
    names = {"__name__": "page"}
    for block in blocks:
        # Line numbers of errors are then the page's own.
        code = "\n" * text.count("\n", 0, block.start(1)) + block.group(1)
        exec(compile(code, page, "exec"), names)
