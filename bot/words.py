"""The words that `/paperboy` is followed by, as people type them in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

# Each with what may follow it.
UNDER_PAPERBOY: Mapping[str, str] = {
    "digest": "",
    "status": "",
    "subscribe": "DOMAIN… [at HH:MM] [weekdays] [limit N] [with WORDS] [without WORDS] [language L]",
    "unsubscribe": "[DOMAIN…|all]",
    "subscriptions": "",
    "pause": "[until DATE]",
    "resume": "",
    "here": "",
    "stop": "",
    "hide": "ID",
    "unhide": "ID",
    "correct": "ID SECTION",
    "withdraw": "ID",
    "reinstate": "ID",
    "dismiss": "NUMBER",
    "forget": "me",
    "help": "",
}
_ALSO_CALLED = {
    "日报": "digest",
    "状态": "status",
    "取消订阅": "unsubscribe",
    "退订": "unsubscribe",
    "我的订阅": "subscriptions",
    "订阅": "subscribe",
    "暂停": "pause",
    "设置": "here",
    "停止": "stop",
    "取消隐藏": "unhide",
    "隐藏": "hide",
    "更正": "correct",
    "撤回": "withdraw",
    "恢复报告": "reinstate",
    "恢复": "resume",
    "驳回": "dismiss",
    "忘记我": "forget",
    "忘记": "forget",
    "帮助": "help",
}


def under_paperboy(args: str) -> tuple[str, str]:
    """The word of UNDER_PAPERBOY that somebody means, in English or Chinese, and what follows it; "" for none."""
    first, _, rest = args.strip().partition(" ")
    word = first.casefold()
    if word in UNDER_PAPERBOY:
        return word, rest.strip()
    for name, meant in _ALSO_CALLED.items():
        if word.startswith(name):  # what follows may be written on to it
            return meant, args.strip()[len(name) :].strip()
    return "", args.strip()
