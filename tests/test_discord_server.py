"""The local Discord refuses what Discord refuses, and keeps what Discord keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from tests.discord_client import App, Plain, discord, plain, pointed_at, refused, running
from tests.discord_server import DiscordServer
from tests.discord_world import (
    ALICE,
    APPLICATION,
    BOT_USER,
    FORUM,
    GRANTED,
    GUILD,
    HIDDEN,
    MUTED,
    PAPERS,
    SUPPRESS_NOTIFICATIONS,
    WEI,
    Channel,
    Message,
    Permission,
    Tag,
)

SAID = {"content": "x"}
NOWHERE = "999999999999999999"


@pytest.fixture
def local() -> Iterator[DiscordServer]:
    with DiscordServer() as local:
        yield local


@pytest.fixture
async def rest(local: DiscordServer) -> AsyncIterator[Plain]:
    async with plain(local) as rest:
        yield rest


@pytest.fixture
async def app(local: DiscordServer) -> AsyncIterator[App]:
    app = App()
    async with running(app, local):
        yield app


def send(channel: str = PAPERS) -> tuple[str, str]:
    return "POST", f"/channels/{channel}/messages"


def edit(message: Message) -> tuple[str, str]:
    return "PATCH", f"/channels/{message.channel}/messages/{message.id}"


def begin(message: Message) -> tuple[str, str]:
    return "POST", f"/channels/{message.channel}/messages/{message.id}/threads"


async def posted(local: DiscordServer, rest: Plain, channel: str = PAPERS) -> Message:
    assert (await rest.ask(*send(channel), SAID))[0] == 200
    return local.messages(channel)[-1]


async def threaded(local: DiscordServer, rest: Plain, parent: str = PAPERS) -> Channel:
    """A thread under a message, or a post in a forum."""
    if parent == FORUM:
        status, _ = await rest.ask("POST", f"/channels/{FORUM}/threads", {"name": "Day", "message": SAID})
    else:
        status, _ = await rest.ask(*begin(await posted(local, rest, parent)), {"name": "Day"})
    assert status == 201
    return local.threads(parent)[-1]


# --- who may call what -----------------------------------------------------------------------------------------------


async def test_a_call_needs_the_bot_s_token_and_a_name(local: DiscordServer, rest: Plain) -> None:
    """401 for another or a revoked token; 403 for a client that does not say who made it."""
    assert (await rest.ask("GET", "/users/@me"))[1]["id"] == BOT_USER
    assert await rest.code("GET", "/users/@me", token="nobody") == (401, 0)
    local.token_revoked = True
    assert await rest.code("GET", "/users/@me") == (401, 0)
    async with aiohttp.ClientSession() as session, session.get(f"{local.url}/api/v10/users/@me") as answer:
        assert (answer.status, (await answer.json())["code"]) == (403, 40333)


async def test_discord_py_reports_a_wrong_token(local: DiscordServer) -> None:
    """LoginFailure, from the answer to its first call."""
    app = App()
    with pointed_at(local), pytest.raises(discord.LoginFailure):
        await app.login("nobody")
    await app.close()


@pytest.mark.parametrize(
    ("verb", "path", "refusal"),
    [
        ("GET", "/lanterns", (404, 0)),
        ("PUT", f"/channels/{PAPERS}/messages", (405, 0)),
        ("GET", "/channels/papers/messages", (400, 50035)),
        ("GET", f"/channels/{PAPERS}/messages?colour=red", (400, 50035)),
        ("GET", f"/channels/{NOWHERE}", (404, 10003)),
        ("GET", f"/guilds/{NOWHERE}", (404, 10004)),
        ("GET", f"/guilds/{GUILD}/members/{NOWHERE}", (404, 10007)),
        ("GET", f"/users/{NOWHERE}", (404, 10013)),
        ("GET", f"/channels/{PAPERS}/messages/{NOWHERE}", (404, 10008)),
        ("PUT", f"/applications/{NOWHERE}/commands", (403, 20012)),
        ("POST", f"/webhooks/{APPLICATION}/nothing", (401, 50027)),
    ],
)
async def test_what_is_not_there_is_refused(rest: Plain, verb: str, path: str, refusal: tuple[int, int]) -> None:
    """Unknown addresses, methods, arguments and ids, each by Discord's own code."""
    body: object = [] if verb == "PUT" and "commands" in path else SAID if verb == "POST" else None
    assert await rest.code(verb, path, body) == refusal


