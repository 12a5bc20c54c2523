"""The code of docs/keras.md runs as it stands there."""

import pages
import pytest
import tensorflow as tf


@pytest.mark.skipif(not hasattr(tf.keras.layers.Layer, "build_from_config"), reason="this Keras has no .keras files")
def test_the_guide_runs_as_it_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = pages.run_page("keras.md")
    same, pictures = names["same"], names["pictures"]
    assert same.predict(pictures, verbose=0).shape == (8, 10)
