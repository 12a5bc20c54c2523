"""_engine.stop_signals: signal handlers that ask for a stop, and leave things as they were."""

import os
import signal
import socket
import threading
import time

import pytest

from slimshim._engine.stop_signals import StopSignals


@pytest.fixture
def handled():
    """The signals that a handler of the test's own got."""
    got = []
    previous = {n: signal.signal(n, lambda number, _: got.append(number)) for n in (signal.SIGINT, signal.SIGTERM)}
    yield got
    for number, handler in previous.items():
        signal.signal(number, handler)


def not_stuck():
    raise AssertionError("the watch must not fire")


def test_the_first_signal_is_noted_and_passed_on_at_the_end(handled):
    before = signal.getsignal(signal.SIGTERM)
    with StopSignals(not_stuck) as signals:
        assert signals.received is None
        signal.raise_signal(signal.SIGTERM)
        assert signals.received == signal.SIGTERM
        assert handled == []
    assert handled == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is before
    assert signal.set_wakeup_fd(-1) == -1


def test_the_second_signal_is_passed_on_at_once(handled):
    with StopSignals(not_stuck) as signals:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert handled == [signal.SIGINT]
        assert signals.received == signal.SIGTERM


def test_an_error_inside_is_not_replaced_by_the_signal(handled):
    with pytest.raises(KeyError):
        with StopSignals(not_stuck):
            signal.raise_signal(signal.SIGTERM)
            raise KeyError
    assert handled == []


def test_a_signal_that_is_ignored_stays_ignored(handled):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with StopSignals(not_stuck) as signals:
        signal.raise_signal(signal.SIGINT)
        assert signals.received is None


def test_sigterm_without_a_handler_becomes_system_exit(handled):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with pytest.raises(SystemExit) as leaving:
        with StopSignals(not_stuck):
            signal.raise_signal(signal.SIGTERM)
    assert leaving.value.code == 143


def test_outside_of_the_main_thread_nothing_is_changed(handled):
    seen = []

    def look():
        before = signal.getsignal(signal.SIGTERM)
        with StopSignals(not_stuck):
            seen.append(signal.getsignal(signal.SIGTERM) is before)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [True]


def test_a_step_that_does_not_end_in_time_is_given_up(handled):
    stuck = threading.Event()
    with StopSignals(stuck.set, grace_secs=0.05) as signals:
        signal.raise_signal(signal.SIGTERM)
        assert stuck.wait(10)
        assert signals.gave_up


def test_a_step_that_ends_in_time_is_not_given_up(handled):
    stuck = threading.Event()
    with StopSignals(stuck.set, grace_secs=0.2) as signals:
        signal.raise_signal(signal.SIGTERM)
        signals.notice()
        assert not stuck.wait(0.4)
        assert not signals.gave_up


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_ends_by_its_signal_and_the_parent_notices_nothing():
    stuck = threading.Event()
    previous = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with StopSignals(stuck.set, grace_secs=0.05) as signals:
            child = os.fork()
            if child == 0:
                time.sleep(30)
                os._exit(0)
            os.kill(child, signal.SIGTERM)
            _, status = os.waitpid(child, 0)
            assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGTERM
            assert not stuck.wait(0.4)
            assert signals.received is None and not signals.gave_up
    finally:
        signal.signal(signal.SIGTERM, previous)


def test_a_signal_that_somebody_takes_for_a_while_is_theirs(handled):
    stuck = threading.Event()
    with StopSignals(stuck.set, grace_secs=0.05) as signals:
        ours = signal.signal(signal.SIGINT, lambda number, _: handled.append("theirs"))
        signal.raise_signal(signal.SIGINT)
        assert not stuck.wait(0.4)
        signal.signal(signal.SIGINT, ours)
        assert signals.received is None
    assert handled == ["theirs"]


def test_a_watch_that_can_not_start_leaves_the_handlers_as_they_were(handled, monkeypatch):
    def no_more_descriptors():
        raise OSError("too many open files")

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(socket, "socketpair", no_more_descriptors)
    with pytest.raises(OSError, match="too many"), StopSignals(not_stuck):
        pass
    assert signal.getsignal(signal.SIGTERM) is before