async def test_a_body_must_be_json(local: DiscordServer, rest: Plain) -> None:
    """50109 for what is no JSON, 415 for a form with files."""
    told = {"Authorization": "Bot x", "Content-Type": "application/json"}
    address = f"{local.url}/api/v10{send()[1]}"
    async with aiohttp.ClientSession() as session:
        async with session.post(address, data=b"{", headers=told) as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, 50109)
        async with session.post(address, data={"payload_json": "{}"}) as answer:
            assert answer.status == 415
    assert await rest.code(*send(), ["x"]) == (400, 50035)
    assert local.applied == []


# --- permissions -----------------------------------------------------------------------------------------------------


async def test_a_channel_that_the_bot_cannot_see_or_write_to_takes_nothing(local: DiscordServer, rest: Plain) -> None:
    """50001 without View Channel, 50013 without Send Messages, 50008 in a forum itself, 50001 where the bot was
    removed."""
    for channel, refusal in ((HIDDEN, (403, 50001)), (MUTED, (403, 50013)), (FORUM, (400, 50008))):
        assert await rest.code(*send(channel), SAID) == refusal
    assert await rest.code("GET", f"/channels/{HIDDEN}/messages") == (403, 50001)
    local.remove_bot(GUILD)
    assert await rest.code(*send(), SAID) == (403, 50001)
    assert local.applied == []


async def test_threads_need_rights_of_their_own(local: DiscordServer, rest: Plain) -> None:
    """Create Public Threads from a message, Send Messages for a forum's post, Send Messages in Threads inside."""
    message, thread = await posted(local, rest), await threaded(local, rest)
    local.allow(GRANTED & ~Permission.CREATE_PUBLIC_THREADS)
    assert await rest.code(*begin(message), {"name": "Day"}) == (403, 50013)
    await threaded(local, rest, FORUM)
    local.allow(GRANTED & ~Permission.SEND_MESSAGES)
    post = {"name": "Day", "message": SAID}
    assert await rest.code("POST", f"/channels/{FORUM}/threads", post) == (403, 50013)
    await posted(local, rest, thread.id)
    local.allow(GRANTED & ~Permission.SEND_MESSAGES_IN_THREADS)
    assert await rest.code(*send(thread.id), SAID) == (403, 50013)


async def test_embeds_vanish_in_silence_without_the_right_to_them(local: DiscordServer, rest: Plain) -> None:
    """Embed Links: with a text beside it an embed is left out and nobody is told; an embed alone gets 50013."""
    embeds = [{"title": "Lamp"}]
    local.allow(GRANTED & ~Permission.EMBED_LINKS)
    assert (await rest.ask(*send(), {"content": "x", "embeds": embeds}))[1]["embeds"] == []
    assert await rest.code(*send(), {"embeds": embeds}) == (403, 50013)
    assert (await rest.ask(*edit(local.messages(PAPERS)[0]), {"embeds": embeds}))[1]["embeds"] == []
    local.allow(GRANTED)
    assert (await rest.ask(*send(), {"embeds": embeds}))[1]["embeds"] == [{"type": "rich", "title": "Lamp"}]


async def test_history_is_empty_without_the_right_to_read_it(local: DiscordServer, rest: Plain) -> None:
    """Read Message History: no messages are listed, and none is found by its id."""
    message = await posted(local, rest)
    local.allow(GRANTED & ~Permission.READ_MESSAGE_HISTORY)
    assert await rest.ask("GET", send()[1]) == (200, [])
    assert await rest.code("GET", edit(message)[1]) == (404, 10008)
    assert await rest.code("GET", f"/channels/{PAPERS}/threads/archived/public") == (403, 50013)


async def test_rights_in_one_channel_and_those_of_an_administrator(local: DiscordServer, rest: Plain) -> None:
    """A channel takes rights away; an administrator has all of them everywhere."""
    local.allow(GRANTED & ~Permission.SEND_MESSAGES, PAPERS)
    assert await rest.code(*send(), SAID) == (403, 50013)
    local.allow(Permission.ADMINISTRATOR)
    await posted(local, rest)
    await posted(local, rest, HIDDEN)


async def test_discord_py_reckons_the_same_rights(local: DiscordServer, app: App) -> None:
    """From the roles and the channels' own rules, as it was told of them."""
    for channel in (PAPERS, HIDDEN, MUTED):
        there = app.text(channel)
        assert there.permissions_for(there.guild.me).value == local.permissions(local.channels[channel])


# --- messages --------------------------------------------------------------------------------------------------------


