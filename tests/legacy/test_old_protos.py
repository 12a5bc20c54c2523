"""Old generated protobuf files load on today's runtime, and give working messages."""

import importlib
import importlib.util
import sys

import pytest
from google.protobuf import descriptor_pb2, text_format
from google.protobuf.internal import api_implementation

import slimshim

pytestmark = [
    pytest.mark.skipif(api_implementation.Type() == "python", reason="the pure Python runtime takes old files"),
    pytest.mark.skipif(
        importlib.util.find_spec("google.protobuf.internal.builder") is None, reason="protobuf 3.19 takes old files"
    ),
]

# As protoc 3.17 wrote it; up to 3.11 the bytes stood as text inside _b('...').
OLD_FILE = """
from google.protobuf import descriptor as _descriptor
from google.protobuf import reflection as _reflection
from google.protobuf import a_tool_that_is_long_gone
{imports}

DESCRIPTOR = _descriptor.FileDescriptor(
  name={name!r},
  package='slim_test',
  syntax='proto2',
  serialized_pb={literal},
)
_SHAPE = _descriptor.Descriptor(name='Shape', full_name='slim_test.Shape', file=DESCRIPTOR)
"""


def _kinds():
    file = descriptor_pb2.FileDescriptorProto(name="protos_of_old/kinds.proto", package="slim_test")
    kind = file.enum_type.add(name="Kind")
    kind.value.add(name="ROUND", number=0)
    kind.value.add(name="SQUARE", number=1)
    point = file.message_type.add(name="Point")
    point.field.add(name="x", number=1, label=1, type=2, default_value="0.5")
    return file


def _shape():
    file = descriptor_pb2.FileDescriptorProto(
        name="protos_of_old/shape.proto", package="slim_test", dependency=["protos_of_old/kinds.proto"]
    )
    shape = file.message_type.add(name="Shape")
    shape.field.add(name="kind", number=1, label=1, type=14, type_name=".slim_test.Kind", default_value="SQUARE")
    shape.field.add(name="points", number=2, label=3, type=11, type_name=".slim_test.Point")
    inner = shape.nested_type.add(name="Inner")
    inner.field.add(name="name", number=1, label=1, type=9)
    return file


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "protos_of_old"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    kinds, shape = _kinds().SerializeToString(), _shape().SerializeToString()
    texts = {
        "kinds": OLD_FILE.format(name="kinds.proto", imports="", literal=f"_b({kinds.decode('latin-1')!r})"),
        "shape": OLD_FILE.format(
            name="shape.proto",
            imports="from protos_of_old import kinds_pb2 as protos__of__old_dot_kinds__pb2",
            literal=repr(shape),
        ),
    }
    for stem, text in texts.items():
        (folder / f"{stem}_pb2.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    slimshim.install()
    yield "protos_of_old"
    slimshim.uninstall()
    for name in [name for name in sys.modules if name.startswith("protos_of_old")]:
        del sys.modules[name]


def test_messages_enums_defaults_and_nested_types_work(package):
    module = importlib.import_module(f"{package}.shape_pb2")
    shape = text_format.Parse("kind: ROUND points { x: 2.0 } points {}", module.Shape())
    assert [point.x for point in shape.points] == [2.0, 0.5]
    assert module.Shape().kind == 1
    assert module.Shape.Inner(name="a").name == "a"
    assert module.Shape.FromString(shape.SerializeToString()) == shape
    kinds = sys.modules[f"{package}.kinds_pb2"]
    assert kinds.Kind.Name(1) == "SQUARE" and kinds.ROUND == 0
    assert module.DESCRIPTOR.name == "protos_of_old/shape.proto"


def test_a_file_without_description_says_how_to_make_a_new_one(package, tmp_path):
    (tmp_path / package / "odd_pb2.py").write_text("DESCRIPTOR = _descriptor.FileDescriptor(name='odd')")
    with pytest.raises(ImportError, match="odd_pb2.py.*Regenerate"):
        importlib.import_module(f"{package}.odd_pb2")


def test_other_modules_are_left_to_python(package, tmp_path):
    (tmp_path / package / "new_pb2.py").write_text("VALUE = 3")
    module = importlib.import_module(f"{package}.new_pb2")
    assert module.VALUE == 3 and "legacy" not in type(module.__loader__).__module__
    with pytest.raises(ModuleNotFoundError, match="none_pb2"):
        importlib.import_module(f"{package}.none_pb2")
