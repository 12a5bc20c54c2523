"""Private modules of TensorFlow whose functions `tensorflow.contrib` re-exported under its own name.

`contrib.framework.nest` and `contrib.framework.deprecated` were these very functions. Both modules
stand unchanged from TensorFlow 1.15 to 2.21; TensorFlow has no public name for most of them.
Can go when contrib-era programs are no longer served.
"""

from __future__ import annotations

from tensorflow.python.util import deprecation, nest

__all__ = ["deprecation", "nest"]
