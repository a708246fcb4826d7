"""The forms of subscriptions and channels: their questions, filled with how things stand, and what was answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot import compose, hours, timezones, wishes
from bot.commands import Desk
from bot.wishes import Wishes
from digest.editions import WEEKDAYS, Subscription
from digest.types import Field, FieldKind, Form, Texts

SUBSCRIPTION, CHANNEL, TIMEZONE = "subscription", "channel", "timezone"  # the commands that they are sent with

Answers = Mapping[str, tuple[str, ...]]


def subscription_form(subscription: Subscription, desk: Desk, texts: Texts) -> Form:
    """What a person gets. The first fields matter most, for platforms that show only some."""
    phrases = texts.phrases
    return Form(
        title=phrases["form_subscription"],
        command=SUBSCRIPTION,
        submit=phrases["form_save"],
        fields=(*_which(subscription, texts), *_when(subscription, texts), *_how(subscription, desk, texts)),
    )


def channel_form(subscription: Subscription, desk: Desk, texts: Texts) -> Form:
    """What a channel gets."""
    phrases = texts.phrases
    layout = Field(
        name="layout",
        label=phrases["field_layout"],
        kind=FieldKind.CHOICE,
        values=(subscription.layout,),
        choices=tuple((name, phrases[f"layout_{name}"]) for name in wishes.LAYOUTS),
        required=True,
    )
    return Form(
        title=phrases["form_channel"],
        command=CHANNEL,
        submit=phrases["form_save"],
        fields=(*_when(subscription, texts), *_which(subscription, texts), *_how(subscription, desk, texts), layout),
    )


def timezone_form(texts: Texts) -> Form:
    """Asks for a time zone in words."""
    return Form(
        title=texts.phrases["form_timezone"],
        command=TIMEZONE,
        submit=texts.phrases["form_save"],
        fields=(_timezone("", texts),),
    )


def read(answers: Answers, desk: Desk) -> Wishes:
    """What was answered, each field as tolerantly as what is typed; fields that were not shown say nothing.

    `unknown` names fields, those whose answer cannot be understood.
    """
    said: dict[str, Any] = {name: understood(answers[name]) for name, understood in _READ.items() if name in answers}
    if "domains" in answers:
        domains = (desk.domains().find(domain) for domain in answers["domains"])
        said["domains"] = tuple(domain for domain in domains if domain)
    for name in ("with_words", "without_words"):
        if name in answers:
            said[name] = wishes.entries(",".join(answers[name]))
    unknown = tuple(name for name in _READ if name in said and not said[name])
    return Wishes(**{name: value for name, value in said.items() if name not in unknown}, unknown=unknown)


def _which(subscription: Subscription, texts: Texts) -> tuple[Field, ...]:
    phrases = texts.phrases
    return (
        Field(
            name="domains",
            label=phrases["field_domains"],
            kind=FieldKind.CHOICES,
            values=subscription.domains,
            choices=tuple(texts.domains.items()),
            hint=phrases["hint_domains"],
        ),
        *(
            Field(
                name=name,
                label=phrases[f"field_{name}"],
                values=(", ".join(words),) if words else (),
                hint=phrases["hint_words"],
            )
            for name, words in (("with_words", subscription.with_words), ("without_words", subscription.without_words))
        ),
    )


def _when(subscription: Subscription, texts: Texts) -> tuple[Field, ...]:
    phrases = texts.phrases
    return (
        Field(
            name="at",
            label=phrases["field_at"],
            values=(subscription.at,),
            hint=phrases["hint_at"],
            required=True,
        ),
        _timezone(subscription.timezone, texts),
        Field(
            name="weekdays",
            label=phrases["field_weekdays"],
            kind=FieldKind.CHOICES,
            values=subscription.weekdays,
            choices=tuple(zip(WEEKDAYS, phrases["weekdays"].split(), strict=True)),
            required=True,
        ),
    )


def _how(subscription: Subscription, desk: Desk, texts: Texts) -> tuple[Field, ...]:
    phrases, names = texts.phrases, desk.languages(texts.language)
    tags = dict.fromkeys((*compose.LANGUAGES, subscription.language))
    return (
        Field(
            name="limit",
            label=phrases["field_limit"],
            values=(str(subscription.limit),),
            hint=phrases["hint_limit"].format(most=wishes.MOST_PAPERS),
            required=True,
        ),
        Field(
            name="language",
            label=phrases["field_language"],
            kind=FieldKind.CHOICE,
            values=(subscription.language,),
            choices=tuple((tag, names.get(tag, tag)) for tag in tags),
            required=True,
        ),
    )


def _timezone(zone: str, texts: Texts) -> Field:
    return Field(
        name="timezone",
        label=texts.phrases["field_timezone"],
        values=(zone,) if zone else (),
        hint=texts.phrases["hint_timezone"],
        required=True,
    )


def _weekdays(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(day for day in WEEKDAYS if day in values)


def _limit(values: tuple[str, ...]) -> int | None:
    number = wishes.number_meant(_one(values))
    return number if number is not None and 0 < number <= wishes.MOST_PAPERS else None


def _language(values: tuple[str, ...]) -> str:
    return _one(values) if _TAG.fullmatch(_one(values)) else ""


def _one(values: tuple[str, ...]) -> str:
    return values[0].strip() if values else ""


_TAG = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]+)*")
_READ: Mapping[str, Callable[[tuple[str, ...]], Any]] = {
    "at": lambda values: hours.hour_meant(_one(values)),
    "weekdays": _weekdays,
    "limit": _limit,
    "language": _language,
    "timezone": lambda values: timezones.find(_one(values)),
    "layout": lambda values: _one(values) if _one(values) in wishes.LAYOUTS else "",
}
