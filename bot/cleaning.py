"""Housekeeping in the running bot: erased content leaves the store's files, and keyed hashes end with their day."""

from __future__ import annotations

import asyncio
import logging

from digest.cleanup import clean_up, is_pending
from digest.spendings import end_days
from digest.store import Store
from digest.store_thread import StoreThread

log = logging.getLogger(__name__)

LOOK_S = 1.0
# Building the file anew holds up other writing, and anybody may ask for it: once in so long is often enough for
# erased content to be gone within a minute
EVERY_S = 40.0


async def run(store: StoreThread, look_s: float = LOOK_S, every_s: float = EVERY_S) -> None:
    """Clean the store when something was erased, until cancelled; first what an earlier process was stopped over."""
    while True:
        try:
            cleaned = await store.run(_clean)
        except Exception:
            log.exception("cleaning the store broke")
            cleaned = True
        await asyncio.sleep(every_s if cleaned else look_s)


def _clean(store: Store) -> bool:
    """Whether there was something to clean, and nobody in the way."""
    end_days(store)
    return is_pending(store.connection) and clean_up(store.connection)
