"""Interactions: what somebody asked the app, and how the app may answer
(https://docs.discord.com/developers/interactions/receiving-and-responding).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.discord_calls import Answer, Call, Problem, Refused
from tests.discord_messages import changed, content_of, posted, removed
from tests.discord_payloads import message_told
from tests.discord_rules import choice_problems, modal_problems
from tests.discord_world import APPLICATION, EPHEMERAL, LOADING, Message, World
from tests.slack_socket import PATIENCE_S, until

ACK_S = 3.0
TOKEN_S = 15 * 60
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
_MESSAGE, _DEFERRED, _DEFERRED_UPDATE, _UPDATE, _CHOICES, _MODAL = 4, 5, 6, 7, 8, 9
_ANSWERS = {
    COMMAND: {_MESSAGE, _DEFERRED, _MODAL},
    COMPONENT: {_MESSAGE, _DEFERRED, _DEFERRED_UPDATE, _UPDATE, _MODAL},
    AUTOCOMPLETE: {_CHOICES},
    MODAL_SUBMIT: {_MESSAGE, _DEFERRED, _DEFERRED_UPDATE, _UPDATE},
}
_CALLED, _REPLY = 20, 19  # types of messages: a command's answer, a component's


class Interaction:
    """One thing that the app was asked. `kind` is Discord's number for it, `payload` all that the app was told.

    `choices` are the suggestions of an autocompletion, `modal` the form shown, `refusal` why Discord did not take the
    last answer. `answer_ids` are the messages made by the answer and its follow-ups; the first is the original.
    """

    def __init__(self, world: World, kind: int, payload: dict[str, Any], person: str, pressed: Message | None) -> None:
        self.owners: dict[str, str] = payload["authorizing_integration_owners"]
        self.world, self.kind, self.payload, self.person, self.pressed = world, kind, payload, person, pressed
        self.channel = str(payload["channel_id"])
        self.born_s = world.clock()
        self.sent_s = time.monotonic()
        self.ack: dict[str, Any] | None = None
        self.ack_after_s: float | None = None
        self.choices: list[dict[str, Any]] = []
        self.modal: dict[str, Any] | None = None
        self.refusal: dict[str, Any] | None = None
        self.original = ""
        self.answer_ids: list[str] = []

    @property
    def deferred(self) -> bool:
        """Whether the app's first answer was that it will answer later."""
        return bool(self.ack) and (self.ack or {}).get("type") in {_DEFERRED, _DEFERRED_UPDATE}

    @property
    def answers(self) -> list[Message]:
        """What the person sees of the answers now, first to last, but for "thinking..."."""
        with self.world.lock:
            there = [self.world.current(one) for one in self.answer_ids]
            return [message for message in there if message and not message.flags & LOADING]

    async def acked(self, timeout_s: float = PATIENCE_S) -> float:
        """How many seconds the first answer took. Raises TimeoutError."""
        await until(lambda: self.ack_after_s is not None, timeout_s)
        return self.ack_after_s or 0.0

    async def answered(self, count: int = 1, timeout_s: float = PATIENCE_S) -> list[Message]:
        """The answers, once there are so many. Raises TimeoutError."""
        await until(lambda: len(self.answers) >= count, timeout_s)
        return self.answers

    async def refused(self, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """Why Discord did not take an answer, once there was one. Raises TimeoutError."""
        await until(lambda: self.refusal, timeout_s)
        return self.refusal or {}


class Interacting(World):
    """A world with what people asked in it, by token."""

    def __init__(self) -> None:
        super().__init__()
        self.interactions: dict[str, Interaction] = {}

    def origin(self, message: Message) -> Interaction | None:
        """The interaction that a message answers."""
        return next((one for one in self.interactions.values() if message.id in one.answer_ids), None)


# --- the first answer ------------------------------------------------------------------------------------------------


def create_interaction_response(world: Interacting, call: Call) -> Answer:
    """Within three seconds, once, and of a kind that fits what was asked."""
    asked = world.interactions.get(call.path["interaction_token"])
    if asked is None or asked.payload["id"] != call.path["interaction_id"]:
        raise Refused(10062)
    resource = _first(world, asked, call.body)
    about: dict[str, Any] = {"id": asked.payload["id"], "type": asked.kind, "channel_id": asked.channel}
    if (message := world.current(asked.original)) is not None:
        about |= {"response_message_id": message.id, "response_message_loading": bool(message.flags & LOADING)}
        about |= {"response_message_ephemeral": bool(message.flags & EPHEMERAL)}
    told = {"interaction": about, **resource}
    return told if call.query.get("with_response") in {"1", "true"} else None


def _first(world: Interacting, asked: Interaction, body: Any) -> dict[str, Any]:
    if asked.ack is not None:
        raise Refused(40060)
    # By a clock that was moved only: how fast a machine is decides nothing
    if world.clock is not time.time and world.clock() - asked.born_s > ACK_S:
        raise Refused(10062)
    if not isinstance(body, dict) or body.get("type") not in _ANSWERS[asked.kind]:
        why = Problem(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {sorted(_ANSWERS[asked.kind])}.")
        raise Refused(50035, [why])
    told = _TAKES[body["type"]](world, asked, body.get("data") or {})
    asked.ack, asked.ack_after_s = body, time.monotonic() - asked.sent_s
    return told


def _say(
    world: Interacting, asked: Interaction, content: dict[str, Any], body: Mapping[str, Any], flags: int
) -> Message:
    """Writes down an answer; an ephemeral one is the person's alone."""
    private = asked.person if flags & EPHEMERAL else None
    kind = _REPLY if asked.pressed else _CALLED
    kept = {**content, "flags": content.get("flags", 0) | flags}
    message = posted(world, world.channels[asked.channel], kept, body, type=kind, seen_only_by=private)
    asked.answer_ids.append(message.id)
    return message


def _resource(world: World, kind: int, message: Message) -> dict[str, Any]:
    return {"resource": {"type": kind, "message": message_told(world, message)}}


def _take_message(world: Interacting, asked: Interaction, data: dict[str, Any]) -> dict[str, Any]:
    content = content_of(data, ("data",))
    message = _say(world, asked, content, data, content["flags"] & EPHEMERAL)
    asked.original = message.id
    return _resource(world, _MESSAGE, message)


def _take_deferred(world: Interacting, asked: Interaction, data: dict[str, Any]) -> dict[str, Any]:
    message = _say(world, asked, {}, {}, LOADING | int(data.get("flags") or 0) & EPHEMERAL)
    asked.original = message.id
    return {}


def _take_deferred_update(_world: Interacting, asked: Interaction, _data: dict[str, Any]) -> dict[str, Any]:
    asked.original = _pressed(asked).id
    return {}


def _take_update(world: Interacting, asked: Interaction, data: dict[str, Any]) -> dict[str, Any]:
    current = world.current(_pressed(asked).id)
    if current is None:
        raise Refused(10008)
    message = changed(world, current, data, ("data",))
    asked.original = message.id
    asked.answer_ids.append(message.id)
    return _resource(world, _UPDATE, message)


def _take_choices(_world: Interacting, asked: Interaction, data: dict[str, Any]) -> dict[str, Any]:
    if problems := choice_problems(data.get("choices"), ("data", "choices")):
        raise Refused(50035, problems)
    asked.choices = data["choices"]
    return {}


def _take_modal(_world: Interacting, asked: Interaction, data: dict[str, Any]) -> dict[str, Any]:
    if problems := modal_problems(data):
        raise Refused(50035, problems)
    asked.modal = data
    return {}


def _pressed(asked: Interaction) -> Message:
    if asked.pressed is None:
        raise Refused(50035, [Problem(("type",), "BASE_TYPE_CHOICES", "There is no message to update")])
    return asked.pressed


_TAKES: Mapping[int, Callable[[Interacting, Interaction, dict[str, Any]], dict[str, Any]]] = {
    _MESSAGE: _take_message,
    _DEFERRED: _take_deferred,
    _DEFERRED_UPDATE: _take_deferred_update,
    _UPDATE: _take_update,
    _CHOICES: _take_choices,
    _MODAL: _take_modal,
}


# --- what follows ----------------------------------------------------------------------------------------------------


def _followed(world: Interacting, call: Call) -> Interaction:
    """Raises Refused when the token is not known, over fifteen minutes old, or not answered yet."""
    asked = world.interactions.get(call.path["webhook_token"])
    if call.path["webhook_id"] != APPLICATION:
        raise Refused(10015)
    if asked is None or world.clock() - asked.born_s > TOKEN_S:
        raise Refused(50027)
    if asked.ack is None:
        raise Refused(10015)
    return asked


def _named(world: Interacting, call: Call) -> tuple[Interaction, Message]:
    asked = _followed(world, call)
    name = call.path.get("message_id", "@original")
    wanted = asked.original if name == "@original" else name
    message = world.current(wanted) if wanted in {asked.original, *asked.answer_ids} else None
    if message is None:
        raise Refused(10008)
    return asked, message


def execute_webhook(world: Interacting, call: Call) -> Answer:
    """A follow-up. The first one after "thinking..." takes its place, and is seen by whom that was seen by."""
    asked = _followed(world, call)
    original = world.current(asked.original)
    if original is not None and original.flags & LOADING:
        return message_told(world, changed(world, original, call.body))
    content = content_of(call.body)
    return message_told(world, _say(world, asked, content, call.body, content["flags"] & EPHEMERAL))


def get_webhook_message(world: Interacting, call: Call) -> Answer:
    return message_told(world, _named(world, call)[1])


def update_webhook_message(world: Interacting, call: Call) -> Answer:
    asked, message = _named(world, call)
    edited = changed(world, message, call.body)
    if edited.id not in asked.answer_ids:
        asked.answer_ids.append(edited.id)
    return message_told(world, edited)


def delete_webhook_message(world: Interacting, call: Call) -> Answer:
    removed(world, _named(world, call)[1])
    return None
