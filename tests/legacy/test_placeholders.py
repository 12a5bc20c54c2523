"""What may be done with a piece that has no behaviour, and what raises."""

import abc
import pickle

import pytest

from slimshim.legacy.placeholders import LegacyModule, Placeholder, UnavailableError, make_placeholder
from slimshim.legacy.replacements import REPLACEMENTS, replacement_for


@pytest.fixture
def piece():
    return make_placeholder("tensorflow.contrib.estimator.RunConfig")


def test_it_may_be_a_base_class_even_with_other_bases_and_metaclasses(piece):
    class Base:
        pass

    class Both(Base, piece, metaclass=abc.ABCMeta):
        """A class statement at import time."""

        limit = 3

        @staticmethod
        def twice(number):
            return 2 * number

    assert Both.limit == 3 and Both.twice(2) == 4
    assert issubclass(Both, piece) and not isinstance(Base(), piece)
    with pytest.raises(UnavailableError, match="contrib.estimator.RunConfig"):
        Both()


def test_a_subclass_with_its_own_init_raises_before_it(piece):
    ran = []

    class Mine(piece):
        def __init__(self, value):
            ran.append(value)

    with pytest.raises(UnavailableError):
        Mine(1)
    assert not ran


def test_it_may_be_a_default_an_annotation_a_key_and_a_decorators_argument(piece):
    def decorate(config):
        return lambda function: function

    @decorate(piece)
    def function(config: piece = piece) -> piece.Other:
        return config

    assert function() is piece and {piece: 1}[piece] == 1 and bool(piece)


@pytest.mark.parametrize(
    "use",
    [
        lambda p: p(),
        lambda p: p(1, two=2),
        lambda p: p.deep.er(),
        lambda p: p["key"],
        lambda p: list(p),
        lambda p: len(p),
        lambda p: p.__enter__(),
    ],
)
def test_every_use_raises_and_names_the_piece_and_what_to_use_instead(piece, use):
    with pytest.raises(UnavailableError, match="tensorflow.contrib.estimator.RunConfig.*slim.learning.train"):
        use(piece)


def test_attributes_are_the_same_object_each_time_and_private_ones_are_missing(piece):
    assert piece.kind is piece.kind
    assert "imports, raises on use" in repr(piece.kind)
    assert not hasattr(piece, "__wrapped__") and not hasattr(piece, "_private")


def test_it_survives_pickling(piece):
    with pytest.raises(UnavailableError, match="RunConfig"):
        pickle.loads(pickle.dumps(piece))()


def test_errors_of_old_modules_can_be_caught():
    missing = make_placeholder("tensorflow.contrib.learn.NotFittedError")
    with pytest.raises(ZeroDivisionError):
        try:
            raise ZeroDivisionError
        except missing:
            pytest.fail("caught the wrong error")


def test_a_module_asks_its_sources_in_order_and_then_gives_placeholders():
    class First:
        both = "first"

    class Second:
        both = "second"
        only = "second"

    module = LegacyModule("tensorflow.contrib.some_room", (First, Second))
    assert (module.both, module.only) == ("first", "second")
    assert isinstance(module.neither, Placeholder) and module.neither is module.neither
    assert {"both", "only"} <= set(dir(module)) and "neither" not in module.__all__
    with pytest.raises(AttributeError):
        module.__wrapped__  # noqa: B018


def test_the_longest_prefix_names_the_replacement():
    assert replacement_for("tensorflow.contrib.rnn.LSTMCell") == REPLACEMENTS["tensorflow.contrib.rnn"]
    assert replacement_for("tensorflow.contrib.ffmpeg.decode") is None
    assert replacement_for("tensorflow.contrib.rnnx") is None
