"""What the model server may answer: a correct report, and every fault seen of real endpoints."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web
from msgspec import Struct

_RESULTS = {"benchmark": "LampBench", "metric": "accuracy", "this_work": "91.4", "best_baseline": "88.2"}
_QUOTED = {
    "innovations": ["Deep networks are dark inside.", "A sentence that stands nowhere in the paper."],
    "results": ["Lantern | 91.4"],
}


class HangUp(Exception):
    """The connection is to be cut."""


class Reply(Struct, frozen=True):
    """One reply. `content` makes the message from the correct answer; `respond` sends the finished completion."""

    @property
    def finish_reason(self) -> str:
        return "stop"

    @property
    def refusal(self) -> str | None:
        return None

    @property
    def has_choice(self) -> bool:
        return True

    def content(self, correct: str) -> str | None:
        return correct

    def answered(self, _prompt: str, correct: str) -> str | None:
        """The message when it depends on what was asked."""
        return self.content(correct)

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:
        return web.json_response(completion)


class Answer(Reply, frozen=True):
    """The correct answer, or the text given."""

    text: str | None = None

    def content(self, correct: str) -> str:
        return correct if self.text is None else self.text


class Fenced(Reply, frozen=True):
    def content(self, correct: str) -> str:
        return f"Here is the report:\n\n```json\n{correct}\n```\nI hope it helps."


class MissingSection(Reply, frozen=True):
    section: str = "results"

    def content(self, correct: str) -> str:
        return json.dumps({name: value for name, value in json.loads(correct).items() if name != self.section})


class Unscored(Reply, frozen=True):
    """The correct answer of a paper without scores: it states no figure, so that nothing in it has to be mended."""

    def content(self, correct: str) -> str:
        sentence = "没有给出分数。" if "灯" in correct else "No scores are stated."
        told = json.loads(correct)
        return json.dumps({**told, "results": {"rows": [], "text": [_block(sentence)]}}, ensure_ascii=False)


class WrongLanguage(Reply, frozen=True):
    def content(self, correct: str) -> str:
        return answer_text("en" if "灯" in correct else "zh")


class Refusal(Reply, frozen=True):
    @property
    def refusal(self) -> str:
        return "I'm sorry, I cannot assist with that request."

    def content(self, correct: str) -> None:  # noqa: ARG002 (a refusal has no content)
        return None


class ContentFilter(Reply, frozen=True):
    @property
    def finish_reason(self) -> str:
        return "content_filter"

    def content(self, correct: str) -> str:
        return correct[:40]


class Truncated(Reply, frozen=True):
    @property
    def finish_reason(self) -> str:
        return "length"

    def content(self, correct: str) -> str:
        return correct[: len(correct) // 2]


class EmptyChoices(Reply, frozen=True):
    @property
    def has_choice(self) -> bool:
        return False


class EmptyContent(Reply, frozen=True):
    def content(self, correct: str) -> str:  # noqa: ARG002 (nothing is made of it)
        return ""


class HtmlPage(Reply, frozen=True):
    """A gateway's error page, with status 200."""

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:  # noqa: ARG002 (not sent)
        return web.Response(text="<html><body><h1>502 Bad Gateway</h1></body></html>", content_type="text/html")


class ErrorObject(Reply, frozen=True):
    """`{"error": ...}` with status 200, as routers in front of several providers give it."""

    message: str = "Provider returned error"
    code: int = 502

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:  # noqa: ARG002 (not sent)
        return web.json_response({"error": {"message": self.message, "code": self.code}})


class Uncounted(Reply, frozen=True):
    """The correct answer without `usage`."""

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:
        return web.json_response({name: value for name, value in completion.items() if name != "usage"})


class Slow(Reply, frozen=True):
    """The correct answer, or the text given, made at once and sent late."""

    seconds: float
    text: str | None = None

    def content(self, correct: str) -> str:
        return correct if self.text is None else self.text

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:
        await asyncio.sleep(self.seconds)
        return web.json_response(completion)


class Held(Reply, frozen=True):
    """The correct answer, or the text given, made at once and sent when the event is set."""

    go_on: threading.Event
    text: str | None = None

    def content(self, correct: str) -> str:
        return correct if self.text is None else self.text

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:
        while not self.go_on.is_set():  # noqa: ASYNC110 (it is set on another thread)
            await asyncio.sleep(0.005)
        return web.json_response(completion)


class WithError(Reply, frozen=True):
    """A correct answer without scores, and an error beside it in the same body."""

    def content(self, correct: str) -> str:
        return Unscored().content(correct)

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:
        return web.json_response({**completion, "error": {"message": "overloaded", "code": 503}})


