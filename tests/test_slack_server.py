"""The local Slack's Web API refuses what Slack refuses, and keeps what Slack keeps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from slack_sdk.web import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from tests.slack_client import keyed, refusal, refused, web_client
from tests.slack_server import SlackServer
from tests.slack_world import (
    ALICE,
    APP_TOKEN,
    ARCHIVED,
    BOT_TOKEN,
    BOT_USER,
    HIDDEN,
    OUTSIDE,
    PAPERS,
    SECRET,
    TEAM,
    WEI,
)

PLAIN = {"type": "plain_text", "text": "Lamp"}
SECTION = {"type": "section", "text": PLAIN}
MODAL = {"type": "modal", "title": PLAIN, "blocks": [SECTION]}


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as slack:
        yield slack


@pytest.fixture
async def client(slack: SlackServer) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:
        yield web_client(slack, session=session)


# --- who may call what -----------------------------------------------------------------------------------------------


async def test_a_call_needs_a_token_of_the_right_kind(slack: SlackServer, client: AsyncWebClient) -> None:
    """No token, an unknown one, a revoked one, an app's in place of a bot's and the reverse: each has its name."""
    assert (await client.auth_test())["user_id"] == BOT_USER
    assert await refused(web_client(slack, "").auth_test()) == "not_authed"
    assert await refused(web_client(slack, "xoxb-nobody").auth_test()) == "invalid_auth"
    assert await refused(web_client(slack, APP_TOKEN).auth_test()) == "not_allowed_token_type"
    assert await refused(client.apps_connections_open(app_token=BOT_TOKEN)) == "not_allowed_token_type"
    slack.workspaces[TEAM].revoked = True
    assert await refused(client.auth_test()) == "token_revoked"
    assert (await client.apps_connections_open(app_token=APP_TOKEN))["url"].startswith("ws://")
    slack.app_token_revoked = True
    assert await refused(client.apps_connections_open(app_token=APP_TOKEN)) == "token_revoked"


SCOPES = {
    "chat:write": ("chat.postMessage", {"channel": PAPERS, "text": "x"}),
    "chat:write.customize": ("chat.postMessage", {"channel": PAPERS, "text": "x", "username": "Lamp"}),
    "channels:history": ("conversations.history", {"channel": PAPERS}),
    "groups:history": ("conversations.history", {"channel": SECRET}),
    "channels:read": ("conversations.info", {"channel": PAPERS}),
    "groups:read": ("conversations.list", {"types": "public_channel,private_channel"}),
    "im:read": ("users.conversations", {"types": "im"}),
    "channels:join": ("conversations.join", {"channel": OUTSIDE}),
    "im:write": ("conversations.open", {"users": ALICE}),
    "users:read": ("users.info", {"user": ALICE}),
}


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_method_without_its_scope_is_refused(slack: SlackServer, client: AsyncWebClient, scope: str) -> None:
    """missing_scope, with what is needed and what was provided."""
    method, arguments = SCOPES[scope]
    scopes = slack.workspaces[TEAM].scopes
    scopes.add(scope)
    await client.api_call(method, params=arguments)
    scopes.discard(scope)

    answer = await refusal(client.api_call(method, params=arguments))

    assert (answer["error"], answer["needed"]) == ("missing_scope", scope)
    assert set(answer["provided"].split(",")) == scopes


async def test_unknown_methods_and_arguments_are_refused(client: AsyncWebClient) -> None:
    """unknown_method; invalid_arguments for what is unknown, missing or null."""
    assert await refused(client.api_call("chat.lantern")) == "unknown_method"
    unknown = await refusal(client.chat_postMessage(channel=PAPERS, text="x", colour="red"))
    assert unknown["error"] == "invalid_arguments"
    assert unknown["response_metadata"]["messages"] == ["[ERROR] unknown argument: colour"]
    assert await refused(client.api_call("chat.postMessage", json={"text": "x"})) == "invalid_arguments"
    null = {"channel": PAPERS, "text": "x", "thread_ts": None}
    assert await refused(client.api_call("chat.postMessage", json=null)) == "invalid_arguments"


async def test_forms_and_json_are_read_where_slack_reads_them(slack: SlackServer, client: AsyncWebClient) -> None:
    """Query, form and JSON all post; blocks may be JSON in a form; a method that only reads sees no JSON."""
    fields = {"channel": PAPERS, "text": "x", "blocks": json.dumps([SECTION]), "metadata": json.dumps(keyed("a"))}
    await client.api_call("chat.postMessage", params=fields)
    await client.api_call("chat.postMessage", data=fields)
    await client.chat_postMessage(channel=PAPERS, text="x", blocks=[SECTION], metadata=keyed("a"))
    posted = slack.messages(PAPERS)
    assert [(message.text, message.key, len(message.blocks)) for message in posted] == [("x", "a", 1)] * 3
    assert await refused(client.api_call("conversations.history", json={"channel": PAPERS})) == "invalid_arguments"
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {BOT_TOKEN}"}) as session:
        for body, error in ((b"{", "invalid_json"), (b"[]", "json_not_object")):
            headers = {"Content-Type": "application/json"}
            async with session.post(f"{slack.url}/api/chat.postMessage", data=body, headers=headers) as answer:
                assert (await answer.json())["error"] == error


async def test_the_synchronous_client_is_served_too(slack: SlackServer) -> None:
    """WebClient sends its arguments in another way."""
    client = WebClient(BOT_TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[])
    posted = await asyncio.to_thread(client.chat_postMessage, channel=PAPERS, text="x", blocks=[SECTION])
    history = await asyncio.to_thread(client.conversations_history, channel=PAPERS, limit=5)
    assert [message["ts"] for message in history["messages"]] == [posted["ts"]]


# --- posting ---------------------------------------------------------------------------------------------------------


async def test_a_post_goes_where_the_bot_is(slack: SlackServer, client: AsyncWebClient) -> None:
    """Unknown and hidden channels are not found; a public one needs the bot in it, an archived one takes nothing."""
    for channel, error in (
        ("C0NOWHERE1", "channel_not_found"),
        ("papers", "channel_not_found"),
        (HIDDEN, "channel_not_found"),
        (OUTSIDE, "not_in_channel"),
        (ARCHIVED, "is_archived"),
    ):
        assert await refused(client.chat_postMessage(channel=channel, text="x")) == error
    assert slack.visible() == []
    await client.conversations_join(channel=OUTSIDE)
    for channel in (OUTSIDE, SECRET):
        await client.chat_postMessage(channel=channel, text="x")
        assert [message.text for message in slack.messages(channel)] == ["x"]
    assert await refused(client.conversations_join(channel=SECRET)) == "method_not_supported_for_channel_type"
    assert await refused(client.conversations_join(channel=ARCHIVED)) == "is_archived"


async def test_public_channels_take_posts_with_the_wider_scope(slack: SlackServer, client: AsyncWebClient) -> None:
    """chat:write.public posts in a public channel without being in it."""
    slack.workspaces[TEAM].scopes.add("chat:write.public")
    await client.chat_postMessage(channel=OUTSIDE, text="x")
    assert await refused(client.chat_postMessage(channel=HIDDEN, text="x")) == "channel_not_found"


async def test_timestamps_are_unique_and_rise(slack: SlackServer, client: AsyncWebClient) -> None:
    """Within a channel, even when the clock stands still."""
    slack.clock = lambda: 1_768_550_400.0
    for _ in range(3):
        await client.chat_postMessage(channel=PAPERS, text="x")
    stamps = [message.ts for message in slack.messages(PAPERS)]
    assert stamps == ["1768550400.000000", "1768550400.000001", "1768550400.000002"]


async def test_a_direct_message_goes_to_a_person_s_id(slack: SlackServer, client: AsyncWebClient) -> None:
    """The answer names the conversation that was opened; editing needs that name, not the person's."""
    posted = await client.chat_postMessage(channel=ALICE, text="x")
    assert posted["channel"].startswith("D")
    assert [message.text for message in slack.messages(ALICE)] == ["x"]
    assert (await client.conversations_open(users=ALICE))["channel"]["id"] == posted["channel"]
    assert await refused(client.chat_update(channel=ALICE, ts=posted["ts"], text="y")) == "channel_not_found"
    await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="y")
    assert [message.text for message in slack.messages(ALICE)] == ["y"]
    assert await refused(client.chat_postMessage(channel="U0NOBODY01", text="x")) == "channel_not_found"
    assert await refused(client.conversations_open(users="U0NOBODY01")) == "user_not_found"


