"""`tensorflow` as TensorFlow 1 had it, for the program's own import statements and for nobody else's.

A contrib-era program says `import tensorflow as tf` and means `tf.Session`, `tf.layers`, TensorFlow 1's
`tf.losses` and `tf.nn.softmax_cross_entropy_with_logits`. Keras, tensorflow_datasets and TensorFlow itself
say the same line in the same process and mean TensorFlow 2. So the line itself is served by who says it:
an import statement of `tensorflow` in a file of the program gives the `Face`, in any other file the real
module. `sys.modules["tensorflow"]` stays the real module.

`builtins.__import__` is where Python looks for what an import statement does. The wrapper passes every
name that is not TensorFlow's straight on.
"""

from __future__ import annotations

import builtins
import importlib
import sys
import types

_NAME = "tensorflow"

# Attributes of TensorFlow 1's top module that no public TensorFlow module has any more.
_INNER = {
    "core": "tensorflow.core",
    "examples": "tensorflow.examples",
    "python": "tensorflow.python",
    "pywrap_tensorflow": "tensorflow.python.pywrap_tensorflow",
    "tools": "tensorflow.tools",
}

# Heads of paths that mean the same files in both versions, or that the import hook serves.
_SAME_FOR_BOTH = ("_api", "compat", "contrib", *_INNER)


class Face(types.ModuleType):
    """A module called `tensorflow` whose names are `tensorflow.compat.v1`'s.

    A name that only TensorFlow 2 has is TensorFlow 2's: programs that use both keep working. What the
    program sets on the face stays on the face.
    """

    def __init__(self, tensorflow):
        super().__init__(_NAME, tensorflow.__doc__)
        self.__dict__.update(
            __file__=tensorflow.__file__,
            __path__=tensorflow.__path__,
            __spec__=tensorflow.__spec__,
            __package__=_NAME,
            # Not v1's own: below it lies a second v1 with modules of its own, which install() does not mend.
            compat=tensorflow.compat,
            _sources=(tensorflow.compat.v1, tensorflow),
        )

    def __getattr__(self, name):
        if name == "__all__":
            return [public for public in dir(self) if not public.startswith("_") and hasattr(self, public)]
        if name in _INNER:
            try:
                return importlib.import_module(_INNER[name])
            except ModuleNotFoundError as error:
                raise AttributeError(f"module {_NAME!r} has no attribute {name!r}") from error
        for source in self._sources:
            try:
                return getattr(source, name)
            except AttributeError:
                continue
        raise AttributeError(f"module {_NAME!r} has no attribute {name!r}")

    def __dir__(self):
        # The last source is the real module, whose names are not what the program was written for.
        return sorted({*self.__dict__, *dir(self._sources[0]), *_INNER} - {"_sources"})


class Importer:
    """`builtins.__import__` under `run`."""

    def __init__(self, tensorflow, program):
        self._plain = builtins.__import__
        self._face = Face(tensorflow)
        self._program = program

    def __call__(self, name, globals=None, locals=None, fromlist=(), level=0):
        is_ours = level == 0 and (name == _NAME or name.startswith(_NAME + "."))
        if not is_ours or not self._program.owns(_importing_file(globals)):
            return self._plain(name, globals, locals, fromlist, level)
        public = self._public_module(name)
        if public is None:
            found = self._plain(name, globals, locals, fromlist, level)
            return found if fromlist else self._face
        return public if fromlist else self._face

    def _public_module(self, name):
        """Returns the module that TensorFlow 1 published at the path, or None."""
        _, *parts = name.split(".")
        if parts and parts[0] in _SAME_FOR_BOTH:
            return None
        found = self._face
        for part in parts:
            try:
                found = getattr(found, part)
            except (AttributeError, ImportError):
                return None
        return found if isinstance(found, types.ModuleType) else None


def _importing_file(names):
    """Returns the file of the import statement: its module's, or for text in `exec` the code's own."""
    file = (names or {}).get("__file__")
    return file if isinstance(file, str) else sys._getframe(2).f_code.co_filename