async def test_a_message_is_kept_as_it_was_sent(local: DiscordServer, app: App) -> None:
    """Text, embed, buttons and the flag that keeps it silent."""
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Read", custom_id="read:1"))
    view.add_item(discord.ui.Button(label="Hub", url="https://hub.example/1"))
    embed = discord.Embed(title="Lamp", url="https://hub.example/1", description="d").set_footer(text="vision")
    await app.text(PAPERS).send(" x ", embed=embed, view=view, silent=True, nonce="k1")
    [message] = local.messages(PAPERS)
    assert (message.content, message.nonce, message.flags) == ("x", "k1", SUPPRESS_NOTIFICATIONS)
    assert message.is_silent
    assert message.embeds[0]["footer"]["text"] == "vision"
    assert [one["label"] for one in message.components[0]["components"]] == ["Read", "Hub"]


async def test_an_empty_message_is_refused(rest: Plain) -> None:
    """50006, also for blanks and for an edit that leaves nothing."""
    nothing: list[dict[str, object]] = [{}, {"content": " \n"}, {"embeds": []}, {"components": []}]
    for body in nothing:
        assert await rest.code(*send(), body) == (400, 50006)
    _, sent = await rest.ask(*send(), SAID)
    assert await rest.code("PATCH", f"/channels/{PAPERS}/messages/{sent['id']}", {"content": ""}) == (400, 50006)


async def test_a_nonce_makes_one_message_for_a_few_minutes(local: DiscordServer, rest: Plain) -> None:
    """Only with enforce_nonce, and only as long as Discord remembers; the history does not tell of it."""
    body = {"content": "x", "nonce": "k1", "enforce_nonce": True}
    sent = [(await rest.ask(*send(), body))[1] for _ in range(2)]
    assert sent[0]["id"] == sent[1]["id"]
    assert sent[0]["nonce"] == "k1"
    assert len((await rest.ask("GET", send()[1]))[1]) == 1
    assert "nonce" not in (await rest.ask("GET", send()[1]))[1][0]
    await rest.ask(*send(), {"content": "x", "nonce": "k1"})
    assert local.visible_nonces(PAPERS) == ["k1", "k1"]
    local.nonce_window_s = 0.0
    await rest.ask(*send(), body)
    assert len(local.messages(PAPERS)) == 3


async def test_mentions_notify_whom_they_are_allowed_to(local: DiscordServer, rest: Plain) -> None:
    """By default everybody named; with an empty list nobody; everybody at once only with the right to it; from an
    embed nobody."""
    text = {"content": f"<@{ALICE}> <@&123> @everyone", "embeds": [{"description": f"<@{WEI}>"}]}
    for allowed, granted, notified in (
        (None, GRANTED, (ALICE, "123")),
        (None, GRANTED | Permission.MENTION_EVERYONE, (ALICE, "123", "everyone")),
        ({"parse": []}, GRANTED | Permission.MENTION_EVERYONE, ()),
        ({"parse": [], "users": [ALICE]}, GRANTED, (ALICE,)),
    ):
        local.allow(granted)
        await rest.ask(*send(), text | ({"allowed_mentions": allowed} if allowed else {}))
        assert local.messages(PAPERS)[-1].pinged == notified


async def test_an_edit_keeps_what_it_does_not_name(local: DiscordServer, rest: Plain) -> None:
    """Of one's own message that is still there: 50005 for somebody else's, 10008 for one that is gone."""
    await rest.ask(*send(), {"content": "x", "embeds": [{"title": "Lamp"}]})
    [message] = local.messages(PAPERS)
    await rest.ask(*edit(message), {"content": "y"})
    [message] = local.messages(PAPERS)
    assert (message.content, len(message.embeds)) == ("y", 1)
    await rest.ask(*edit(message), {"content": None})
    [message] = local.messages(PAPERS)
    assert (message.content, len(message.embeds), message.edited_at_s is None) == ("", 1, False)
    theirs = local.say(PAPERS, ALICE, "mine")
    assert await rest.code(*edit(theirs), SAID) == (403, 50005)
    assert await rest.code("DELETE", edit(theirs)[1]) == (403, 50013)
    assert await rest.ask("DELETE", edit(message)[1]) == (204, b"")
    for verb in ("PATCH", "DELETE", "GET"):
        assert await rest.code(verb, edit(message)[1], SAID if verb == "PATCH" else None) == (404, 10008)