async def test_a_reply_needs_a_parent_that_is_there(slack: SlackServer, client: AsyncWebClient) -> None:
    """thread_not_found for a parent unknown, deleted, in another channel, or itself a reply."""
    parent = (await client.chat_postMessage(channel=PAPERS, text="parent"))["ts"]
    reply = (await client.chat_postMessage(channel=PAPERS, text="reply", thread_ts=parent))["ts"]
    assert [message.ts for message in slack.thread(PAPERS, parent)] == [reply]
    for channel, thread in ((PAPERS, "1.000000"), (SECRET, parent), (PAPERS, reply)):
        answer = client.chat_postMessage(channel=channel, text="x", thread_ts=thread)
        assert await refused(answer) == "thread_not_found"
    slack.delete(slack.messages(PAPERS)[0])
    assert await refused(client.chat_postMessage(channel=PAPERS, text="x", thread_ts=parent)) == "thread_not_found"


async def test_a_message_says_something_and_not_too_much(client: AsyncWebClient) -> None:
    """no_text, msg_too_long, msg_blocks_too_long near 13,200 characters seen, blocks that are none."""
    post = client.chat_postMessage
    update = client.chat_update
    assert await refused(client.api_call("chat.postMessage", json={"channel": PAPERS, "text": " "})) == "no_text"
    assert await refused(post(channel=PAPERS, text="x" * 40_001)) == "msg_too_long"
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2640}}
    posted = await post(channel=PAPERS, text="x", blocks=[section] * 5)
    assert await refused(post(channel=PAPERS, text="x", blocks=[*[section] * 5, SECTION])) == "msg_blocks_too_long"
    assert await refused(post(channel=PAPERS, text="x", blocks="{")) == "invalid_blocks_format"
    assert await refused(post(channel=PAPERS, text="x", markdown_text="x")) == "markdown_text_conflict"
    assert await refused(update(channel=PAPERS, ts=posted["ts"], text="x" * 4001)) == "msg_too_long"


