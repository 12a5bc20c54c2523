"""Private modules of TensorFlow whose functions `tensorflow.contrib` re-exported under its own name.

`contrib.framework.nest`, `contrib.framework.deprecated` and `contrib.slim.make_all` were these very
functions. The modules stand unchanged from TensorFlow 1.15 to 2.21; TensorFlow has no public name for
most of them.
Can go when contrib-era programs are no longer served.
"""

from __future__ import annotations

from tensorflow.python.util import all_util, deprecation, nest

__all__ = ["all_util", "deprecation", "nest"]
