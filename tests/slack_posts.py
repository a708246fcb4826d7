"""Messages and views as the Web API takes them: their rules, and chat.* and views.*, which write them down
(https://docs.slack.dev/reference/methods/chat.postMessage, .../views.open).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from tests.slack_calls import Answer, Arguments, Refused, decoded, flag, invalid, known, need_scope, shown, writable
from tests.slack_rules import RENDERED_CHARS, block_problems, rendered_chars, view_problems, view_too_large
from tests.slack_world import APP, Channel, Message, Trigger, View, Workspace, World

TEXT_CHARS = 40_000  # of chat.postMessage; Slack cuts or refuses what is longer
UPDATE_CHARS = 4_000  # of chat.update
MARKDOWN_CHARS = 12_000
METADATA_BYTES = 4_000  # Slack drops more, with a warning
TRIGGER_S = 3.0
PUSHED_VIEWS = 3
_INTERACTIVE = ("button", "overflow", "checkboxes", "radio_buttons")
_ENDINGS = ("_select", "picker", "_input", "_buttons")

# --- messages --------------------------------------------------------------------------------------------------------


def _with_ids(content: Any) -> Any:
    """The same blocks, where Slack has given an id to what had none."""
    if isinstance(content, list):
        return [_with_ids(part) for part in content]
    if not isinstance(content, dict):
        return content
    filled = {name: _with_ids(part) for name, part in content.items()}
    kind = str(filled.get("type", ""))
    if kind in _INTERACTIVE or kind.endswith(_ENDINGS):
        filled.setdefault("action_id", secrets.token_urlsafe(4))
    return filled


def blocks_with_ids(blocks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"block_id": secrets.token_urlsafe(4), **_with_ids(block)} for block in blocks]


def content_of(arguments: Arguments, max_chars: int = TEXT_CHARS) -> dict[str, Any]:
    """The text and blocks of a message. Raises Refused: no_text, msg_too_long, invalid_blocks, ..."""
    blocks = decoded(arguments, "blocks", "invalid_blocks_format")
    text = arguments.get("text", "")
    if "markdown_text" in arguments:
        if "text" in arguments or blocks:
            raise Refused("markdown_text_conflict")
        text, max_chars = arguments["markdown_text"], MARKDOWN_CHARS
    if not isinstance(text, str):
        raise invalid("must be a string: text")
    if len(text) > max_chars:
        raise Refused("msg_too_long")
    if blocks is not None and not (isinstance(blocks, list) and all(isinstance(block, dict) for block in blocks)):
        raise Refused("invalid_blocks_format")
    if problems := block_problems(blocks or []):
        raise invalid(*problems, error="invalid_blocks")
    if rendered_chars(blocks) > RENDERED_CHARS:
        raise Refused("msg_blocks_too_long")
    if not blocks and not text.strip():
        raise Refused("no_text")
    return {"text": text, **({} if blocks is None else {"blocks": blocks_with_ids(blocks)})}


def _metadata_of(arguments: Arguments) -> tuple[dict[str, Any] | None, list[str]]:
    """The metadata to keep, None for none, and what to warn of."""
    metadata = decoded(arguments, "metadata", "invalid_metadata_format")
    if not metadata:
        return None, []
    if (
        not isinstance(metadata, dict)
        or metadata.keys() != {"event_type", "event_payload"}
        or not isinstance(metadata["event_type"], str)
        or not isinstance(metadata["event_payload"], dict)
    ):
        raise Refused("invalid_metadata_format")
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > METADATA_BYTES:
        return None, ["metadata_too_large"]
    return metadata, []


def _warned(answer: Answer, warnings: Sequence[str]) -> Answer:
    if not warnings:
        return answer
    return {**answer, "warning": ",".join(warnings), "response_metadata": {"warnings": list(warnings)}}


def in_thread(world: World, channel: Channel, arguments: Arguments) -> dict[str, Any]:
    """Where in a thread a message goes. Raises Refused when there is no such thread."""
    if "thread_ts" not in arguments:
        if flag(arguments, "reply_broadcast"):
            raise invalid("reply_broadcast needs thread_ts")
        return {}
    parent = world.find(channel.id, str(arguments["thread_ts"]))
    if parent is None or not parent.is_parent:
        raise Refused("thread_not_found")
    return {"thread_ts": parent.ts, **({"reply_broadcast": True} if flag(arguments, "reply_broadcast") else {})}


def post_message(world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    if arguments.keys() & {"username", "icon_emoji", "icon_url"}:
        need_scope(workspace, "chat:write.customize")
    wanted = str(arguments["channel"])
    if not workspace.reaches(wanted):
        raise Refused("channel_not_found")
    channel = workspace.direct_with(wanted) if wanted in workspace.people else writable(workspace, wanted)
    if channel.kind == "im" and not workspace.messages_tab:
        raise Refused("messages_tab_disabled")
    content = content_of(arguments) | in_thread(world, channel, arguments)
    metadata, warnings = _metadata_of(arguments)
    message = world.append(workspace, channel, workspace.bot_user, content, metadata=metadata)
    told = shown(world, message, with_metadata=True)
    return _warned({"channel": channel.id, "ts": message.ts, "message": told}, warnings)


def post_ephemeral(world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    channel = writable(workspace, arguments["channel"])
    if arguments["user"] not in channel.members:
        raise Refused("user_not_in_channel")
    content = content_of(arguments) | in_thread(world, channel, arguments)
    person = str(arguments["user"])
    return {"message_ts": world.append(workspace, channel, workspace.bot_user, content, seen_only_by=person).ts}


def _own(world: World, workspace: Workspace, arguments: Arguments, refusal: str) -> Message:
    channel = writable(workspace, arguments["channel"])
    message = world.find(channel.id, str(arguments["ts"]))
    if message is None:
        raise Refused("message_not_found")
    if message.body["user"] != workspace.bot_user:
        raise Refused(refusal)
    return message


def update(world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    """What is not given stays as it was: blocks, metadata."""
    message = _own(world, workspace, arguments, "cant_update_message")
    metadata, warnings = _metadata_of(arguments)
    kept = message.metadata if "metadata" not in arguments or warnings else metadata
    edited = {"edited": {"user": workspace.bot_user, "ts": f"{world.clock():.6f}"}}
    body = message.body | content_of(arguments, UPDATE_CHARS) | edited
    changed = world.replace(message, body=body, metadata=kept)
    told = shown(world, changed, with_metadata=True)
    return _warned({"channel": message.channel, "ts": message.ts, "text": changed.text, "message": told}, warnings)


def delete(world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    message = _own(world, workspace, arguments, "cant_delete_message")
    world.replace(message, deleted=True)
    return {"channel": message.channel, "ts": message.ts}


def permalink(world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    channel = known(workspace, arguments["channel"])
    message = world.find(channel.id, str(arguments["message_ts"]))
    if message is None:
        raise Refused("message_not_found")
    address = f"https://{workspace.id.lower()}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.thread_ts else ""
    return {"channel": channel.id, "permalink": address + thread}


# --- views -----------------------------------------------------------------------------------------------------------


def view_of(arguments: Arguments, *kinds: str) -> dict[str, Any]:
    """A view that was sent, with ids filled in. Raises Refused when it breaks a rule."""
    view = decoded(arguments, "view", "invalid_arguments")
    problems = view_problems(view)
    if not problems and view["type"] not in kinds:
        problems = [f"must be one of {', '.join(kinds)} [json-pointer:/view/type]"]
    if problems:
        raise invalid(*problems)
    if view_too_large(view):
        raise Refused("view_too_large")
    return {**view, "blocks": blocks_with_ids(view["blocks"])}


def view_shown(view: View, workspace: Workspace) -> Answer:
    """A view as Slack tells the app about it."""
    given: dict[str, Any] = {"private_metadata": "", "callback_id": "", "external_id": "", "state": {"values": {}}}
    given |= {"close": None, "submit": None, "clear_on_close": False, "notify_on_close": False, **view.body}
    stack = {
        "root_view_id": view.stack[0] if view.stack else view.id,
        "previous_view_id": view.stack[-1] if view.stack else None,
    }
    team = workspace.team_of(view.person)  # whose view it is; the app may be installed in another
    base = {"id": view.id, "team_id": team, "app_id": APP, "bot_id": workspace.bot, "hash": view.hash}
    return {**given, **base, **stack, "app_installed_team_id": view.team}


def new_view(world: World, team: str, person: str, body: dict[str, Any], stack: tuple[str, ...] = ()) -> View:
    return world.keep_view(View(f"V{secrets.token_hex(5).upper()}", team, person, body, _hash(world), stack))


def change_view(world: World, view: View, body: dict[str, Any]) -> None:
    view.body, view.hash = body, _hash(world)


def _hash(world: World) -> str:
    return f"{int(world.clock())}.{secrets.token_hex(4)}"


def _spend(world: World, workspace: Workspace, arguments: Arguments) -> Trigger:
    trigger = world.triggers.get(str(arguments["trigger_id"]))
    if trigger is None or trigger.team != workspace.id:
        raise Refused("invalid_trigger_id")
    if trigger.spent:
        raise Refused("exchanged_trigger_id")
    if world.clock() - trigger.born_s > TRIGGER_S:
        raise Refused("expired_trigger_id")
    return trigger


def _unused(world: World, workspace: Workspace, body: Mapping[str, Any]) -> None:
    name = body.get("external_id")
    if name and any(view.body.get("external_id") == name for view in world.views.values() if view.team == workspace.id):
        raise Refused("duplicate_external_id")


def views_open(world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    trigger, body = _spend(world, workspace, arguments), view_of(arguments, "modal")
    _unused(world, workspace, body)
    trigger.spent = True
    return {"view": view_shown(new_view(world, workspace.id, trigger.person, body), workspace)}


def views_push(world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    trigger, body = _spend(world, workspace, arguments), view_of(arguments, "modal")
    below = world.views.get(trigger.in_view or "")
    if below is None:
        raise Refused("not_found")
    stack = (*below.stack, below.id)
    if len(stack) >= PUSHED_VIEWS:
        raise Refused("push_limit_reached")
    trigger.spent = True
    return {"view": view_shown(new_view(world, workspace.id, trigger.person, body, stack), workspace)}


def _named(view: View, arguments: Arguments) -> bool:
    if "view_id" in arguments:
        return view.id == str(arguments["view_id"])
    return str(view.body.get("external_id", "")) == str(arguments["external_id"])


def _changed(world: World, workspace: Workspace, view: View, body: dict[str, Any], arguments: Arguments) -> Answer:
    if arguments.get("hash", view.hash) != view.hash:
        raise Refused("hash_conflict")
    change_view(world, view, body)
    return {"view": view_shown(view, workspace)}


def views_update(world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    if not arguments.keys() & {"view_id", "external_id"}:
        raise invalid("missing required field: view_id")
    body = view_of(arguments, "modal", "home")
    for view in world.views.values():
        if view.open and view.team == workspace.id and _named(view, arguments):
            return _changed(world, workspace, view, body, arguments)
    raise Refused("not_found")


def views_publish(world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    person = str(arguments["user_id"])
    if person not in workspace.people:
        raise Refused("user_not_found")
    if not workspace.home_tab:
        raise Refused("not_enabled")
    body = view_of(arguments, "home")
    if (view := world.home(person)) is not None:
        return _changed(world, workspace, view, body, arguments)
    return {"view": view_shown(new_view(world, workspace.id, person, body), workspace)}