async def test_a_reply_names_a_message_that_is_there(local: DiscordServer, rest: Plain) -> None:
    """Else it is refused, or said without the reference when that was asked for."""
    message = await posted(local, rest)
    reference = {"message_id": message.id}
    assert (await rest.ask(*send(), {**SAID, "message_reference": reference}))[1]["type"] == 19
    local.delete(message)
    body = {**SAID, "message_reference": reference}
    assert await rest.problems(*send(), body) == ["message_reference"]
    body["message_reference"] = {**reference, "fail_if_not_exists": False}
    assert (await rest.ask(*send(), body))[1]["type"] == 0


async def test_history_is_read_in_pages(local: DiscordServer, app: App) -> None:
    """Newest first, 100 at most in one call; before, after and around a message."""
    ids = [local.say(PAPERS, ALICE, str(number)).id for number in range(120)]
    there = [str(message.id) async for message in app.text(PAPERS).history(limit=None)]
    assert there == ids[::-1]
    assert len(local.asked("list_messages")) == 2
    after = app.text(PAPERS).history(limit=3, after=discord.Object(int(ids[5])), oldest_first=True)
    assert [str(message.id) async for message in after] == ids[6:9]
    around = [message async for message in app.text(PAPERS).history(limit=3, around=discord.Object(int(ids[5])))]
    assert [str(message.id) for message in around] == ids[4:7][::-1]


@pytest.mark.parametrize("limit", ["0", "101", "many"])
async def test_a_page_has_a_size(rest: Plain, limit: str) -> None:
    """1 to 100 messages; 2 to 100 threads."""
    assert await rest.code("GET", f"{send()[1]}?limit={limit}") == (400, 50035)
    assert await rest.code("GET", f"/channels/{FORUM}/threads/archived/public?limit={limit}") == (400, 50035)


async def test_a_direct_message_is_opened_once_and_may_be_refused(local: DiscordServer, rest: Plain) -> None:
    """The same channel each time; 50007 when the person takes none, 50033 for nobody."""
    opened = [(await rest.ask("POST", "/users/@me/channels", {"recipient_id": ALICE}))[1]["id"] for _ in range(2)]
    assert opened[0] == opened[1]
    await rest.ask(*send(opened[0]), {"embeds": [{"title": "Lamp"}]})
    assert len(local.messages(ALICE)) == 1
    local.people[ALICE].dms_closed = True
    assert await rest.code(*send(opened[0]), SAID) == (403, 50007)
    assert await rest.code("POST", "/users/@me/channels", {"recipient_id": NOWHERE}) == (400, 50033)


# --- threads ---------------------------------------------------------------------------------------------------------


async def test_a_message_has_one_thread_with_its_own_id(local: DiscordServer, app: App) -> None:
    """A second attempt answers 160004, also when the first one's answer was lost."""
    message = await app.text(PAPERS).send("x")
    thread = await message.create_thread(name="Papers", auto_archive_duration=1440)
    await thread.send("card")
    assert thread.id == message.id
    assert await refused(message.create_thread(name="Papers")) == (400, 160004)
    assert [one.name for one in local.threads(PAPERS)] == ["Papers"]
    assert [one.content for one in local.messages(str(thread.id))] == ["card"]
    types = [one.type async for one in thread.history()]
    assert types == [discord.MessageType.default, discord.MessageType.thread_starter_message]


async def test_what_nobody_wrote_cannot_be_changed(local: DiscordServer, rest: Plain) -> None:
    """The first message of a thread, which repeats the one it was made from: 50021."""
    thread = await threaded(local, rest)
    [starter] = local.told(thread.id)
    assert await rest.code(*edit(starter), SAID) == (403, 50021)
    assert await rest.code("DELETE", edit(starter)[1]) == (403, 50021)


async def test_a_forum_s_post_begins_with_a_message(local: DiscordServer, app: App) -> None:
    """Which has the post's id; there is no nonce, so that a second attempt makes a second post."""
    made = [await app.forum(FORUM).create_thread(name="Papers", content="opening") for _ in range(2)]
    assert all(one.thread.id == one.message.id for one in made)
    assert [one.name for one in local.threads(FORUM)] == ["Papers", "Papers"]
    assert [one.content for one in local.messages(str(made[0].thread.id))] == ["opening"]