class Reset(Reply, frozen=True):
    """The answer is made, and kept where it is to be kept; the connection is cut before it is sent."""

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:  # noqa: ARG002 (not sent)
        raise HangUp


class Status(Reply, frozen=True):
    """A status other than 200. It makes no answer that could be kept."""

    status: int
    message: str = "The server had an error while processing your request."
    code: str | None = None
    headers: dict[str, str] = {}

    @property
    def has_choice(self) -> bool:
        return False

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:  # noqa: ARG002 (not sent)
        error = {"message": self.message, "type": "server_error", "param": None, "code": self.code}
        return web.json_response({"error": error}, status=self.status, headers=self.headers)


class Garbled(Reply, frozen=True):
    """The correct answer with something put before a word of its first section, as it is or as JSON escapes."""

    text: str = "\\ud83d"  # half a surrogate pair, as an escape in the JSON of the report
    before: str = "Interpretability"

    def content(self, correct: str) -> str:
        return correct.replace(self.before, f"{self.text} {self.before}", 1)


class Raw(Reply, frozen=True):
    """A body of these bytes."""

    body: bytes
    content_encoding: str = ""
    status: int = 200

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:  # noqa: ARG002 (not sent)
        coding = {"Content-Encoding": self.content_encoding} if self.content_encoding else {}
        return web.Response(body=self.body, content_type="application/json", headers=coding, status=self.status)


class NoUtf8(Reply, frozen=True):
    """The correct answer with bytes in its text that are no UTF-8."""

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:
        body = json.dumps(completion, ensure_ascii=False).encode().replace(b"Interpret", b"\xff\xc3( Interpret", 1)
        return web.Response(body=body, content_type="application/json")


class Flood(Reply, frozen=True):
    """A body of so many megabytes, sent as fast as it is taken; `sent` counts them. `pause_s` follows each."""

    megabytes: int
    pause_s: float = 0.0
    status: int = 200
    sent: list[int] = []

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:  # noqa: ARG002 (not sent)
        return web.Response(body=self._pieces(), content_type="application/json", status=self.status)

    async def _pieces(self) -> AsyncIterator[bytes]:
        for number in range(self.megabytes):
            self.sent.append(number)
            yield b" " * (1024 * 1024)
            await asyncio.sleep(self.pause_s)


class BreaksOff(Reply, frozen=True):
    """A body that is announced and begun; then the connection is cut."""

    async def respond(self, completion: dict[str, Any]) -> web.StreamResponse:
        whole = json.dumps(completion).encode()
        return web.Response(body=self._half(whole), headers={"Content-Length": str(len(whole))})

    async def _half(self, whole: bytes) -> AsyncIterator[bytes]:
        yield whole[: len(whole) // 2]
        raise HangUp


def asked_language(prompt: str) -> str:
    """The language a prompt names last; the paper's own text stands before that."""
    named = re.findall("English|Chinese|中文", prompt)
    return "zh" if named and named[-1] != "English" else "en"


def answer_text(language: str) -> str:
    """A correct answer, as JSON, to the report prompt."""
    return json.dumps(_ENGLISH if language == "en" else _CHINESE, ensure_ascii=False)


def _block(text: str, *points: str) -> dict[str, Any]:
    return {"text": text, "points": [{"text": point, "points": []} for point in points]}


_ENGLISH: dict[str, Any] = {
    "domains": ["vision", "theory"],
    "domain": [_block("Interpretability of deep networks, above all of image models.")],
    "contribution": [_block("**Lanterns** make every layer visible, which earlier probes could not do.")],
    "usage": [_block("To use it:", "Input: a trained network", "Output: a lit map $m \\in R^d$", "Hardware: one GPU")],
    "innovations": [_block("", "**Lanterns**: small probes", "**Wicks**: cheap wiring", "**Oil**: a new loss")],
    "results": {"rows": [_RESULTS], "text": [_block("Accuracy rises by 3.2 points over the best baseline.")]},
    "quotes": _QUOTED,
}
_CHINESE: dict[str, Any] = {
    "domains": ["vision", "theory"],
    "domain": [_block("深度网络的可解释性，主要针对图像模型。")],
    "contribution": [_block("提出**灯笼**探针，使网络的每一层都清晰可见，弥补了以往方法的不足。")],
    "usage": [_block("使用方法：", "输入：训练好的网络", "输出：点亮的图 $m \\in R^d$", "硬件：一块显卡")],
    "innovations": [_block("", "**灯笼**：小型探针", "**灯芯**：低成本的连接方式", "**灯油**：新的损失函数")],
    "results": {"rows": [_RESULTS], "text": [_block("准确率比最好的基线高出3.2个百分点。")]},
    "quotes": _QUOTED,
}
