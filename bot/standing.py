"""How things stand, in sentences: today's list; and with a subscription what it brings, when, how much that would have
been, pauses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date
from zoneinfo import ZoneInfo

from bot import compose
from bot.commands import Desk
from digest.days import DayState, day_of
from digest.editions import WEEKDAYS, Subscription
from digest.render import day_in_words, domain_names
from digest.select import select
from digest.subscriptions import FOR_GOOD, is_paused, next_hour
from digest.types import Paper, Report, Texts


def list_of_today(desk: Desk, texts: Texts, timezone: str) -> list[str]:
    """How the list of the day stands while it is not complete, days being those of the source; the next look at it by
    the clock of `timezone`. None: it is complete, or nobody has asked for it."""
    known = day_of(desk.lookups, desk.clock().astimezone(UTC).date())
    key = None if known is None else _LISTED.get(known.state, "")
    if known is None or not key:
        return []
    if known.state is DayState.GROWING and known.papers:
        key = "list_growing" if known.papers > 1 else "list_growing_one"
    sentence = texts.phrases[key].format(
        date=day_in_words(known.day, texts, form="date_short"),
        papers=known.papers,
        time="" if known.next_ask_at is None else f"{known.next_ask_at.astimezone(ZoneInfo(timezone)):%H:%M}",
        timezone=timezone,
    )
    return [sentence]


def about(subscription: Subscription, desk: Desk, texts: Texts) -> list[str]:
    """What is asked for, and when it comes next."""
    return [*wanted(subscription, desk, texts), *coming(subscription, desk, texts)]


def wanted(subscription: Subscription, desk: Desk, texts: Texts) -> list[str]:
    """Which papers, at what hour, and in which language."""
    phrases = texts.phrases
    names = dict(zip(WEEKDAYS, phrases["weekdays"].split(), strict=True))
    sentences = [
        phrases["wanted"].format(
            papers=domain_names(subscription.domains, texts) or phrases["wanted_all"],
            weekdays=" ".join(names[weekday] for weekday in subscription.weekdays),
            at=subscription.at,
            timezone=subscription.timezone,
            limit=subscription.limit,
            language=desk.languages(texts.language).get(subscription.language, subscription.language),
        )
    ]
    for key, words in (("wanted_with", subscription.with_words), ("wanted_without", subscription.without_words)):
        if words:
            sentences.append(phrases[key].format(words=quoted(words, texts)))
    return sentences


def coming(subscription: Subscription, desk: Desk, texts: Texts) -> list[str]:
    """The pause, if there is one, and the next hour."""
    now = desk.clock()
    sentences = []
    if subscription.paused_until == FOR_GOOD:
        sentences.append(texts.phrases["pause_open"])
    elif subscription.paused_until is not None and is_paused(subscription, now):
        sentences.append(texts.phrases["pause_until"].format(date=day_in_words(subscription.paused_until, texts)))
    if due := next_hour(subscription, now):
        sentences.append(
            texts.phrases["next_digest"].format(
                date=day_in_words(due.date(), texts, form="date_short"),
                at=f"{due:%H:%M}",
                timezone=subscription.timezone,
            )
        )
    return sentences


def would_have_come(subscription: Subscription, desk: Desk, texts: Texts) -> list[str]:
    """What the subscription would have brought of the newest day: a sentence, none before the first day."""
    day = desk.lookups.newest_day()
    if day is None:
        return []
    fitting, total = matching(subscription, day, desk)
    key = "would_have_come" if len(fitting) <= subscription.limit else "would_have_come_first"
    sentence = texts.phrases[key].format(count=min(len(fitting), subscription.limit), fitting=len(fitting), total=total)
    return [sentence]


def matching(subscription: Subscription, day: date, desk: Desk) -> tuple[Sequence[tuple[Paper, Report]], int]:
    """The papers of a day that fit a subscription, whatever its limit, and how many papers the day has."""
    papers = desk.lookups.digest(day, subscription.language).papers
    selection = select(
        papers,
        domains=subscription.domains,
        with_words=subscription.with_words,
        without_words=subscription.without_words,
        limit=len(papers),
        already=(),
    )
    return selection.papers, len(papers)


def today(subscription: Subscription, desk: Desk) -> date:
    """The day it is where the digest arrives."""
    return desk.clock().astimezone(ZoneInfo(subscription.timezone)).date()


def languages_of(desk: Desk, *subscriptions: Subscription) -> dict[str, str]:
    """The tags of languages by everything that people call them, those of the subscriptions among them."""
    named = {tag: tag for tag in (*compose.LANGUAGES, *(one.language for one in subscriptions))}
    for language in compose.LANGUAGES:
        named |= {name.casefold(): tag for tag, name in desk.languages(language).items()}
    return named | _ALSO_CALLED


def quoted(words: Sequence[str], texts: Texts) -> str:
    comma = "、" if texts.language.startswith("zh") else ", "
    return comma.join(f"“{word}”" for word in words)


_LISTED = {
    DayState.GROWING: "list_empty",
    DayState.STALLED: "list_stalled",
    DayState.FAILED: "list_failed",
    DayState.QUIET: "list_quiet",
}
_ALSO_CALLED = {
    "英语": "en",
    "汉语": "zh",
    "简体中文": "zh",
    "华语": "zh",
    "mandarin": "zh",
    "zh-cn": "zh",
    "en-us": "en",
}
