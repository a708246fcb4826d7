"""What people do in the local Slack reaches a real bolt app over Socket Mode, and what the app answers is judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.slack_faults import Disconnect
from tests.slack_payloads import NotPossible
from tests.slack_server import SlackProcess, SlackServer
from tests.slack_socket import until
from tests.slack_world import ALICE, APP_TOKEN, BOT_TOKEN, BOT_USER, OUTSIDE, PAPERS, TEAM, WEI

PLAIN = {"type": "plain_text", "text": "Lamp"}
BUTTON = {"type": "button", "text": PLAIN, "action_id": "light", "value": "1"}
OTHER = {**BUTTON, "action_id": "dim", "value": "2"}
MENU = {
    "type": "overflow",
    "action_id": "more",
    "options": [{"text": PLAIN, "value": "paper"}, {"text": PLAIN, "value": "code"}],
}
ACTIONS = {"type": "actions", "elements": [BUTTON, OTHER, MENU]}
ASKING = {
    "type": "modal",
    "title": PLAIN,
    "submit": PLAIN,
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "topic",
            "label": PLAIN,
            "element": {"type": "plain_text_input", "action_id": "word"},
        },
        {"type": "actions", "block_id": "choice", "elements": [BUTTON]},
    ],
}


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as slack:
        yield slack


class Told:
    """An app that acknowledges everything and remembers it; `acks` are its answers to what is sent to be answered."""

    def __init__(self, url: str) -> None:
        client = AsyncWebClient(BOT_TOKEN, base_url=f"{url}/api/")
        self.app = AsyncApp(client=client)
        web_client = AsyncWebClient(APP_TOKEN, base_url=f"{url}/api/")
        self.handler: Any = AsyncSocketModeHandler(self.app, APP_TOKEN, web_client=web_client, ping_interval=5)
        self.bodies: list[dict[str, Any]] = []
        self.acks: list[Any] = []
        self.app.use(self._hear)

    async def _hear(self, body: dict[str, Any], ack: Any) -> Any:
        self.bodies.append(body)
        given = self.acks.pop(0) if self.acks else None
        return await (ack() if given is None else ack(**given) if isinstance(given, dict) else ack(given))

    @property
    def events(self) -> list[dict[str, Any]]:
        return [body["event"] for body in self.bodies if "event" in body]


@pytest.fixture
async def told(slack: SlackServer) -> AsyncIterator[Told]:
    told = Told(slack.url)
    await told.handler.connect_async()
    await slack.connected()
    yield told
    await told.handler.close_async()


async def post(slack: SlackServer, **more: Any) -> Any:
    client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/")
    content = {"channel": PAPERS, "text": "x", "blocks": [ACTIONS], **more}
    posted = await client.chat_postMessage(**content)
    return slack.find(posted["channel"], posted["ts"])


# --- commands --------------------------------------------------------------------------------------------------------


async def test_a_command_is_told_acknowledged_and_answered(slack: SlackServer, told: Told) -> None:
    """The ack's text and the posts to response_url are shown to the person alone, or to the channel if they say so."""
    told.acks = ["at once"]
    handle = slack.command(PAPERS, WEI, "/paper", "2601.10592 results")
    assert await handle.acked() == handle.ack_after_s
    body = told.bodies[0]
    assert (body["command"], body["text"], body["user_id"]) == ("/paper", "2601.10592 results", WEI)
    assert (body["channel_id"], body["channel_name"], body["team_id"]) == (PAPERS, "papers", TEAM)

    respond = AsyncWebhookClient(body["response_url"])
    assert (await respond.send(text="later")).body == "ok"
    await respond.send(text="to all", response_type="in_channel")

    assert [answer.text for answer in await handle.answered(3)] == ["at once", "later", "to all"]
    assert [message.text for message in slack.ephemerals(PAPERS, WEI)] == ["at once", "later"]
    assert [message.text for message in slack.messages(PAPERS)] == ["to all"]


