"""_engine.periodic: actions by the clock, with a clock that the test turns."""

from slimshim._engine.periodic import EverySecs, StepRate


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_an_action_comes_at_once_and_then_each_time_the_interval_is_over():
    clock, times = Clock(), []
    action = EverySecs(10, lambda: times.append(clock.now), clock)
    for clock.now in (100, 105, 109.9, 110, 111, 135, 136, 144.9, 145):
        action.tick()
    # After the late one at 135 the next is due a whole interval later.
    assert times == [100, 110, 135, 145]


def test_the_first_time_can_be_skipped():
    clock, times = Clock(), []
    action = EverySecs(10, lambda: times.append(clock.now), clock).skip_first()
    for clock.now in (100, 109, 110):
        action.tick()
    assert times == [110]


def test_the_step_rate_is_measured_between_two_calls():
    clock = Clock()
    rate = StepRate(5, clock)
    assert rate.since_last(7) is None
    clock.now = 104.0
    assert rate.since_last(25) == 5.0
    clock.now = 105.0
    assert rate.since_last(26) == 1.0