async def test_a_forum_s_post_needs_its_message_and_its_tags(local: DiscordServer, rest: Plain) -> None:
    """50006 for an empty message, 40067 without a tag where one is required, 10087 for one that is not there."""
    path = f"/channels/{FORUM}/threads"
    assert (await rest.ask("POST", path, {"name": "Day"}))[0] == 400
    assert await rest.code("POST", path, {"name": "Day", "message": {"content": " "}}) == (400, 50006)
    forum = local.channels[FORUM]
    forum.tags, forum.tag_required = [Tag("77", "daily")], True
    assert await rest.code("POST", path, {"name": "Day", "message": SAID}) == (400, 40067)
    body = {"name": "Day", "message": SAID, "applied_tags": ["78"]}
    assert await rest.code("POST", path, body) == (400, 10087)
    assert (await rest.ask("POST", path, {**body, "applied_tags": ["77"]}))[0] == 201


@pytest.mark.parametrize("parent", [PAPERS, FORUM])
async def test_an_archived_thread_takes_messages_and_no_edits(local: DiscordServer, rest: Plain, parent: str) -> None:
    """50083 for an edit; a message reopens the thread, unless it is locked: 160005."""
    thread = await threaded(local, rest, parent)
    message = await posted(local, rest, thread.id)
    local.archive(thread.id)
    assert await rest.code(*edit(message), SAID) == (400, 50083)
    await posted(local, rest, thread.id)
    assert not thread.archived
    assert (await rest.ask(*edit(message), {"content": "y"}))[0] == 200
    local.archive(thread.id, locked=True)
    assert await rest.code(*send(thread.id), SAID) == (403, 160005)
    local.allow(GRANTED | Permission.MANAGE_THREADS)
    await posted(local, rest, thread.id)


async def test_a_thread_is_reopened_by_whoever_may_write_in_it(local: DiscordServer, rest: Plain) -> None:
    """Its owner may rename it while it is open; a locked one is left to whoever manages threads."""
    thread = await threaded(local, rest)
    path = f"/channels/{thread.id}"
    local.archive(thread.id)
    assert await rest.code("PATCH", path, {"name": "Other"}) == (400, 50083)
    assert (await rest.ask("PATCH", path, {"archived": False}))[1]["thread_metadata"]["archived"] is False
    assert (await rest.ask("PATCH", path, {"name": "Other"}))[1]["name"] == "Other"
    assert (await rest.ask("PATCH", path, {"archived": True}))[0] == 200
    local.archive(thread.id, locked=True)
    assert await rest.code("PATCH", path, {"archived": False}) == (403, 50013)
    assert await rest.code("PATCH", path, {"locked": False}) == (403, 50013)
    local.allow(GRANTED | Permission.MANAGE_THREADS)
    assert (await rest.ask("PATCH", path, {"archived": False}))[0] == 200


async def test_threads_are_listed_active_or_archived(local: DiscordServer, app: App) -> None:
    """Active ones of the whole server; archived ones by channel, the last archived first, page by page."""
    start = datetime.now(UTC) - timedelta(days=1)
    posts = [await app.forum(FORUM).create_thread(name=str(number), content="x") for number in range(4)]
    for number, one in enumerate(posts[:3]):
        local.clock = (start + timedelta(minutes=number)).timestamp
        local.archive(str(one.thread.id))
    guild = app.get_guild(int(GUILD))
    assert guild is not None
    assert [one.name for one in await guild.active_threads()] == ["3"]
    assert [one.name async for one in app.forum(FORUM).archived_threads(limit=None)] == ["2", "1", "0"]
    first = [one.name async for one in app.forum(FORUM).archived_threads(before=start + timedelta(seconds=90))]
    assert first == ["1", "0"]


async def test_a_thread_is_made_where_threads_are(local: DiscordServer, rest: Plain) -> None:
    """Not in a thread, nor in a direct conversation: 50024."""
    thread = await threaded(local, rest)
    direct = local.direct("100000000000000021", "hi")
    for message in (await posted(local, rest, thread.id), direct):
        assert await rest.code(*begin(message), {"name": "Day"}) == (400, 50024)
    assert await rest.code("POST", f"/channels/{thread.id}/threads", {"name": "Day", "type": 11}) == (400, 50024)
    assert (await rest.ask("POST", f"/channels/{PAPERS}/threads", {"name": "Day", "type": 11}))[0] == 201


async def test_what_was_deleted_is_gone(local: DiscordServer, rest: Plain) -> None:
    """A deleted channel or thread is unknown, and so are its messages."""
    thread = await threaded(local, rest)
    await posted(local, rest, thread.id)
    local.remove_channel(thread.id)
    assert await rest.code(*send(thread.id), SAID) == (404, 10003)
    assert (local.messages(thread.id), local.threads(PAPERS)) == ([], [])
