"""What a person gets in their direct messages: subscribing, changing, pausing, ending it. And being forgotten.

People see and change only their own. A handler gets an Invocation, whose language is the one to answer in, and what
follows the command's word; it runs on the store's thread, since it may write.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from bot import compose, forms, spans, standing, timezones, wishes
from bot.commands import Desk, line
from bot.persons import direct_messages, is_direct, person_of, zone_of
from bot.wishes import Wishes
from digest import people, render
from digest.editions import Subscription
from digest.nearest import nearest
from digest.store import Store
from digest.subscriptions import FOR_GOOD, PERSON_LIMIT, Kept, former, is_paused, keep, kept_at, pause, remove
from digest.types import Action, Form, Invocation, Message, Paragraph, Points, Run, RunKind, Texts

_EVERYTHING = {"all", "everything", "全部", "所有"}
AGAIN = {"again"}
_NAMED = 5  # of the words that were not understood


# --- what there is ----------------------------------------------------------------------------------------------


def own(asked: Invocation, desk: Desk) -> Kept | None:
    """The subscription of the person who asks."""
    return kept_at(desk.lookups, direct_messages(asked)) if asked.person else None


def begun(asked: Invocation, desk: Desk) -> Subscription:
    """What a person gets who has said nothing yet; an hour in UTC until their time zone is known."""
    return Subscription(
        to=direct_messages(asked),
        kind="person",
        person=asked.person,
        language=asked.language if asked.language in compose.LANGUAGES else "en",
        timezone=zone_of(asked, desk) or "UTC",
        limit=PERSON_LIMIT,
    )


def _present(kept: Kept | None, asked: Invocation, desk: Desk) -> Subscription:
    """What the person gets now, its hour in the time zone that they are in now."""
    if kept is None:
        return begun(asked, desk)
    return replace(kept.subscription, timezone=zone_of(asked, desk) or kept.subscription.timezone)


# --- subscribing -------------------------------------------------------------------------------------------------


def subscribe(asked: Invocation, rest: str, store: Store, desk: Desk) -> Message:
    """`subscribe DOMAIN… [at HH:MM] [weekdays] [limit N] [with WORDS] [without WORDS] [language L]`.

    What says which papers replaces the whole subscription; what says only when and how changes that of it.
    """
    kept = own(asked, desk)
    if kept is not None and kept.fixed:
        return _fixed(asked, desk)
    if rest.casefold() in AGAIN and kept is None:
        return _return(asked, store, desk)
    if not rest:
        return questions(asked, desk)
    said = wishes.read(rest, desk.domains().find, standing.languages_of(desk, *([kept.subscription] if kept else [])))
    now = _present(kept, asked, desk)
    base = now
    if said.choose or said.unknown:
        base = replace(begun(asked, desk), timezone=now.timezone, paused_until=now.paused_until)
    wanted = wishes.applied(said, base)
    if said.unknown:
        return not_understood(said, wanted, "subscribe", asked, desk)
    if kept is None and not said.choose:
        return replace(questions(asked, desk), form=_form(wanted, asked, desk))
    return _keep(wanted, said, asked, store, desk)


def _return(asked: Invocation, store: Store, desk: Desk) -> Message:
    """`subscribe again`: what there was before it was ended."""
    before = former(store, direct_messages(asked))
    if before is None:
        return questions(asked, desk)
    return _keep(replace(before, kind="person", paused_until=None), Wishes(), asked, store, desk)


def questions(asked: Invocation, desk: Desk) -> Message:
    """The form, filled with how things stand; and a button for each domain, where no form can be shown."""
    texts = desk.texts(asked.language)
    kept = own(asked, desk)
    offers = [
        Action(label, command="paperboy", argument=f"subscribe {domain}") for domain, label in texts.domains.items()
    ]
    if kept is None:
        return replace(line(texts, "subscribe_which", offers), form=_form(begun(asked, desk), asked, desk))
    if kept.fixed:
        return _fixed(asked, desk)
    return replace(_shown(kept.subscription, asked, desk), form=_form(kept.subscription, asked, desk))


def subscriptions(asked: Invocation, desk: Desk) -> Message:
    """`subscriptions`: what comes, and what can be done about it."""
    kept = own(asked, desk)
    if kept is None:
        return _nothing_yet(asked, desk)
    return _fixed(asked, desk) if kept.fixed else _shown(kept.subscription, asked, desk)


def answered(asked: Invocation, store: Store, desk: Desk) -> Message:
    """The form: shown, or, with answers, kept."""
    kept = own(asked, desk)
    if (kept is not None and kept.fixed) or not asked.answers:
        return questions(asked, desk)
    said = forms.read(asked.answers, desk)
    wanted = wishes.applied(said, _present(kept, asked, desk))
    if said.unknown:
        return replace(unanswered(said, desk.texts(asked.language)), form=_form(wanted, asked, desk))
    return _keep(wanted, said, asked, store, desk)


def unanswered(said: Wishes, texts: Texts) -> Message:
    """Names the fields of a form whose answers cannot be understood."""
    fields = ", ".join(texts.phrases[f"field_{name}"] for name in said.unknown)
    return line(texts, "form_unknown", fields=fields)


def _keep(wanted: Subscription, said: Wishes, asked: Invocation, store: Store, desk: Desk) -> Message:
    first = own(asked, desk) is None
    if said.timezone and said.timezone != asked.timezone:
        people.choose_timezone(store, person_of(asked), said.timezone)
    keep(store, wanted)
    message = _shown(wanted, asked, desk, ask_zone=first)
    return replace(message, title=desk.texts(asked.language).phrases["subscribed"])


def not_understood(said: Wishes, wanted: Subscription, word: str, asked: Invocation, desk: Desk) -> Message:
    """What was understood, what was not, and buttons for the nearest: nothing has been changed yet."""
    texts = desk.texts(asked.language)
    unknown = said.unknown[:_NAMED]
    close = list(dict.fromkeys(domain for words in unknown for domain in _near(words, desk)))[:3]
    corrected = [replace(wanted, domains=tuple(dict.fromkeys((*wanted.domains, domain)))) for domain in close]
    if said.choose:
        corrected.append(wanted)
    offers = [
        Action(f"/paperboy {word} {wishes.typed(one)}", command="paperboy", argument=f"{word} {wishes.typed(one)}")
        for one in corrected
    ]
    phrases = texts.phrases
    sentences = [phrases["not_understood"].format(words=", ".join(f"“{words[:80]}”" for words in unknown))]
    if close:
        sentences.append(phrases["nearest"].format(nearest=", ".join(close)))
    if said.choose:
        sentences.append(phrases["understood"].format(words=wishes.typed(wanted)))
    text = " ".join(sentences)
    return Message(blocks=(Paragraph((Run(text),)),), actions=tuple(offers), plain=text)


def _near(unknown: str, desk: Desk) -> tuple[str, ...]:
    """The domains that look like what was typed; none when hardly any does."""
    names = desk.texts("zh").domains
    labels = [label for domain in desk.domains().nearest(unknown) for label in (domain, names[domain])]
    close = nearest(unknown.casefold(), labels, 2)
    return tuple(domain for label in close if (domain := desk.domains().find(label)))


# --- ending and pausing ------------------------------------------------------------------------------------------


def unsubscribe(asked: Invocation, rest: str, store: Store, desk: Desk) -> Message:
    """`unsubscribe [DOMAIN…|all]`: without a word it asks, unless there is only one thing to end."""
    texts = desk.texts(asked.language)
    kept = own(asked, desk)
    if kept is None:
        return _nothing_yet(asked, desk)
    if kept.fixed:
        return _fixed(asked, desk)
    if rest.casefold() in _EVERYTHING or (not rest and len(kept.subscription.domains) < 2):
        remove(store, kept.number)
        again = Action(texts.phrases["action_again"], command="paperboy", argument="subscribe again")
        return line(texts, "unsubscribed", [again])
    if not rest:
        return line(texts, "unsubscribe_which", _unsubscribe_actions(kept.subscription, texts))
    said = wishes.read(rest, desk.domains().find, {})
    if said.unknown or not said.domains:
        message = line(texts, "unsubscribe_unknown", words=rest[:80])
        return replace(message, actions=_unsubscribe_actions(kept.subscription, texts))
    held = kept.subscription.domains or tuple(texts.domains)
    left = tuple(domain for domain in held if domain not in said.domains)
    if not left:
        return unsubscribe(asked, "all", store, desk)
    return _keep(replace(kept.subscription, domains=left), Wishes(), asked, store, desk)


def suspend(asked: Invocation, rest: str, kept: Kept | None, store: Store, desk: Desk) -> Message:
    """Pauses a subscription until a day, or without one until it is resumed."""
    texts = desk.texts(asked.language)
    if kept is None:
        return _nothing_yet(asked, desk)
    if kept.fixed:
        return _fixed(asked, desk)
    today = standing.today(kept.subscription, desk)
    until = spans.day_meant(rest, today) if rest else FOR_GOOD
    if until is None:
        return line(texts, "pause_unknown", [pause_action(texts)], words=rest[:80])
    pause(store, kept.number, until)
    offers = [Action(texts.phrases["action_resume"], command="paperboy", argument="resume mine")]
    if until == FOR_GOOD:
        return line(texts, "paused_for_good", [*offers, pause_action(texts)])
    return line(texts, "paused", offers, date=render.day_in_words(until, texts))


def resume(asked: Invocation, kept: Kept | None, store: Store, desk: Desk) -> Message:
    if kept is None:
        return _nothing_yet(asked, desk)
    if kept.fixed:
        return _fixed(asked, desk)
    pause(store, kept.number, None)
    return _shown(replace(kept.subscription, paused_until=None), asked, desk)


# --- time zones --------------------------------------------------------------------------------------------------


def choose_zone(asked: Invocation, store: Store, desk: Desk) -> Message:
    """`timezone [ZONE]`, or the form with one: the hours of the person who asks are in it from now on."""
    texts = desk.texts(asked.language)
    words = " ".join(asked.answers.get("timezone", ())) or asked.args.strip()
    if not words:
        return _which_zone("which_timezone", texts)
    zone = timezones.find(words)
    if zone is None:
        close = timezones.nearest(words)
        message = line(texts, "unknown_timezone", words=words[:80], nearest=", ".join(close or timezones.OFFERED[:3]))
        return replace(message, actions=_zones(close or timezones.OFFERED, texts), form=forms.timezone_form(texts))
    people.choose_timezone(store, person_of(asked), zone)
    kept = own(asked, desk)
    if kept is None:
        return line(texts, "timezone_saved", timezone=zone)
    return _shown(kept.subscription, asked, desk)


def _which_zone(key: str, texts: Texts) -> Message:
    return replace(line(texts, key), actions=_zones(timezones.OFFERED, texts), form=forms.timezone_form(texts))


def _zones(zones: Sequence[str], texts: Texts) -> tuple[Action, ...]:
    """Buttons; what stands after the last slash is a city."""
    labels = ((zone, zone.rpartition("/")[2].replace("_", " ")) for zone in zones)
    other = Action(texts.phrases["action_timezone"], command="timezone")
    return (*(Action(label, command="timezone", argument=zone) for zone, label in labels), other)


# --- how it looks ------------------------------------------------------------------------------------------------


def pause_action(texts: Texts) -> Action:
    return Action(texts.phrases["action_pause_week"], command="paperboy", argument="pause mine for a week")


def status_lines(asked: Invocation, desk: Desk, texts: Texts) -> list[str]:
    """A person's subscription in their direct messages; elsewhere, where others may read it, only when it comes."""
    kept = own(asked, desk)
    if kept is None:
        return []
    if is_direct(asked):
        return standing.about(kept.subscription, desk, texts)
    return [texts.phrases["status_mine"], *standing.coming(kept.subscription, desk, texts)]


