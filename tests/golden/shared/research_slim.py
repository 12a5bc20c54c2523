"""Lets the Object Detection API find research/slim under TF 1.15: it is installed as object_detection/nets."""

import pathlib
import sys


def make_importable():
    """Makes `import nets` find research/slim's package, before the generator of that name."""
    import object_detection

    sys.path.insert(0, str(pathlib.Path(object_detection.__file__).parent))