async def test_a_command_works_where_the_bot_is_not_and_in_direct_conversations(slack: SlackServer, told: Told) -> None:
    """Slack tells of commands from any channel of the workspace; text comes escaped."""
    await slack.command(OUTSIDE, ALICE, "/paper", "a <b> & c").acked()
    await slack.command(ALICE, ALICE, "/paper").acked()
    assert [body["channel_name"] for body in told.bodies] == ["outside", "directmessage"]
    assert told.bodies[0]["text"] == "a &lt;b&gt; &amp; c"


async def test_a_command_cannot_be_given_where_slack_has_none(slack: SlackServer) -> None:
    """In a thread, without the scope, by somebody who is not there, and with nobody listening."""
    for channel, person, thread, why in (
        (PAPERS, ALICE, "1.000000", "thread"),
        (PAPERS, "U0NOBODY01", None, "both"),
        ("C0NOWHERE1", ALICE, None, "both"),
        (PAPERS, ALICE, None, "no socket"),
    ):
        with pytest.raises(NotPossible, match=why):
            slack.command(channel, person, "/paper", thread_ts=thread)
    slack.workspaces[TEAM].scopes.discard("commands")
    with pytest.raises(NotPossible, match="scope"):
        slack.command(PAPERS, ALICE, "/paper")


async def test_a_response_url_serves_five_times_for_half_an_hour(slack: SlackServer, told: Told) -> None:
    """Then 404 with used_url or expired_url; content that breaks a rule is refused with 400."""
    handle = slack.command(PAPERS, ALICE, "/paper")
    await handle.acked()
    respond = AsyncWebhookClient(told.bodies[0]["response_url"])
    for wrong in ({"text": ""}, {"text": "x", "colour": "red"}, {"text": "x", "blocks": [{"type": "lantern"}]}):
        assert (await respond.send_dict(wrong)).status_code == 400
    slack.response_urls[told.bodies[0]["response_url"].rpartition("/")[2]].uses = 0
    assert [(await respond.send(text="x")).status_code for _ in range(6)] == [200] * 5 + [404]
    assert "used_url" in (await respond.send(text="x")).body
    late = slack.command(PAPERS, ALICE, "/paper")
    await late.acked()
    now = slack.clock()
    slack.clock = lambda: now + 1801
    assert "expired_url" in (await AsyncWebhookClient(told.bodies[1]["response_url"]).send(text="x")).body
    assert len(handle.answers) == 5
    assert late.answers == []


async def test_an_ack_that_breaks_a_rule_is_told_apart(slack: SlackServer, told: Told) -> None:
    """The handle has the refusal; nothing is shown."""
    told.acks = [{"text": "x", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}]
    handle = slack.command(PAPERS, ALICE, "/paper")
    await handle.acked()
    assert "invalid_blocks" in handle.refusal
    assert handle.answers == []


# --- buttons and modals ----------------------------------------------------------------------------------------------


async def test_a_button_tells_what_was_pressed_and_where(slack: SlackServer, told: Told) -> None:
    """Action, value, message, container; an option for a menu; the original can be replaced or deleted."""
    message = await post(slack)
    await slack.press(message, "light", ALICE).acked()
    await slack.press(message, "more", ALICE, option="code").acked()

    pressed, chosen = told.bodies
    assert (pressed["actions"][0]["value"], pressed["message"]["ts"]) == ("1", message.ts)
    assert pressed["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": PAPERS,
        "is_ephemeral": False,
    }
    assert chosen["actions"][0]["selected_option"]["value"] == "code"
    respond = AsyncWebhookClient(pressed["response_url"])
    await respond.send(text="other", replace_original=True, blocks=[])
    assert [one.text for one in slack.messages(PAPERS)] == ["other"]
    await respond.send(delete_original=True)
    assert slack.messages(PAPERS) == []


