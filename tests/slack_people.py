"""Driving the local Slack as people do: commands, buttons, mentions, direct messages, modals. Each becomes an envelope
on the app's socket (https://docs.slack.dev/apis/events-api/using-socket-mode), and gives a handle on what came of it.
"""

from __future__ import annotations

import html
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

from tests.slack_calls import Refused
from tests.slack_payloads import (
    NotPossible,
    answer_of,
    check_filled_in,
    element_of,
    names_inputs,
    option_of,
    state_of,
    typed,
)
from tests.slack_posts import change_view, new_view, view_of, view_shown
from tests.slack_socket import PATIENCE_S, Handle, Sockets, Take, until
from tests.slack_world import APP, Channel, Message, ResponseUrl, View, Workspace, World

RESPONSES = 5  # uses of a response_url
RESPONSE_S = 30 * 60
_CHANNEL_NAMES = {"im": "directmessage", "private": "privategroup"}


def _nothing(_handle: Handle, payload: Mapping[str, Any]) -> None:
    if payload:
        raise Refused("invalid_arguments", why="this is acknowledged without a payload")


class People(World):
    """The world, and what the people in it do to the app. `url` is the server's address."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.sockets = Sockets()
        self._handles: dict[str, Handle] = {}  # by response_url's name

    async def connected(self, count: int = 1, timeout_s: float = PATIENCE_S) -> None:
        """Waits until the app has so many sockets open."""
        await until(lambda: self.sockets.count >= count, timeout_s)

    def command(
        self, channel: str, person: str, command: str, text: str = "", *, thread_ts: str | None = None
    ) -> Handle:
        """A slash command, in a channel or (with a person's id as the channel) in the bot's direct conversation."""
        if thread_ts is not None:
            raise NotPossible("Slack has no slash commands in threads.")
        workspace, where = self._place(channel, person)
        if workspace.team_of(person) != workspace.id:
            raise NotPossible("Slash commands are only for the workspace that the app is installed in.")
        if "commands" not in workspace.scopes:
            raise NotPossible("The app was not given the scope `commands`.")
        payload = {
            "token": "local",
            "team_id": workspace.id,
            "team_domain": workspace.id.lower(),
            "channel_id": where.id,
            "channel_name": _CHANNEL_NAMES.get(where.kind, where.name),
            "user_id": person,
            "user_name": workspace.people[person].name,
            "command": command,
            "text": html.escape(text, quote=False),
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "trigger_id": self.trigger(workspace.id, person),
        }
        return self._with_url("slash_commands", payload, self._said_by_ack, workspace, person, where)

    def press(
        self, on: Message | View, action_id: str, person: str, *, value: str | None = None, option: str | None = None
    ) -> Handle:
        """Presses a button (the one with this value, where several share the action), or chooses an option by value."""
        on = self._newest(on)
        blocks = on.body["blocks"] if isinstance(on, View) else on.blocks
        block_id, element = element_of(blocks, action_id, value)
        action = {
            "type": element["type"],
            "action_id": action_id,
            "block_id": block_id,
            "action_ts": f"{time.time():.6f}",
        }
        action |= {name: element[name] for name in ("text", "value", "url") if name in element}
        if option is not None:
            action["selected_option"] = option_of(element, option)
        return self._interacted("block_actions", on, person, {"actions": [action], "state": {"values": {}}})

    def submit_view(self, view: View, values: Mapping[str, Any] | None = None) -> Handle:
        """Submits a modal with values by action_id; a view that asks nothing may be submitted too."""
        if "submit" not in view.body:
            raise NotPossible("This modal has no button to submit it.")
        with self.lock:
            check_filled_in(view.body["blocks"], values or {})
        return self._interacted("view_submission", view, view.person, {"response_urls": []}, values)

    def close_view(self, view: View) -> Handle | None:
        """Closes a modal; the app is told only if it asked to be."""
        view.open = False
        if not view.body.get("notify_on_close"):
            return None
        return self._interacted("view_closed", view, view.person, {"is_cleared": False})

    def open_views(self, person: str) -> list[View]:
        """The modals somebody has open, the one in front last."""
        with self.lock:
            views = [view for view in self.views.values() if view.person == person and view.open]
        return [view for view in views if view.body["type"] == "modal"]

    def open_home(self, person: str, tab: str = "home") -> Handle:
        """Somebody opens the app's own page: the home tab, or its "messages"."""
        workspace, where = self._place(person, person)
        if tab == "home" and not workspace.home_tab:
            raise NotPossible("The app's settings do not turn on the home tab.")
        event: dict[str, Any] = {"type": "app_home_opened", "user": person, "channel": where.id, "tab": tab}
        event["event_ts"] = f"{self.clock():.6f}"
        if tab == "home" and (view := self.home(person)) is not None:
            event["view"] = view_shown(view, workspace)
        return self._send(Handle("events_api", self._event(workspace, event), _nothing))

    def mention(self, channel: str, person: str, text: str, thread_ts: str | None = None) -> Handle:
        """Somebody writes `@Paperboy` and a text, or a text with `@Paperboy` somewhere in it."""
        workspace, where = self._place(channel, person)
        if where.kind == "im":
            raise NotPossible("Slack tells of a mention in a direct conversation as a message: use direct().")
        if workspace.bot_user not in where.members:
            raise NotPossible("The app is not in this channel.")
        if "app_mentions:read" not in workspace.scopes:
            raise NotPossible("The app was not given the scope `app_mentions:read`.")
        name = f"<@{workspace.bot_user}>"
        said = typed(text).replace("@Paperboy", name)
        return self._said(
            workspace, where, person, said if name in said else f"{name} {said}", thread_ts, "app_mention"
        )

    def direct(self, person: str, text: str, thread_ts: str | None = None) -> Handle:
        """Somebody writes to the bot alone."""
        workspace, where = self._place(person, person)
        if "im:history" not in workspace.scopes:
            raise NotPossible("The app was not given the scope `im:history`.")
        if not workspace.messages_tab:
            raise NotPossible("The app's settings do not turn on the messages tab.")
        if not workspace.reaches(person):
            raise NotPossible("Nobody of another company writes to the app without a channel that they share.")
        return self._said(workspace, where, person, typed(text), thread_ts, "message")

    def say(self, channel: str, person: str, text: str, thread_ts: str | None = None) -> Message:
        """Somebody writes in a channel what the app is not told of."""
        workspace, where = self._place(channel, person)
        thread = {"thread_ts": thread_ts} if thread_ts else {}
        with self.lock:
            return self.append(workspace, where, person, {"text": typed(text), **thread})

    def delete(self, message: Message) -> None:
        """Somebody who may deletes a message."""
        with self.lock:
            found = self.find(message.channel, message.ts)
            if found is None:
                raise NotPossible("This message is gone already.")
            self.replace(found, deleted=True)

    def redeliver(self, handle: Handle) -> Handle:
        """The same event again, as Slack sends it when no ack came in time."""
        return self._send(Handle(handle.kind, handle.payload, _nothing, handle.retry + 1))

    def tell_own(self, message: Message) -> None:
        """The app is told of its own posts in direct conversations too, and must know them for its own."""
        workspace = self.workspaces[message.team]
        if self.sockets.count and "im:history" in workspace.scopes:
            event = {**message.body, "channel": message.channel, "channel_type": "im", "event_ts": message.ts}
            self._send(Handle("events_api", self._event(workspace, event), _nothing))

    def respond(self, name: str, arguments: dict[str, Any]) -> None:
        """What a POST to a response_url does. Raises Refused: used_url, expired_url, invalid_blocks, no_text, ..."""
        with self.lock:
            if name not in self.response_urls:
                raise Refused("invalid_url")
            self._respond(self.response_urls[name], self._handles[name], arguments)

    # --- how ---------------------------------------------------------------------------------------------------------

    def _respond(self, place: ResponseUrl, handle: Handle, arguments: dict[str, Any]) -> None:
        if self.clock() - place.born_s > RESPONSE_S:
            raise Refused("expired_url")
        if place.uses == RESPONSES:
            raise Refused("used_url")
        place.uses += 1
        self._answer(place, handle, arguments)

    def _said_by_ack(self, handle: Handle, payload: Mapping[str, Any]) -> None:
        if payload:
            place = self.response_urls[str(handle.payload["response_url"]).rpartition("/")[2]]
            with self.lock:
                self._answer(place, handle, payload)

    def _answer(self, place: ResponseUrl, handle: Handle, arguments: Mapping[str, Any]) -> None:
        original = place.original and self.current(place.channel, place.original.ts)
        if arguments.get("delete_original") and original:
            self.replace(original, deleted=True)
            return
        content = answer_of(arguments)
        if arguments.get("replace_original") and original:
            place.original = self.replace(original, body=original.body | content)
            handle.answers.append(place.original)
            return
        workspace = self.workspaces[place.team]
        private = None if arguments.get("response_type") == "in_channel" else place.person
        thread = {"thread_ts": arguments["thread_ts"]} if "thread_ts" in arguments else {}
        where = workspace.channels[place.channel]
        said = self.append(workspace, where, workspace.bot_user, content | thread, seen_only_by=private)
        handle.answers.append(said)

    def _newest(self, on: Message | View) -> Message | View:
        with self.lock:
            current = (on if on.open else None) if isinstance(on, View) else self.current(on.channel, on.ts)
        if current is None:
            raise NotPossible("This was deleted or closed: nobody can press anything on it.")
        return current

    def _place(self, channel: str, person: str) -> tuple[Workspace, Channel]:
        with self.lock:
            for workspace in self.workspaces.values():
                if person in workspace.people and channel == person:
                    return workspace, workspace.direct_with(person)
                if channel in workspace.channels and person in workspace.people:
                    where = workspace.channels[channel]
                    if person not in where.members:
                        raise NotPossible(f"{person} is not in {channel}.")
                    return workspace, where
        raise NotPossible(f"No workspace has both {channel} and {person}.")

    def _said(
        self, workspace: Workspace, where: Channel, person: str, text: str, thread_ts: str | None, kind: str
    ) -> Handle:
        content = {"text": text, "client_msg_id": str(uuid.uuid4()), **({"thread_ts": thread_ts} if thread_ts else {})}
        with self.lock:
            if thread_ts and self.find(where.id, thread_ts) is None:
                raise NotPossible("There is no such thread.")
            message = self.append(workspace, where, person, content)
        team = workspace.team_of(person)
        event = {**message.body, "type": kind, "channel": where.id, "event_ts": message.ts}
        if workspace.is_shared(where):
            event |= {"user_team": team, "source_team": team}
        if where.kind == "im":
            event["channel_type"] = "im"
        return self._send(Handle("events_api", self._event(workspace, event), _nothing))

    def _event(self, workspace: Workspace, event: dict[str, Any]) -> dict[str, Any]:
        """The outer team may be that of who did it; which one the app is installed in, `authorizations` says
        (https://docs.slack.dev/apis/slack-connect, slack_bolt/request/internals.py)."""
        authorization = {"enterprise_id": None, "team_id": workspace.id, "user_id": workspace.bot_user, "is_bot": True}
        where = workspace.channels.get(event["channel"])
        return {
            "token": "local",
            "team_id": workspace.team_of(event["user"]),
            "api_app_id": APP,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self.clock()),
            "authorizations": [{**authorization, "is_enterprise_install": False}],
            "is_ext_shared_channel": where is not None and workspace.is_shared(where),
        }

    def _interacted(
        self,
        kind: str,
        on: Message | View,
        person: str,
        more: dict[str, Any],
        values: Mapping[str, Any] | None = None,
    ) -> Handle:
        workspace = self.workspaces[on.team]
        team = workspace.team_of(person)
        who = {"id": person, "username": workspace.people[person].name, "name": workspace.people[person].name}
        payload: dict[str, Any] = {
            "type": kind,
            "user": {**who, "team_id": team},
            "api_app_id": APP,
            "token": "local",
            "trigger_id": self.trigger(workspace.id, person, on.id if isinstance(on, View) else None),
            "team": {"id": team, "domain": team.lower()},
            "enterprise": None,
            "is_enterprise_install": False,
            **more,
        }
        if isinstance(on, View):
            shown = view_shown(on, workspace)
            payload["view"] = {**shown, "state": {"values": state_of(on.body["blocks"], values or {})}}
            payload["container"] = {"type": "view", "view_id": on.id}
            take = self._closing(on) if kind == "view_submission" else _nothing
            return self._send(Handle("interactive", payload, take))
        where = workspace.channels[on.channel]
        payload["channel"] = {"id": where.id, "name": _CHANNEL_NAMES.get(where.kind, where.name)}
        place = {"type": "message", "message_ts": on.ts, "channel_id": where.id, "is_ephemeral": bool(on.seen_only_by)}
        payload["container"] = {**place, **({"thread_ts": on.thread_ts} if on.thread_ts else {})}
        if not on.seen_only_by:  # Slack does not tell what an ephemeral message said
            payload["message"] = on.body
        return self._with_url("interactive", payload, _nothing, workspace, person, where, on)

    def _closing(self, view: View) -> Take:
        def take(_handle: Handle, answer: Mapping[str, Any]) -> None:
            action = answer.get("response_action")
            with self.lock:
                if action == "update":
                    change_view(self, view, view_of(answer, "modal"))
                elif action == "push":
                    new_view(self, view.team, view.person, view_of(answer, "modal"), (*view.stack, view.id))
                elif action == "clear":
                    for other in self.open_views(view.person):
                        other.open = False
                elif not answer:
                    view.open = False
                elif action != "errors" or not names_inputs(view.body["blocks"], answer.get("errors")):
                    raise Refused("invalid_arguments", why="no such response_action")

        return take

    def _with_url(
        self,
        kind: str,
        payload: dict[str, Any],
        take: Take,
        workspace: Workspace,
        person: str,
        where: Channel,
        original: Message | None = None,
    ) -> Handle:
        """Sends what may be answered at an address of its own."""
        name = secrets.token_urlsafe(12)
        told = {**payload, "response_url": f"{self.url}/response/{name}"}
        handle = Handle(kind, told, take)
        with self.lock:
            self.response_urls[name] = ResponseUrl(workspace.id, where.id, person, self.clock(), original)
            self._handles[name] = handle
        return self._send(handle)

    def _send(self, handle: Handle) -> Handle:
        if not self.sockets.count:
            raise NotPossible("The app has no socket open: Slack would say that it did not respond.")
        self.sockets.send(handle)
        return handle
