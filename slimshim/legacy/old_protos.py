"""Loads `*_pb2.py` files that an old protoc wrote, on today's protobuf runtime.

Up to protoc 3.18 a generated file built every descriptor by hand, which protobuf 4 and later refuse
("Descriptors cannot be created directly"). The file still holds the whole description, serialized,
as a bytes literal. This loader takes that literal and the file's imports, and builds the classes the
way newly generated files do. The file itself is only read.

Can go once no program brings files older than protoc 3.19.
"""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util

_HANDMADE = b"_descriptor.FileDescriptor("


class Finder:
    """Finds old generated files; leaves every other import alone."""

    def __init__(self, unused_ledger=None):
        pass

    def find_spec(self, name, path=None, target=None):
        """Returns a spec for an old generated `*_pb2` module, or None."""
        if not name.endswith("_pb2") or not _runtime_refuses_handmade_descriptors():
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or not (spec.origin or "").endswith(".py"):
            return None
        with open(spec.origin, "rb") as file:
            source = file.read()
        if _HANDMADE not in source:
            return None
        spec.loader = _Loader(source, spec.origin)
        return spec


class _Loader:
    """Builds the message classes of one old generated file."""

    def __init__(self, source, path):
        self._source = source
        self._path = path

    def create_module(self, unused_spec):
        """Returns None: an ordinary module will do."""

    def exec_module(self, module):
        from google.protobuf import descriptor_pool
        from google.protobuf.internal import builder

        tree = ast.parse(self._source, self._path)
        namespace = vars(module)
        exec(compile(_imports_of(tree), self._path, "exec"), namespace)
        serialized = _serialized_file(tree, self._path)
        descriptor = descriptor_pool.Default().AddSerializedFile(serialized)
        namespace["DESCRIPTOR"] = descriptor
        builder.BuildMessageAndEnumDescriptors(descriptor, namespace)
        builder.BuildTopDescriptorsAndMessages(descriptor, module.__name__, namespace)


def _runtime_refuses_handmade_descriptors():
    from google.protobuf import descriptor
    from google.protobuf.internal import api_implementation

    if importlib.util.find_spec("google.protobuf.internal.builder") is None:
        return False  # Protobuf 3.19, which TensorFlow 2.10 and 2.11 bring, takes old files itself.
    return api_implementation.Type() != "python" and hasattr(descriptor, "_USE_C_DESCRIPTORS")


def _imports_of(tree):
    """Returns a module of the file's imports of other generated files alone.

    Those register the descriptions that this one builds on. The rest are protobuf's own tools, some
    of which are gone.
    """
    imports = [node for node in tree.body if _is_generated_import(node)]
    return ast.Module(body=imports, type_ignores=[])


def _is_generated_import(node):
    if isinstance(node, ast.ImportFrom):
        names = [node.module or "", *(alias.name for alias in node.names)]
        return any(name.endswith("_pb2") for name in names)
    return isinstance(node, ast.Import) and any(a.name.endswith("_pb2") for a in node.names)


def _serialized_file(tree, path):
    """Returns the bytes of `FileDescriptor(serialized_pb=...)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "FileDescriptor":
            for keyword in node.keywords:
                if keyword.arg == "serialized_pb":
                    return _literal_bytes(keyword.value)
    raise ImportError(f"{path}: no serialized description found. Regenerate it with protoc 3.19 or later.")


def _literal_bytes(node):
    """Returns the bytes of `b'...'` or of the older `_b('...')`, which stood for Latin-1 text."""
    if isinstance(node, ast.Call):
        node = node.args[0]
    value = ast.literal_eval(node)
    return value if isinstance(value, bytes) else value.encode("latin-1")