async def test_blocks_that_break_a_rule_are_refused_with_the_place(client: AsyncWebClient) -> None:
    """invalid_blocks, with sentences that hold a JSON pointer."""
    header = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}
    answer = await refusal(client.chat_postMessage(channel=PAPERS, text="x", blocks=[SECTION, header]))
    said = "must be less than 151 characters [json-pointer:/blocks/1/text/text]"
    assert (answer["error"], answer["errors"]) == ("invalid_blocks", [said])
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {said}"]


async def test_metadata_has_a_form_and_a_size(slack: SlackServer, client: AsyncWebClient) -> None:
    """A wrong form is refused; more than about 4 kB is dropped with a warning while the message is posted."""
    for wrong in ({"event_type": "x"}, {"event_type": 1, "event_payload": {}}, {**keyed("a"), "more": 1}):
        assert await refused(client.chat_postMessage(channel=PAPERS, text="x", metadata=wrong)) == (
            "invalid_metadata_format"
        )
    kept = await client.chat_postMessage(channel=PAPERS, text="x", metadata=keyed("k" * 3900))
    dropped = await client.chat_postMessage(channel=PAPERS, text="x", metadata=keyed("k" * 4000))
    assert "warning" not in kept.data
    assert dropped["response_metadata"]["warnings"] == ["metadata_too_large"]
    assert [message.key for message in slack.messages(PAPERS)] == ["k" * 3900, None]


