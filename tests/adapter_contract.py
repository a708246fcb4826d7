"""What every chat adapter must keep, whatever its platform: a test class gives the platform and inherits the rest.

class TestSlack(AdapterContract):
    @pytest.fixture
    async def platform(self) -> AsyncIterator[Platform]: ...
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Protocol

import pytest

from digest.errors import DeliveryError, DestinationClosed, MaybeSent, MessageGone, MessageRefused, NotSent
from digest.types import (
    Action,
    Block,
    ChatAdapter,
    Destination,
    Message,
    Paragraph,
    Points,
    Posted,
    Run,
    RunKind,
    Table,
)
from tests.makers import sentence

RETRY_AFTER_S = 7


class Trouble(Enum):
    """What the next message that is sent meets."""

    LIMITED = auto()  # "too many, come again after RETRY_AFTER_S"
    CLOSED = auto()  # the channel is archived
    REVOKED = auto()  # the token is not valid any more
    REFUSED = auto()  # the platform does not like this message
    FAILED = auto()  # a server error; it is not there
    LOST = auto()  # the connection breaks; it is not there
    APPLIED_AND_FAILED = auto()  # a server error; it is there
    APPLIED_AND_LOST = auto()  # the connection breaks; it is there
    APPLIED_AND_SILENT = auto()  # no answer comes; it is there


class Platform(Protocol):
    """A local platform, and an adapter that is connected to it and gives up on a request within a second or so."""

    @property
    def adapter(self) -> ChatAdapter: ...

    @property
    def to(self) -> Destination: ...

    def trouble(self, trouble: Trouble) -> None:
        """Arranges what the next message meets; afterwards all is well."""

    def delete(self, posted: Posted) -> None:
        """Somebody who may deletes a message."""

    def texts(self) -> list[str]:
        """What everybody can read at `to`, a text for each message with its title and footer, oldest first; replies
        too."""

    def links(self) -> set[str]:
        """The addresses that can be opened from the messages at `to`, buttons too."""

    def calls(self) -> list[str]:
        """Who or what is notified by the messages at `to`: people, groups, everybody."""

    def buttons(self) -> list[str]:
        """What can be pressed on the newest message at `to`, menus' entries left out."""

    async def ask(self, message: Message) -> list[str]:
        """What somebody sees, message by message, who gives a command at `to` that is answered with this message."""


CARD = Message(
    title="Lanterns for Deep Networks",
    link="https://huggingface.co/papers/2601.00001",
    blocks=(sentence("Lanterns make every layer visible."),),
    footer="vision · ▲7 · full text",
    actions=(Action("Read report", command="read", argument="2601.00001"), Action("Hub", url="https://hub.example/1")),
)
_BIDI = "\u202e\u2066\u200f"
HOSTILE = (
    f"@everyone @here <!channel> <!here> <@U0ALICE001> <@&1234> <#C0PAPERS01> @channel {_BIDI}fdp.exe "
    "<https://evil.example|https://arxiv.org> [https://arxiv.org](https://evil.example) javascript:alert(1) "
    "*_~`bold`~_* ||spoiler|| > quote &lt;!channel&gt; # heading"
)


def numbered(count: int) -> list[str]:
    return [f"Sentence {number} of many 第{number}句。" for number in range(count)]


def lately() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


