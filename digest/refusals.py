"""Why the writer wrote no report, as the operator and the command line are told."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from digest import model_calls
from digest.errors import AnswerUnusable, Dictated, LimitReached, OperatorNeeded, WriteError
from digest.retries import Unusable
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import ArxivId

log = logging.getLogger(__name__)


async def waits(store: StoreThread, identity: str, writer: str, paper: ArxivId, now: datetime) -> AnswerUnusable | None:
    """Return why nothing is bought for an identity (digest.retries) for now; None when it may be."""
    failure = await store.run(Store.failure, identity)
    if failure is None or not failure.keeps_waiting(now):
        return None
    return AnswerUnusable(writer, paper, failure.problem, failure.next_try, answered=failure.answered)


async def refusal(
    store: StoreThread, identity: str, writer: str, paper: ArxivId, error: Exception, now: datetime
) -> WriteError:
    """Return what is told of a failure: when answers that could not be used are bought again, else what was raised.

    It is logged; what nobody foresaw, and what the paper dictated, is noted as a failure of the answers on record.
    """
    broke = not isinstance(error, WriteError)
    # No warning for a refusal: it is mostly the same for every paper of the day, and is told once.
    level = logging.ERROR if broke else logging.INFO
    log.log(level, "stand-in writes", extra={"paper": paper, "reason": str(error)}, exc_info=error if broke else None)
    if isinstance(error, OperatorNeeded | AnswerUnusable):
        return error
    if isinstance(error, Dictated):
        for text_hash in error.text_hashes:
            bought = identity.replace(error.text_hashes[0], text_hash)
            await _spoil(store, bought, "dictated", f"{paper} dictated a section of it")
    if not isinstance(error, WriteError):
        error = WriteError("The writer broke; the log says how.")
        await _spoil(store, identity, "broken", "Paperboy could not make a report of it; the log says why")
    return await waits(store, identity, writer, paper, now) or error


async def _spoil(store: StoreThread, identity: str, outcome: Unusable, problem: str) -> None:
    try:
        await store.run(model_calls.spoil, identity, outcome, problem)
    except Exception:
        log.exception("failed calls are not noted", extra={"identity": identity})


def told(refusals: Sequence[WriteError]) -> Iterator[str]:
    """What the operator can mend, once; of what may pass by itself, how often it happened and the first reason."""
    yield from dict.fromkeys(str(error) for error in refusals if isinstance(error, OperatorNeeded))
    limits = [error for error in refusals if isinstance(error, LimitReached)]
    if limits:
        yield str(limits[0])  # the digest says of how many reports, and the sentence is to be told once a day
    unusable = [error for error in refusals if isinstance(error, AnswerUnusable)]
    # The first to be tried again, so that the sentence stays the same for as long as nothing happens
    unusable.sort(key=lambda error: (error.next_try is None, error.next_try, str(error)))
    passing = [error for error in refusals if not isinstance(error, OperatorNeeded | LimitReached | AnswerUnusable)]
    for several in ([*unusable], passing):
        if several:
            reports = "1 report is" if len(several) == 1 else f"{len(several)} reports are"
            yield f"{reports} provisional, made of the papers' own sentences. {several[0]}"
