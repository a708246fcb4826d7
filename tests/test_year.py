"""Weeks of the bot beside a model of what everybody must have; and that wrong bots are found out.

`make torture` has years, and fortnights of two hundred people. Nothing here hangs on time: clocks are moved.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace as changed

from bot import ringing
from digest import deliveries, due, editions, shelf
from digest.deliveries import Doubt
from tests.year import lived, told
from tests.year_worlds import a_fortnight, some_weeks

SEED = 0  # of what goes wrong here: with it each wrong way below does harm; `make torture` takes others
Plant = Callable[[pytest.MonkeyPatch], None]


def test_a_fortnight_of_people_in_twelve_time_zones() -> None:
    """They subscribe, change their minds, pause, go on, leave and come back while it goes on."""
    run = lived(a_fortnight(SEED, people=16))
    assert run.exact, told(run)
    assert len(run.model.places) == 21
    assert run.deaths > 5


def test_the_weeks_in_which_wrong_bots_are_tried_go_well_with_the_right_one() -> None:
    """Without this the tests below would prove nothing. All kinds of messages are among what is compared."""
    run = lived(some_weeks(SEED))
    assert run.exact, told(run)
    seen = {post.seen.what for posts in run.platform.posts.values() for post in posts}
    assert seen == {"headline", "card", "section", "missed", "notice"}
    assert any("late" in post.seen.about for posts in run.platform.posts.values() for post in posts)


# --- wrong bots --------------------------------------------------------------------------------------------------


def without_windows(patch: pytest.MonkeyPatch) -> None:
    """What is made at a bell may be sent whenever the platform is there again."""
    make = ringing.make

    def made(store: Any, batch: Any) -> int:
        return make(store, batch._replace(bell=changed(batch.bell, closes=batch.bell.closes + timedelta(days=2))))

    patch.setattr(ringing, "make", made)


def without_late_papers(patch: pytest.MonkeyPatch) -> None:
    """What joins a day that was delivered is not seen."""
    patch.setattr(shelf.Shelf, "_latecomers", lambda _: ())


def ringing_again(patch: pytest.MonkeyPatch) -> None:
    """A list that is complete while a window is open brings a second digest there."""
    patch.setattr(due, "_DUE", due._DUE.replace(due._UNRUNG, "true"))


def trusting_the_clock(patch: pytest.MonkeyPatch) -> None:
    """After a clock that was ahead, bells that it rang too early do not ring."""
    patch.setattr(due, "mend_clock", lambda _: None)


def missed_days_as_digests(patch: pytest.MonkeyPatch) -> None:
    """Each day that was missed comes as a digest of its own, before the newest."""
    plan = ringing.plan

    def planned(store: Any, now: Any, **words: Any) -> list[Any]:
        batches = []
        for batch in plan(store, now, **words):
            for number, order in batch.orders.items():
                batches += [batch._replace(day=day, orders={number: order._replace(missed=())}) for day in order.missed]
            bare = {number: order._replace(missed=()) for number, order in batch.orders.items()}
            batches.append(batch._replace(orders=bare))
        return batches

    patch.setattr(ringing, "plan", planned)


def sending_again(patch: pytest.MonkeyPatch) -> None:
    """What was in flight when the process died is sent again without a question."""
    claim = deliveries.claim

    def claimed(store: Any, destination: int, *times: timedelta) -> Any:
        step = claim(store, destination, *times)
        if isinstance(step, Doubt):
            deliveries.release(store, step.sending.key)
            return claim(store, destination, *times)
        return step

    patch.setattr(deliveries, "claim", claimed)


def forgetting_the_headline(patch: pytest.MonkeyPatch) -> None:
    """What joins an open thread does not change the headline's count."""
    patch.setattr(editions, "add_edit", lambda *_: None)


def dropping_what_is_begun(patch: pytest.MonkeyPatch) -> None:
    """A thread of which the platform took a part before the window closed is not gone on with."""
    patch.setattr(
        due, "_GO_ON", due._GO_ON.replace("SET not_after = :closes", "SET state = iif(:closes, 'dead', 'dead')")
    )


@pytest.mark.parametrize(
    "plant",
    [
        without_windows,
        without_late_papers,
        ringing_again,
        trusting_the_clock,
        missed_days_as_digests,
        sending_again,
        forgetting_the_headline,
        dropping_what_is_begun,
    ],
)
def test_a_wrong_bot_is_found_out(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the well-known wrong ways leaves somebody with something else than they must have."""
    plant(monkeypatch)
    run = lived(some_weeks(SEED))
    assert not run.exact, plant.__doc__