def _shown(subscription: Subscription, asked: Invocation, desk: Desk, *, ask_zone: bool = False) -> Message:
    """What it brings, how much that would have been, and what can be done about it.

    The time zone is asked for when nobody knows it: with all the choices the first time, later with one button.
    """
    texts = desk.texts(asked.language)
    phrases = texts.phrases
    zone_known = bool(zone_of(asked, desk)) or subscription.timezone != "UTC"
    sentences = standing.wanted(subscription, desk, texts)
    sentences += standing.would_have_come(subscription, desk, texts)
    sentences += standing.coming(subscription, desk, texts)
    if not zone_known:
        sentences.append(phrases["timezone_unknown"])
    again = Paragraph((Run(f"/paperboy subscribe {wishes.typed(subscription)}", RunKind.CODE),))
    paused = is_paused(subscription, desk.clock())
    actions = [
        Action(phrases["action_change"], command="subscription"),
        Action(phrases["action_resume"], command="paperboy", argument="resume mine") if paused else pause_action(texts),
        Action(phrases["action_unsubscribe"], command="paperboy", argument="unsubscribe all"),
    ]
    if not zone_known:
        actions += (
            _zones(timezones.OFFERED, texts) if ask_zone else [Action(phrases["action_timezone"], command="timezone")]
        )
    return Message(
        title=phrases["subscription"],
        blocks=(Points(tuple((Paragraph((Run(sentence),)),) for sentence in sentences)), again),
        actions=tuple(actions),
        plain=" ".join(sentences),
    )


def _form(subscription: Subscription, asked: Invocation, desk: Desk) -> Form:
    """The person's form; an hour that nobody has said in which zone it is leaves the zone to be filled in."""
    zone = subscription.timezone if subscription.timezone != "UTC" else zone_of(asked, desk)
    return forms.subscription_form(replace(subscription, timezone=zone), desk, desk.texts(asked.language))


def _fixed(asked: Invocation, desk: Desk) -> Message:
    return line(desk.texts(asked.language), "subscription_fixed")


def _nothing_yet(asked: Invocation, desk: Desk) -> Message:
    texts = desk.texts(asked.language)
    return line(texts, "not_subscribed", [Action(texts.phrases["action_subscribe"], command="subscription")])


def _unsubscribe_actions(subscription: Subscription, texts: Texts) -> tuple[Action, ...]:
    return (
        *(
            Action(texts.domains.get(domain, domain), command="paperboy", argument=f"unsubscribe {domain}")
            for domain in subscription.domains
        ),
        Action(texts.phrases["action_unsubscribe_all"], command="paperboy", argument="unsubscribe all"),
    )