async def test_only_what_is_there_can_be_pressed(slack: SlackServer, told: Told) -> None:
    """An unknown action, an unknown option, a message that was deleted; and the message is the newest one."""
    message = await post(slack)
    for action, option in (("lever", None), ("more", "video")):
        with pytest.raises(NotPossible):
            slack.press(message, action, ALICE, option=option)
    client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/")
    await client.chat_update(channel=PAPERS, ts=message.ts, text="x", blocks=[])
    with pytest.raises(NotPossible, match="none"):
        slack.press(message, "light", ALICE)
    slack.delete(message)
    with pytest.raises(NotPossible, match="deleted"):
        slack.press(message, "light", ALICE)
    assert told.bodies == []


async def test_a_modal_is_filled_in_pressed_submitted_and_closed(slack: SlackServer, told: Told) -> None:
    """The form's values by block and action; errors keep it open, an update changes it, an empty ack closes it."""
    handle = slack.command(PAPERS, ALICE, "/paper")
    await handle.acked()
    client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/")
    await client.views_open(trigger_id=handle.payload["trigger_id"], view=ASKING)
    [view] = slack.open_views(ALICE)
    await slack.press(view, "light", ALICE).acked()
    assert told.bodies[-1]["container"] == {"type": "view", "view_id": view.id}

    told.acks = [{"response_action": "errors", "errors": {"topic": "no such topic"}}]
    await slack.submit_view(view, {"word": "lamp"}).acked()
    assert told.bodies[-1]["view"]["state"]["values"]["topic"]["word"] == {"type": "plain_text_input", "value": "lamp"}
    told.acks = [{"response_action": "errors", "errors": {"nowhere": "x"}}]
    refused = slack.submit_view(view, {"word": "lamp"})
    await refused.acked()
    assert "invalid_arguments" in refused.refusal
    told.acks = [{"response_action": "update", "view": {**ASKING, "callback_id": "second"}}]
    await slack.submit_view(view, {"word": "lamp"}).acked()
    assert [one.body["callback_id"] for one in slack.open_views(ALICE)] == ["second"]
    await slack.submit_view(view, {"word": "lamp"}).acked()
    assert slack.open_views(ALICE) == []
    with pytest.raises(NotPossible):
        slack.press(view, "light", ALICE)


async def test_a_modal_s_rules_hold_for_people_too(slack: SlackServer, told: Told) -> None:
    """Nothing can be filled in that is not asked, nor submitted without a button; closing is told when it was asked."""
    client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/")
    await client.views_open(trigger_id=slack.trigger(TEAM, ALICE), view=ASKING)
    [view] = slack.open_views(ALICE)
    with pytest.raises(NotPossible, match="colour"):
        slack.submit_view(view, {"colour": "red"})
    closed = slack.close_view(view)
    assert closed is not None
    await closed.acked()
    assert told.bodies[-1]["type"] == "view_closed"
    quiet = {"type": "modal", "title": PLAIN, "blocks": [ACTIONS]}
    await client.views_open(trigger_id=slack.trigger(TEAM, ALICE), view=quiet)
    [view] = slack.open_views(ALICE)
    with pytest.raises(NotPossible, match="submit"):
        slack.submit_view(view)
    assert slack.close_view(view) is None


MENU_OF = [{"text": PLAIN, "value": value} for value in ("one", "two", "three")]
FILLING_IN = {
    "type": "modal",
    "title": PLAIN,
    "submit": PLAIN,
    "blocks": [
        {
            "type": "input",
            "label": PLAIN,
            "element": {"type": "plain_text_input", "action_id": "word", "min_length": 2, "max_length": 4},
        },
        {
            "type": "input",
            "label": PLAIN,
            "element": {
                "type": "multi_static_select",
                "action_id": "some",
                "options": MENU_OF,
                "initial_options": MENU_OF[:1],
                "max_selected_items": 2,
            },
        },
        {
            "type": "input",
            "label": PLAIN,
            "optional": True,
            "element": {"type": "static_select", "action_id": "one", "options": MENU_OF},
        },
    ],
}


