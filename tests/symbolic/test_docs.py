"""The code of docs/keras.md runs as it stands there."""

import pathlib
import re

import pytest
import tensorflow as tf

GUIDE = pathlib.Path(__file__).parents[2] / "docs" / "keras.md"


@pytest.mark.skipif(not hasattr(tf.keras.layers.Layer, "build_from_config"), reason="this Keras has no .keras files")
def test_the_guide_runs_as_it_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.S)
    assert len(blocks) >= 6
    names = {"__name__": "guide"}
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec"), names)
    same, pictures = names["same"], names["pictures"]
    assert same.predict(pictures, verbose=0).shape == (8, 10)
