"""Hide a paper in one channel, for its managers: `hide ID`, `unhide ID`."""

from __future__ import annotations

import logging

from bot import compose, persons
from bot.commands import line
from bot.delivery import composer
from bot.mistakes import NOTICES
from bot.operator_notices import Author, notify_operator
from bot.rights import require_manager
from digest import corrections
from digest.covers import hidden_at
from digest.spendings import Kind, spend
from digest.store import Store
from digest.subscriptions import Kept, kept_at
from digest.types import Action, ArxivId, Destination, Invocation, Message, Texts

log = logging.getLogger(__name__)


def hide(store: Store, asked: Invocation, texts: Texts, operators: Texts, author: Author) -> Message:
    """`hide ID`: from now on the channel's card says that it is hidden. Raises Refused, and Overspent."""
    paper = ArxivId.parse(asked.args.split()[0])
    channel = _channel(store, asked, texts)
    if isinstance(channel, Message):
        return channel
    known = store.paper(paper)
    if known is None:
        return line(texts, "unknown_paper", id=paper)
    undo = Action(texts.phrases["action_unhide"], command="unhide", argument=str(paper))
    if channel.number in hidden_at(store, paper):
        return line(texts, "hide_already", [undo], id=paper)
    spend(store, asked, Kind.NOTICE, NOTICES)
    corrections.hide(store, compose.localizer(), paper, channel.number, author.id, composer)
    where = str(channel.subscription.to)
    notify_operator(store, operators, author, "operator_hidden", known, channel=where)
    log.warning("a paper was hidden in a channel", extra={"paper": paper, "channel": where})
    return line(texts, "hide_done", [undo], id=paper)


def unhide(store: Store, asked: Invocation, texts: Texts, operators: Texts, author: Author) -> Message:
    """`unhide ID`: undoes `hide`. Raises Refused."""
    paper = ArxivId.parse(asked.args.split()[0])
    channel = _channel(store, asked, texts)
    if isinstance(channel, Message):
        return channel
    known = store.paper(paper)
    if known is None or channel.number not in hidden_at(store, paper):
        return line(texts, "unhide_nothing", id=paper)
    corrections.unhide(store, compose.localizer(), paper, channel.number, composer)
    where = str(channel.subscription.to)
    notify_operator(store, operators, author, "operator_unhidden", known, channel=where)
    log.warning("a paper is shown in a channel again", extra={"paper": paper, "channel": where})
    return line(texts, "unhide_done", id=paper)


def _channel(store: Store, asked: Invocation, texts: Texts) -> Kept | Message:
    """The channel whose digest the person manages, or why there is none. Raises Refused."""
    if persons.is_direct(asked):
        return line(texts, "hide_in_channel")
    require_manager(asked)
    kept = kept_at(store, Destination(asked.adapter, asked.workspace, asked.channel))
    return line(texts, "status_not_here") if kept is None else kept
