"""What Slack's refusals mean for a delivery, each as a sentence that says what to do.

The codes are those of https://docs.slack.dev/reference/methods/chat.postMessage and of the methods beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from digest.errors import DeliveryError, DestinationClosed, MaybeSent, MessageGone, MessageRefused, NotSent


class ThreadGone(MessageGone):
    """The thread that was asked for or written to is not there any more."""


_INVITE = "Invite the app there: /invite @Paperboy."
_REINSTALL = "Install the app in the workspace again and set the new token."
_ASK_ADMIN = "Ask an administrator of the workspace."
_OTHER_CHANNEL = "Allow the app to post there, or choose another channel."

_LIMITED = {"ratelimited", "rate_limited", "message_limit_exceeded", "team_added_to_org"}
# Some of it may have been done before the error, as Slack says of these
_UNCERTAIN = {"fatal_error", "internal_error", "service_unavailable", "request_timeout"}
_CLOSED = {
    "channel_not_found": f"there is no such channel, or it is private and the app is not in it. {_INVITE}",
    "not_in_channel": f"the app is not in the channel. {_INVITE}",
    "no_permission": f"the app may not post there. {_INVITE}",
    "is_archived": "the channel is archived. Unarchive it, or choose another channel.",
    "channel_is_archived": "the channel is archived. Unarchive it, or choose another channel.",
    "restricted_action": f"the workspace does not let the app post there. {_OTHER_CHANNEL}",
    "restricted_action_read_only_channel": f"the channel is read-only. {_OTHER_CHANNEL}",
    "restricted_action_thread_only_channel": f"the channel takes replies in threads only. {_OTHER_CHANNEL}",
    "restricted_action_non_threadable_channel": f"the channel takes no replies in threads. {_OTHER_CHANNEL}",
    "posting_to_general_channel_denied": f"the workspace restricts its general channel. {_OTHER_CHANNEL}",
    "method_not_supported_for_channel_type": "messages cannot be posted in a conversation of that kind.",
    "user_not_found": "there is no such person in the workspace. Check the id.",
    "users_not_found": "there is no such person in the workspace. Check the id.",
    "user_not_visible": "the app may not see that person. Check the id.",
    "user_disabled": "that person's account is closed.",
    "cannot_dm_bot": "that is a bot, which takes no direct messages. Check the id.",
    "messages_tab_disabled": "the app takes no direct messages. Turn on the Messages tab in its settings, App Home.",
    "not_authed": "no token was given. Set SLACK_BOT_TOKEN.",
    "invalid_auth": "the token is not valid, or this address may not use it. Check SLACK_BOT_TOKEN.",
    "not_allowed_token_type": "the token is of the wrong kind. SLACK_BOT_TOKEN is the one that begins with xoxb-.",
    "token_revoked": f"the token was revoked. {_REINSTALL}",
    "token_expired": f"the token has expired. {_REINSTALL}",
    "account_inactive": f"the app was removed from the workspace. {_REINSTALL}",
    "access_denied": f"the app may not do this. {_ASK_ADMIN}",
    "accesslimited": f"this network may not use the workspace. {_ASK_ADMIN}",
    "ekm_access_denied": f"posting is suspended in the workspace. {_ASK_ADMIN}",
    "enterprise_is_restricted": f"the organisation does not allow this. {_ASK_ADMIN}",
    "org_login_required": f"the workspace is being moved into an organisation. {_ASK_ADMIN}",
    "team_access_not_granted": f"the app is not approved in the workspace. {_ASK_ADMIN}",
    "two_factor_setup_required": f"the workspace asks for two-factor sign-in first. {_ASK_ADMIN}",
    "unknown_method": "it does not know what was asked. Check slack.api_url.",
}
_REFUSED = {
    "msg_too_long": "the message is too long.",
    "msg_blocks_too_long": "the message is too long.",
    "no_text": "the message is empty.",
    "invalid_blocks": "the message is not built as Slack wants it.",
    "invalid_blocks_format": "the message is not built as Slack wants it.",
    "cannot_reply_to_message": "the message it belongs under takes no replies.",
    "message_not_found": "the message is gone; what people deleted is not posted again.",
    "cant_update_message": "the message belongs to somebody else.",
    "edit_window_closed": "the message is too old to be edited.",
}


def code_of(error: SlackApiError) -> str:
    """Slack's own word for a refusal, "" when it gave none."""
    told = getattr(error.response, "data", None)
    return str(told.get("error", "")) if isinstance(told, Mapping) else ""


def refusal(error: SlackApiError, place: str) -> DeliveryError:
    """What an answer that is not `ok` means for what was sent to a place (for people)."""
    response: Any = error.response  # the SDK's own, or aiohttp's when the body was no JSON
    status = int(getattr(response, "status_code", 0) or response.status)
    told = getattr(response, "data", None)
    body: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    code = code_of(error)
    wait_s = _seconds(response.headers.get("Retry-After"))
    if status == 429 or code in _LIMITED:
        return NotSent(f"Slack takes no more for {place} for the moment; it is tried again later.", wait_s)
    if code == "missing_scope":
        return DestinationClosed(_missing_scope(place, body))
    if code in _CLOSED:
        return DestinationClosed(f"Slack takes nothing for {place}: {_CLOSED[code]}")
    if code in _UNCERTAIN or (not code and (status in {200, 408} or status >= 500)):
        answer = code or f"{status} without a usable answer"
        return MaybeSent(f"Slack failed while it took a message for {place} ({answer}); it is asked again.", wait_s)
    if not code and status in {401, 403, 404, 407}:
        return DestinationClosed(f"Slack's address answers {status} for {place}. Check slack.api_url and the proxy.")
    if code == "thread_not_found":
        return ThreadGone(f"Slack refuses a message for {place}: the message it belongs under is gone.")
    why = _REFUSED.get(code, "it gives no other reason.")
    kind = MessageGone if code == "message_not_found" else MessageRefused
    return kind(f"Slack refuses a message for {place} ({code or status}): {why}")


def _missing_scope(place: str, body: Mapping[str, Any]) -> str:
    scope = str(body.get("needed", "")) or "that it needs"
    return (
        f"Slack takes nothing for {place}: the token lacks the scope {scope}. "
        "Add it under OAuth & Permissions in the app's settings and install the app again."
    )


def _seconds(header: str | None) -> float | None:
    """Retry-After as Slack gives it: whole seconds (https://docs.slack.dev/apis/web-api/rate-limits)."""
    return float(header) if header and re.fullmatch(r"\d{1,6}(?:\.\d+)?", header.strip(), re.ASCII) else None