async def test_an_edit_keeps_what_it_does_not_name(slack: SlackServer, client: AsyncWebClient) -> None:
    """Blocks and metadata stay unless given; a message that is gone or somebody else's cannot be edited."""
    posted = await client.chat_postMessage(channel=PAPERS, text="x", blocks=[SECTION], metadata=keyed("a"))
    await client.chat_update(channel=PAPERS, ts=posted["ts"], text="y")
    [message] = slack.messages(PAPERS)
    assert (message.text, message.key, len(message.blocks)) == ("y", "a", 1)
    await client.chat_update(channel=PAPERS, ts=posted["ts"], text="z", blocks=[], metadata={})
    [message] = slack.messages(PAPERS)
    assert (message.text, message.key, message.blocks) == ("z", None, [])
    theirs = slack.say(PAPERS, ALICE, "mine")
    assert await refused(client.chat_update(channel=PAPERS, ts=theirs.ts, text="x")) == "cant_update_message"
    assert await refused(client.chat_delete(channel=PAPERS, ts=theirs.ts)) == "cant_delete_message"
    await client.chat_delete(channel=PAPERS, ts=posted["ts"])
    assert await refused(client.chat_update(channel=PAPERS, ts=posted["ts"], text="x")) == "message_not_found"
    assert await refused(client.chat_delete(channel=PAPERS, ts=posted["ts"])) == "message_not_found"


async def test_an_ephemeral_message_is_one_person_s(slack: SlackServer, client: AsyncWebClient) -> None:
    """It is not in the history and cannot be edited; the person must be in the channel."""
    shown = await client.chat_postEphemeral(channel=PAPERS, user=ALICE, text="x")
    assert [message.text for message in slack.ephemerals(PAPERS, ALICE)] == ["x"]
    assert slack.ephemerals(PAPERS, WEI) == slack.messages(PAPERS) == []
    assert (await client.conversations_history(channel=PAPERS))["messages"] == []
    assert await refused(client.chat_update(channel=PAPERS, ts=shown["message_ts"], text="y")) == "message_not_found"
    stranger = client.chat_postEphemeral(channel=PAPERS, user="U0NOBODY01", text="x")
    assert await refused(stranger) == "user_not_in_channel"


async def test_a_permalink_names_the_thread(client: AsyncWebClient) -> None:
    """Of a message that is there; of a reply with its parent."""
    parent = (await client.chat_postMessage(channel=PAPERS, text="x"))["ts"]
    reply = (await client.chat_postMessage(channel=PAPERS, text="x", thread_ts=parent))["ts"]
    link = (await client.chat_getPermalink(channel=PAPERS, message_ts=reply))["permalink"]
    assert link.endswith(f"/archives/{PAPERS}/p{reply.replace('.', '')}?thread_ts={parent}&cid={PAPERS}")
    assert await refused(client.chat_getPermalink(channel=PAPERS, message_ts="1.000000")) == "message_not_found"


# --- reading ---------------------------------------------------------------------------------------------------------


async def test_history_has_parents_only_newest_first_in_pages(slack: SlackServer, client: AsyncWebClient) -> None:
    """A reply shows only where it was broadcast; metadata only when asked for; cursors lead through."""
    for number in range(5):
        await client.chat_postMessage(channel=PAPERS, text=str(number), metadata=keyed(str(number)))
    first = slack.messages(PAPERS)[0].ts
    await client.chat_postMessage(channel=PAPERS, text="hidden", thread_ts=first)
    await client.chat_postMessage(channel=PAPERS, text="broadcast", thread_ts=first, reply_broadcast=True)

    pages = [page["messages"] async for page in await client.conversations_history(channel=PAPERS, limit=4)]

    texts = [[message["text"] for message in page] for page in pages]
    assert texts == [["broadcast", "4", "3", "2"], ["1", "0"]]
    assert pages[1][-1]["reply_count"] == 2
    assert not any("metadata" in message for page in pages for message in page)
    told = await client.conversations_history(channel=PAPERS, limit=2, include_all_metadata=True)
    assert told["messages"][1]["metadata"] == keyed("4")


