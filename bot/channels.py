"""What a channel gets, changed from chat by those who may: its digest's form, its end, its pauses.

A handler gets an Invocation, whose language is the one to answer in; it runs on the store's thread, since it may write.
"""

from __future__ import annotations

from msgspec.structs import replace

from bot import compose, forms, persons, spans, standing, subscribing, wishes
from bot.commands import Desk, line
from bot.rights import kept_out, require_manager
from digest import render
from digest.editions import Subscription
from digest.store import Store
from digest.subscriptions import FOR_GOOD, Kept, former, is_paused, keep, kept_at, pause, remove
from digest.types import MANAGER, Action, Destination, Form, Invocation, Message, Paragraph, Points, Run, Texts

_MINE = {"mine", "me", "my"}
_HERE = {"here", "channel"}


def channel_of(asked: Invocation, desk: Desk) -> Kept | None:
    """The digest that comes to the conversation, if one does."""
    return kept_at(desk.lookups, _place(asked)) if asked.channel else None


def _place(asked: Invocation) -> Destination:
    return Destination(asked.adapter, asked.workspace, asked.channel)


def here(asked: Invocation, rest: str, store: Store, desk: Desk) -> Message:
    """`here`: the form with what the channel gets; with words, as of a subscription, they are kept at once."""
    if persons.is_direct(asked):
        return subscribing.subscribe(asked, rest, store, desk)
    kept = channel_of(asked, desk)
    if refusal := _refusal(asked, kept, desk, sets_up=True):
        return refusal
    if not rest:
        return _asking(asked, kept, desk)
    if kept is None and rest.casefold() in subscribing.AGAIN:
        before = former(desk.lookups, _place(asked))
        return (
            _keep(replace(before, kind="channel", paused_until=None), asked, store, desk)
            if before
            else _asking(asked, kept, desk)
        )
    now = kept.subscription if kept else begun(asked, desk)
    said = wishes.read(rest, desk.domains().find, standing.languages_of(desk, now))
    fresh = replace(now, domains=(), with_words=(), without_words=()) if said.choose else now
    wanted = wishes.applied(said, fresh)
    if said.unknown:
        return subscribing.not_understood(said, wanted, "here", asked, desk)
    return _keep(wanted, asked, store, desk)


def answered(asked: Invocation, store: Store, desk: Desk) -> Message:
    """The form: shown, or, with answers, kept."""
    if persons.is_direct(asked):
        return subscribing.answered(asked, store, desk)
    kept = channel_of(asked, desk)
    if refusal := _refusal(asked, kept, desk, sets_up=True):
        return refusal
    if not asked.answers:
        return _asking(asked, kept, desk)
    said = forms.read(asked.answers, desk)
    wanted = wishes.applied(said, kept.subscription if kept else begun(asked, desk))
    if said.unknown:
        return replace(subscribing.unanswered(said, desk.texts(asked.language)), form=_form(wanted, asked, desk))
    return _keep(wanted, asked, store, desk)


def stop(asked: Invocation, store: Store, desk: Desk) -> Message:
    """`stop`: no digest comes here any more. In direct messages it is `unsubscribe all`."""
    if persons.is_direct(asked):
        return subscribing.unsubscribe(asked, "all", store, desk)
    texts = desk.texts(asked.language)
    kept = channel_of(asked, desk)
    if refusal := _refusal(asked, kept, desk):
        return refusal
    if kept is None:
        return line(texts, "status_not_here", [Action(texts.phrases["action_here"], command="channel")])
    remove(store, kept.number)
    return line(
        texts, "channel_stopped", [Action(texts.phrases["action_again"], command="paperboy", argument="here again")]
    )


def suspend(asked: Invocation, rest: str, store: Store, desk: Desk) -> Message:
    """`pause [mine|here] [until DATE]`: what the person gets, or, for who manages the channel, its digest."""
    mine, words = _meant(asked, rest, desk)
    if mine:
        return subscribing.suspend(asked, words, subscribing.own(asked, desk), store, desk)
    texts = desk.texts(asked.language)
    kept = channel_of(asked, desk)
    if (refusal := _refusal(asked, kept, desk)) or kept is None:
        return refusal or line(texts, "status_not_here")
    until = spans.day_meant(words, standing.today(kept.subscription, desk)) if words else FOR_GOOD
    if until is None:
        return line(texts, "pause_unknown", words=words[:80])
    pause(store, kept.number, until)
    offers = [Action(texts.phrases["action_resume"], command="paperboy", argument="resume here")]
    if subscribing.own(asked, desk) is not None:
        mine_instead = f"pause mine {words}".strip()
        offers.append(Action(texts.phrases["action_pause_mine"], command="paperboy", argument=mine_instead))
    if until == FOR_GOOD:
        return line(texts, "channel_paused_open", offers)
    return line(texts, "channel_paused", offers, date=render.day_in_words(until, texts))