async def test_slack_itself_keeps_people_from_submitting_half_a_form(slack: SlackServer, told: Told) -> None:
    """What must be answered is, with as much as is taken; what may be left out is told as nothing."""
    client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/")
    await client.views_open(trigger_id=slack.trigger(TEAM, ALICE), view=FILLING_IN)
    [view] = slack.open_views(ALICE)
    for values, why in (
        ({}, "'word' must"),
        ({"word": "x"}, "length"),
        ({"word": "xxxxx"}, "length"),
        ({"word": "lamp", "some": []}, "'some' must"),
        ({"word": "lamp", "some": ["one", "two", "three"]}, "fewer"),
        ({"word": "lamp", "one": "four"}, "no option"),
    ):
        with pytest.raises(NotPossible, match=why):
            slack.submit_view(view, values)
    await slack.submit_view(view, {"word": "lamp"}).acked()
    held = [next(iter(block.values())) for block in told.bodies[-1]["view"]["state"]["values"].values()]
    assert held[0]["value"] == "lamp"
    assert [option["value"] for option in held[1]["selected_options"]] == ["one"]
    assert held[2]["selected_option"] is None


# --- events ----------------------------------------------------------------------------------------------------------


async def test_a_mention_is_told_as_slack_writes_it(slack: SlackServer, told: Told) -> None:
    """The bot's name as <@ID>, addresses in brackets, the thread it was in; only where the bot is, and never twice."""
    parent = await post(slack)
    await slack.mention(PAPERS, ALICE, "results https://arxiv.org/abs/2601.10592", parent.ts).acked()
    await slack.mention(PAPERS, ALICE, "hello @Paperboy").acked()

    first, second = told.events
    assert first["text"] == f"<@{BOT_USER}> results <https://arxiv.org/abs/2601.10592>"
    assert (first["type"], first["thread_ts"], first["channel"]) == ("app_mention", parent.ts, PAPERS)
    assert (second["text"], "thread_ts" in second) == (f"hello <@{BOT_USER}>", False)
    assert [message.text for message in slack.thread(PAPERS, parent.ts)] == [first["text"]]
    for channel, thread in ((OUTSIDE, None), (ALICE, None), (PAPERS, "1.000000")):
        with pytest.raises(NotPossible):
            slack.mention(channel, ALICE, "results", thread)


async def test_a_direct_message_is_told_and_so_is_the_bot_s_own(slack: SlackServer, told: Told) -> None:
    """message.im from the person; the bot's own post comes back with its bot_id, which bolt leaves out."""
    await slack.direct(ALICE, "results").acked()
    await post(slack, channel=ALICE)
    await slack.direct(ALICE, "again").acked()
    sent = [handle.payload["event"] for handle in slack.sockets.handles.values()]
    assert [event.get("bot_id") for event in sent] == [None, slack.workspaces[TEAM].bot, None]
    assert [(event["channel_type"], event["text"]) for event in told.events] == [("im", "results"), ("im", "again")]
    assert [message.text for message in slack.messages(ALICE)] == ["results", "x", "again"]


async def test_an_event_may_come_twice(slack: SlackServer, told: Told) -> None:
    """redeliver sends the same event_id in a new envelope."""
    handle = slack.mention(PAPERS, ALICE, "results")
    await handle.acked()
    again = slack.redeliver(handle)
    await again.acked()
    assert again.envelope_id != handle.envelope_id
    assert told.bodies[0]["event_id"] == told.bodies[1]["event_id"]
    assert len(slack.messages(PAPERS)) == 1