async def test_replies_come_oldest_first_after_the_parent(client: AsyncWebClient) -> None:
    """The parent leads every page; `oldest` leaves out what is earlier."""
    parent = (await client.chat_postMessage(channel=PAPERS, text="parent"))["ts"]
    stamps = [
        (await client.chat_postMessage(channel=PAPERS, text=str(number), thread_ts=parent))["ts"] for number in range(3)
    ]

    answer = await client.conversations_replies(channel=PAPERS, ts=parent, limit=2)
    pages = [[message["text"] for message in page["messages"]] async for page in answer]

    assert pages == [["parent", "0", "1"], ["parent", "2"]]
    later = await client.conversations_replies(channel=PAPERS, ts=parent, oldest=stamps[1])
    assert [message["text"] for message in later["messages"]] == ["parent", "2"]
    same = await client.conversations_replies(channel=PAPERS, ts=parent, oldest=stamps[1], inclusive=True)
    assert [message["text"] for message in same["messages"]] == ["parent", "1", "2"]
    assert await refused(client.conversations_replies(channel=PAPERS, ts="1.000000")) == "thread_not_found"


async def test_reading_has_its_refusals(client: AsyncWebClient) -> None:
    """Channels the bot is not in, cursors and limits that are none."""
    assert await refused(client.conversations_history(channel=OUTSIDE)) == "not_in_channel"
    assert await refused(client.conversations_history(channel=HIDDEN)) == "channel_not_found"
    assert await refused(client.conversations_history(channel=PAPERS, cursor="nonsense")) == "invalid_cursor"
    assert await refused(client.conversations_history(channel=PAPERS, limit=1000)) == "invalid_limit"
    assert await refused(client.conversations_list(types="lanterns")) == "invalid_types"
    assert (await client.conversations_history(channel=ARCHIVED))["messages"] == []


async def test_conversations_are_listed_as_the_bot_knows_them(client: AsyncWebClient) -> None:
    """Public ones and its own private ones, in pages; users.conversations only what it is in."""
    kinds = "public_channel,private_channel"
    pages = [page["channels"] async for page in await client.conversations_list(types=kinds, limit=2)]
    ids = [[channel["id"] for channel in page] for page in pages]
    assert ids == [[ARCHIVED, OUTSIDE], [PAPERS, SECRET]]
    listed = await client.conversations_list(types=kinds, exclude_archived=True)
    assert ARCHIVED not in {channel["id"] for channel in listed["channels"]}
    joined = await client.users_conversations(types=kinds, exclude_archived=True)
    assert {channel["id"] for channel in joined["channels"]} == {PAPERS, SECRET}
    outside = (await client.conversations_info(channel=OUTSIDE))["channel"]
    assert (outside["is_member"], outside["is_private"], outside["name"]) == (False, False, "outside")
    assert await refused(client.conversations_info(channel=HIDDEN)) == "channel_not_found"
    assert set((await client.conversations_members(channel=PAPERS))["members"]) == {ALICE, WEI, BOT_USER}


async def test_people_have_a_locale_when_it_is_asked_for(client: AsyncWebClient) -> None:
    """include_locale; a time zone always; user_not_found."""
    assert (await client.users_info(user=WEI, include_locale=True))["user"]["locale"] == "zh-CN"
    wei = (await client.users_info(user=WEI))["user"]
    assert ("locale" in wei, wei["tz"], wei["tz_offset"]) == (False, "Asia/Shanghai", 28_800)
    assert await refused(client.users_info(user="U0NOBODY01")) == "user_not_found"
    bot = (await client.auth_test())["bot_id"]
    assert (await client.bots_info(bot=bot))["bot"]["user_id"] == BOT_USER
    assert await refused(client.bots_info(bot="B0NOBODY01")) == "bot_not_found"


async def test_workspaces_are_apart(slack: SlackServer, client: AsyncWebClient) -> None:
    """One workspace's token sees nothing of another's channels."""
    slack.add_workspace("T0OTHER")
    slack.add_channel("C0OTHER001", "T0OTHER")
    other = web_client(slack, "xoxb-T0OTHER-local")
    await other.chat_postMessage(channel="C0OTHER001", text="x")
    assert await refused(client.chat_postMessage(channel="C0OTHER001", text="x")) == "channel_not_found"
    assert await refused(other.chat_postMessage(channel=PAPERS, text="x")) == "channel_not_found"


# --- views -----------------------------------------------------------------------------------------------------------