class AdapterContract:
    """Inherited by a test class whose fixture `platform` is a Platform."""

    # --- texts -------------------------------------------------------------------------------------------------------

    async def test_a_message_arrives_with_all_that_it_has(self, platform: Platform) -> None:
        """Title, text, footer, address and buttons, in one message."""
        await platform.adapter.post(platform.to, CARD, under=None, key="k1")
        (text,) = platform.texts()
        told = (CARD.title, "Lanterns make every layer visible.", CARD.footer)
        assert [text.find(part) for part in told] == sorted(text.find(part) for part in told)
        assert all(part in text for part in told)
        assert platform.links() == {CARD.link, "https://hub.example/1"}
        assert platform.buttons() == ["Read report", "Hub"]

    @pytest.mark.parametrize("count", [300, 3000])
    async def test_a_post_is_one_message_however_long(self, platform: Platform, count: int) -> None:
        """It begins with its beginning and keeps its buttons; what is left out, is left out after whole sentences, and
        a sign says so."""
        sentences = numbered(count)
        message = Message(
            title="Long", blocks=tuple(sentence(text) for text in sentences), footer="the end", actions=CARD.actions
        )
        posted = await platform.adapter.post(platform.to, message, under=None, key="k1")
        (text,) = platform.texts()
        assert sentences[0] in text
        assert "the end" in text
        assert "…" in text
        shown = re.findall(r"Sentence (\d+)", text)
        assert shown == [str(number) for number in range(len(shown))]
        assert all(one in text for one in sentences[: len(shown)])
        assert platform.buttons() == ["Read report", "Hub"]
        await platform.adapter.edit(platform.to, posted, message)
        assert len(platform.texts()) == 1

    @pytest.mark.parametrize("count", [1, 300, 2000])
    async def test_an_answer_is_whole_however_long(self, platform: Platform, count: int) -> None:
        """In as many messages as it takes, in order, and nobody else sees it."""
        sentences = numbered(count)
        point_list = Points(tuple((sentence(text),) for text in sentences[count // 2 :]))
        blocks: tuple[Block, ...] = (*(sentence(text) for text in sentences[: count // 2]), point_list)
        shown = await platform.ask(Message(title="Long", blocks=blocks))
        text = "\n".join(shown)
        assert re.findall(r"Sentence (\d+) of", text) == [str(number) for number in range(count)]
        assert all(one in text for one in sentences)
        assert platform.texts() == []

    async def test_one_word_longer_than_any_message_is_whole(self, platform: Platform) -> None:
        """Nothing to break it at, and characters of four bytes."""
        word = "𝕏数" * 6000
        shown = await platform.ask(Message(blocks=(sentence(word),)))
        assert "".join("".join(shown).split()) == word

    async def test_what_papers_say_notifies_nobody_and_links_nowhere(self, platform: Platform) -> None:
        """In every place of a message. The text stays readable, without the characters that turn it round."""
        runs = tuple(Run(HOSTILE, kind=kind, bold=bold) for kind in RunKind for bold in (False, True))
        message = Message(
            title=HOSTILE,
            blocks=(Paragraph(runs), Points(((Paragraph(runs),),)), Table((runs[:1],), ((runs[:1],),))),
            footer=HOSTILE,
            actions=(Action("<!channel>", command="read", argument="1"), Action("bad", url="javascript:alert(1)")),
            plain=HOSTILE,
        )
        posted = await platform.adapter.post(platform.to, message, under=None, key="k1")
        await platform.adapter.edit(platform.to, posted, message)
        assert platform.calls() == []
        assert platform.links() == set()
        assert not any(char in text for text in platform.texts() for char in _BIDI)
        assert "quote" in platform.texts()[0]

    @pytest.mark.parametrize("message", [Message(), Message(title=" "), Message(blocks=(sentence(""),))])
    async def test_an_empty_message_is_no_fault(self, platform: Platform, message: Message) -> None:
        """No platform takes one, and the rest of the thread must not wait for it."""
        await platform.adapter.post(platform.to, message, under=None, key="k1")
        assert len(platform.texts()) == 1

    # --- threads and edits -------------------------------------------------------------------------------------------

    async def test_replies_stand_under_their_message_and_are_found_there(self, platform: Platform) -> None:
        """Each by its key, and the message itself by its own."""
        parent = await platform.adapter.post(platform.to, CARD, under=None, key="parent")
        replies = [await platform.adapter.post(platform.to, CARD, under=parent, key=f"r{n}") for n in range(3)]
        find = platform.adapter.find
        assert await find(platform.to, "parent", under=None, since=lately()) == parent
        assert [await find(platform.to, f"r{n}", under=parent, since=lately()) for n in range(3)] == replies
        assert await find(platform.to, "r3", under=parent, since=lately()) is None

    async def test_a_headline_and_its_cards_are_read_from_top_to_bottom(self, platform: Platform) -> None:
        """In the order they were posted in, also after the headline and one of them were edited."""
        adapter, to = platform.adapter, platform.to
        headline = await adapter.post(to, Message(title="Day"), under=None, key="day")
        cards = [await adapter.post(to, Message(title=f"Card {n}"), under=headline, key=f"c{n}") for n in range(4)]
        await adapter.edit(to, headline, Message(title="Day, corrected"))
        await adapter.edit(to, cards[1], Message(title="Card 1, corrected"))
        assert platform.texts() == ["Day, corrected", "Card 0", "Card 1, corrected", "Card 2", "Card 3"]
        assert await adapter.find(to, "c1", under=headline, since=lately()) == cards[1]
        assert await adapter.find(to, "day", under=None, since=lately()) == headline

    async def test_an_edit_done_twice_is_done_once(self, platform: Platform) -> None:
        """The message has the new text, and is still found by its key."""
        posted = await platform.adapter.post(platform.to, CARD, under=None, key="k1")
        for _ in range(2):
            await platform.adapter.edit(platform.to, posted, Message(title="Corrected"))
        assert platform.texts() == ["Corrected"]
        assert await platform.adapter.find(platform.to, "k1", under=None, since=lately()) == posted

    async def test_what_people_deleted_is_told_apart_and_does_not_come_back(self, platform: Platform) -> None:
        """A message and a reply that were deleted cannot be edited; what stands beside them can."""
        parent = await platform.adapter.post(platform.to, CARD, under=None, key="parent")
        replies = [await platform.adapter.post(platform.to, CARD, under=parent, key=f"r{n}") for n in range(2)]
        platform.delete(replies[0])
        with pytest.raises(MessageGone) as raised:
            await platform.adapter.edit(platform.to, replies[0], Message(title="Corrected"))
        assert re.fullmatch(r"[A-Z].{20,}\.", str(raised.value))
        await platform.adapter.edit(platform.to, replies[1], Message(title="Beside"))
        assert platform.texts()[1:] == ["Beside"]
        platform.delete(parent)
        with pytest.raises(MessageGone):
            await platform.adapter.edit(platform.to, parent, Message(title="Corrected"))
        assert platform.texts() == ["Beside"]

    # --- faults ------------------------------------------------------------------------------------------------------

    async def test_a_limit_says_when_to_come_again(self, platform: Platform) -> None:
        """Nothing was sent, and nothing is repeated by itself."""
        platform.trouble(Trouble.LIMITED)
        with pytest.raises(NotSent) as raised:
            await platform.adapter.post(platform.to, CARD, under=None, key="k1")
        assert raised.value.retry_after_s == RETRY_AFTER_S
        assert platform.texts() == []

    @pytest.mark.parametrize(
        ("trouble", "kind"),
        [
            (Trouble.CLOSED, DestinationClosed),
            (Trouble.REVOKED, DestinationClosed),
            (Trouble.REFUSED, MessageRefused),
        ],
    )
    async def test_what_time_does_not_mend_is_told_apart(
        self, platform: Platform, trouble: Trouble, kind: type[DeliveryError]
    ) -> None:
        """A place or an app that is shut out, and a single message; in a sentence for people. The next is taken."""
        platform.trouble(trouble)
        with pytest.raises(kind) as raised:
            await platform.adapter.post(platform.to, CARD, under=None, key="k1")
        assert re.fullmatch(r"[A-Z].{20,}\.", str(raised.value))
        assert "xox" not in str(raised.value)
        await platform.adapter.post(platform.to, CARD, under=None, key="k2")
        assert len(platform.texts()) == 1

    @pytest.mark.parametrize(
        "trouble",
        [
            Trouble.FAILED,
            Trouble.LOST,
            Trouble.APPLIED_AND_FAILED,
            Trouble.APPLIED_AND_LOST,
            Trouble.APPLIED_AND_SILENT,
        ],
    )
    @pytest.mark.parametrize("in_thread", [False, True])
    async def test_a_doubt_is_settled_by_asking_and_the_key_is_there_once(
        self, platform: Platform, trouble: Trouble, in_thread: bool
    ) -> None:
        """Post, no usable answer, find; posted again only when the platform does not have it."""
        under = await platform.adapter.post(platform.to, CARD, under=None, key="parent") if in_thread else None
        before = len(platform.texts())
        platform.trouble(trouble)
        with pytest.raises(MaybeSent):
            await platform.adapter.post(platform.to, CARD, under=under, key="k1")
        found = await platform.adapter.find(platform.to, "k1", under=under, since=lately())
        assert (found is not None) == trouble.name.startswith("APPLIED")
        if found is None:
            found = await platform.adapter.post(platform.to, CARD, under=under, key="k1")
        assert len(platform.texts()) == before + 1
        assert await platform.adapter.find(platform.to, "k1", under=under, since=lately()) == found