async def test_the_app_is_told_when_somebody_opens_its_page(slack: SlackServer, told: Told) -> None:
    """With the tab, and with what was published there; not where the app has no such tab."""
    await slack.open_home(WEI).acked()
    await slack.open_home(WEI, "messages").acked()
    client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/")
    await client.views_publish(user_id=WEI, view={"type": "home", "blocks": [ACTIONS]})
    await slack.open_home(WEI).acked()
    assert [(event["tab"], event["user"], "view" in event) for event in told.events] == [
        ("home", WEI, False),
        ("messages", WEI, False),
        ("home", WEI, True),
    ]
    home = slack.home(WEI)
    assert home is not None
    await slack.press(home, "light", WEI).acked()
    assert told.bodies[-1]["view"]["type"] == "home"
    slack.workspaces[TEAM].home_tab = False
    with pytest.raises(NotPossible, match="home tab"):
        slack.open_home(WEI)


async def test_scopes_decide_what_is_told(slack: SlackServer) -> None:
    """Without app_mentions:read and im:history the app would hear nothing."""
    slack.workspaces[TEAM].scopes -= {"app_mentions:read", "im:history"}
    with pytest.raises(NotPossible, match="app_mentions:read"):
        slack.mention(PAPERS, ALICE, "x")
    with pytest.raises(NotPossible, match="im:history"):
        slack.direct(ALICE, "x")


async def test_an_app_without_a_messages_tab_has_no_direct_conversations(slack: SlackServer) -> None:
    """Neither people write there nor the app; channels are as they were."""
    team = slack.workspaces[TEAM]
    team.messages_tab = False
    with pytest.raises(NotPossible, match="messages tab"):
        slack.direct(ALICE, "x")
    client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/")
    for channel in (ALICE, team.direct_with(ALICE).id):
        with pytest.raises(SlackApiError, match="messages_tab_disabled"):
            await client.chat_postMessage(channel=channel, text="x")
    await client.chat_postMessage(channel=PAPERS, text="x")


# --- the socket ------------------------------------------------------------------------------------------------------


async def test_a_socket_needs_a_ticket_and_speaks_first(slack: SlackServer) -> None:
    """A ticket admits once; hello comes first; frames that acknowledge nothing are strays; a second ack is refused."""
    client = AsyncWebClient(APP_TOKEN, base_url=f"{slack.url}/api/")
    url = (await client.apps_connections_open(app_token=APP_TOKEN))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)
            handle = slack.mention(PAPERS, ALICE, "x")
            envelope = await socket.receive_json()
            assert (envelope["type"], envelope["accepts_response_payload"]) == ("events_api", False)
            for frame in (
                {"envelope_id": "nobody"},
                {"envelope_id": envelope["envelope_id"], "payload": {"text": "x"}},
            ):
                await socket.send_json(frame)
            await handle.acked()
            assert "invalid_arguments" in handle.refusal
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
            await until(lambda: handle.refusal == "acknowledged twice")
            assert len(slack.sockets.strays) == 1
        await until(lambda: slack.sockets.count == 0)


async def test_an_app_told_to_disconnect_comes_back(slack: SlackServer, told: Told) -> None:
    """A disconnect frame, on its own or as a fault of a call; after it envelopes arrive on the new socket."""
    slack.sockets.disconnect()
    await slack.connected()
    await slack.command(PAPERS, ALICE, "/paper", "first").acked()
    slack.fault("chat.postMessage", Disconnect("warning"))
    await post(slack)
    await until(lambda: slack.sockets.opened == 3)
    await slack.command(PAPERS, ALICE, "/paper", "second").acked()
    assert [body["text"] for body in told.bodies] == ["first", "second"]


async def test_people_can_be_sent_to_a_server_in_another_process() -> None:
    """A command over HTTP gives the ack's time and the answers."""
    with SlackProcess() as slack:
        told = Told(slack.url)
        told.acks = ["at once"]
        await told.handler.connect_async()
        answer = await asyncio.to_thread(slack.command, PAPERS, ALICE, "/paper", "x")
        await told.handler.close_async()
    assert answer["ack_after_s"] > 0
    assert [one["text"] for one in answer["answers"]] == ["at once"]