def resume(asked: Invocation, rest: str, store: Store, desk: Desk) -> Message:
    """`resume [mine|here]`: a pause ends now; what was missed is not caught up."""
    mine, _ = _meant(asked, rest, desk)
    if mine:
        return subscribing.resume(asked, subscribing.own(asked, desk), store, desk)
    kept = channel_of(asked, desk)
    if (refusal := _refusal(asked, kept, desk)) or kept is None:
        return refusal or line(desk.texts(asked.language), "status_not_here")
    pause(store, kept.number, None)
    return _shown(replace(kept.subscription, paused_until=None), asked, desk)


def begun(asked: Invocation, desk: Desk) -> Subscription:
    """What a channel gets of which nobody has said anything yet."""
    return Subscription(
        to=_place(asked),
        language=asked.language if asked.language in compose.LANGUAGES else "en",
        timezone=persons.zone_of(asked, desk) or "UTC",
    )


def _meant(asked: Invocation, rest: str, desk: Desk) -> tuple[bool, str]:
    """Whether what the person gets is meant, not the channel's digest; and the words after what says so."""
    first, _, others = rest.partition(" ")
    if first.casefold() in _MINE or first.casefold() in _HERE:
        return first.casefold() in _MINE or persons.is_direct(asked), others.strip()
    if persons.is_direct(asked) or channel_of(asked, desk) is None:
        return True, rest
    return asked.role != MANAGER and subscribing.own(asked, desk) is not None, rest


def _refusal(asked: Invocation, kept: Kept | None, desk: Desk, *, sets_up: bool = False) -> Message | None:
    """Why what the channel gets cannot be changed here; None when it can. What `sets_up` its digest needs the bot in
    it. Raises Refused when the person may not."""
    texts = desk.texts(asked.language)
    if kept is not None and kept.fixed:
        return _listed("channel_fixed", standing.about(kept.subscription, desk, texts), texts)
    if sets_up and (obstacle := kept_out(asked, texts)) is not None:
        return obstacle
    require_manager(asked)
    return None


def _asking(asked: Invocation, kept: Kept | None, desk: Desk) -> Message:
    """The form; and what is in force, or an example of what can be typed, where no form can be shown."""
    texts = desk.texts(asked.language)
    subscription = kept.subscription if kept else begun(asked, desk)
    message = line(texts, "channel_ask") if kept is None else _shown(subscription, asked, desk)
    return replace(message, form=_form(subscription, asked, desk))


def _keep(wanted: Subscription, asked: Invocation, store: Store, desk: Desk) -> Message:
    keep(store, wanted)
    return _shown(wanted, asked, desk)


def _shown(subscription: Subscription, asked: Invocation, desk: Desk) -> Message:
    texts = desk.texts(asked.language)
    phrases = texts.phrases
    sentences = [
        *standing.wanted(subscription, desk, texts),
        phrases["channel_layout"].format(layout=phrases[f"layout_{subscription.layout}"]),
        *standing.would_have_come(subscription, desk, texts),
        *standing.coming(subscription, desk, texts),
    ]
    paused = is_paused(subscription, desk.clock())
    actions = (
        Action(phrases["action_change"], command="channel"),
        Action(phrases["action_resume"], command="paperboy", argument="resume here")
        if paused
        else Action(phrases["action_pause_week"], command="paperboy", argument="pause here for a week"),
        Action(phrases["action_stop"], command="paperboy", argument="stop"),
    )
    return replace(_listed("channel", sentences, texts), actions=actions)


def _listed(title: str, sentences: list[str], texts: Texts) -> Message:
    points = Points(tuple((Paragraph((Run(sentence),)),) for sentence in sentences))
    return Message(title=texts.phrases[title], blocks=(points,), plain=" ".join((texts.phrases[title], *sentences)))


def _form(subscription: Subscription, asked: Invocation, desk: Desk) -> Form:
    return forms.channel_form(subscription, desk, desk.texts(asked.language))
