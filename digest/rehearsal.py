"""What would be sent, without anything being kept of it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from digest import deliveries
from digest.deliveries import Doubt, Sending, Wait
from digest.store import Store, _transaction
from digest.types import Posted


class _Over(Exception):
    """Undoes a rehearsal."""


def rehearse(store: Store, prepare: Callable[[Store], Collection[int]]) -> list[Sending]:
    """What would be sent to the destinations that `prepare` gives, in order, replies with `under`.

    All of it, with what `prepare` wrote, is undone; what `prepare` raises is raised. The store is not to be used for
    anything else.
    """
    sendings: list[Sending] = []
    with contextlib.suppress(_Over), _transaction(store.connection):
        for number in prepare(store):
            sendings += _sent(store, number)
        raise _Over
    return sendings


def _sent(store: Store, destination: int) -> list[Sending]:
    sendings: list[Sending] = []
    while (step := deliveries.claim(store, destination, timedelta(), timedelta())) is not None:
        match step:
            case (Sending() as sending) | Doubt(sending):
                posted = None if sending.replaces else Posted(sending.to.address, sending.key, sending.key)
                deliveries.confirm(store, sending.key, posted)
                sendings.append(sending)
            case Wait(until):
                store.clock = functools.partial(_later, until)
    return sendings


def _later(moment: datetime) -> datetime:
    return moment