async def test_a_trigger_opens_one_modal_within_three_seconds(slack: SlackServer, client: AsyncWebClient) -> None:
    """Unknown, used and late triggers are refused; a view that breaks a rule leaves its trigger unused."""
    now = 1_768_550_400.0
    slack.clock = lambda: now
    trigger = slack.trigger(TEAM, ALICE)
    assert await refused(client.views_open(trigger_id="1.2.x", view=MODAL)) == "invalid_trigger_id"
    broken = {**MODAL, "title": {"type": "plain_text", "text": "x" * 25}}
    assert await refused(client.views_open(trigger_id=trigger, view=broken)) == "invalid_arguments"
    opened = await client.views_open(trigger_id=trigger, view=MODAL)
    assert [view.id for view in slack.open_views(ALICE)] == [opened["view"]["id"]]
    assert await refused(client.views_open(trigger_id=trigger, view=MODAL)) == "exchanged_trigger_id"
    late = slack.trigger(TEAM, ALICE)
    now += 3.5
    assert await refused(client.views_open(trigger_id=late, view=MODAL)) == "expired_trigger_id"


async def test_a_view_changes_only_while_it_is_what_was_meant(slack: SlackServer, client: AsyncWebClient) -> None:
    """views.update by id or external id; hash_conflict, not_found, duplicate_external_id; three views at most."""
    view = {**MODAL, "external_id": "lamp"}
    opened = (await client.views_open(trigger_id=slack.trigger(TEAM, ALICE), view=view))["view"]
    again = client.views_open(trigger_id=slack.trigger(TEAM, ALICE), view=view)
    assert await refused(again) == "duplicate_external_id"
    changed = (await client.views_update(view_id=opened["id"], hash=opened["hash"], view=view))["view"]
    stale = client.views_update(view_id=opened["id"], hash=opened["hash"], view=view)
    assert await refused(stale) == "hash_conflict"
    assert (await client.views_update(external_id="lamp", view=view))["view"]["id"] == changed["id"]
    assert await refused(client.views_update(view_id="V0NOWHERE1", view=view)) == "not_found"
    below = opened["id"]
    for _ in range(2):
        pushed = await client.views_push(trigger_id=slack.trigger(TEAM, ALICE, below), view=MODAL)
        below = pushed["view"]["id"]
    too_many = client.views_push(trigger_id=slack.trigger(TEAM, ALICE, below), view=MODAL)
    assert await refused(too_many) == "push_limit_reached"


async def test_a_home_tab_is_published_to_a_person(slack: SlackServer, client: AsyncWebClient) -> None:
    """views.publish takes a home tab, not a modal, for somebody who is there, of an app that has one."""
    home = {"type": "home", "blocks": [SECTION]}
    first = (await client.views_publish(user_id=ALICE, view=home))["view"]
    assert (await client.views_publish(user_id=ALICE, view=home))["view"]["id"] == first["id"]
    assert await refused(client.views_publish(user_id=ALICE, view=home, hash=first["hash"])) == "hash_conflict"
    assert await refused(client.views_publish(user_id=ALICE, view=MODAL)) == "invalid_arguments"
    assert await refused(client.views_publish(user_id="U0NOBODY01", view=home)) == "user_not_found"
    shown = slack.home(ALICE)
    assert shown is not None
    assert shown.id == first["id"]
    assert slack.home(WEI) is None
    slack.workspaces[TEAM].home_tab = False
    assert await refused(client.views_publish(user_id=ALICE, view=home)) == "not_enabled"


async def test_people_have_rights_and_channels_a_creator(slack: SlackServer, client: AsyncWebClient) -> None:
    """As users.info and conversations.info tell of them: an owner is an administrator too."""
    team = slack.workspaces[TEAM]
    team.people[WEI].is_owner = True
    team.channels[PAPERS].creator = ALICE
    users = [(await client.users_info(user=person))["user"] for person in (ALICE, WEI)]
    assert [(user["is_admin"], user["is_owner"], user["tz"]) for user in users] == [
        (False, False, "America/New_York"),
        (True, True, "Asia/Shanghai"),
    ]
    assert (await client.conversations_info(channel=PAPERS))["channel"]["creator"] == ALICE
