"""The stand-in for a model's endpoint refuses what the real one refuses; seen through plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.model_answers import EmptyChoices, HtmlPage, Refusal, Reset, Status, Truncated
from tests.model_server import KEY, ModelServer, serving

WORDS = [{"role": "user", "content": "Answer in JSON, in English."}]
STRICT = {
    "type": "object",
    "properties": {"lamp": {"type": "string"}},
    "required": ["lamp"],
    "additionalProperties": False,
}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer()) as running:
        yield running


def ask(server: ModelServer, *, key: str = KEY, **fields: Any) -> httpx.Response:
    body = {"model": "a-model", "messages": WORDS, **fields}
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.post(f"{server.address}/chat/completions", json=body, headers=headers)


def refusal(answer: httpx.Response) -> tuple[int, str | None]:
    """The status, and the error's code."""
    return answer.status_code, answer.json()["error"]["code"]


def schema(**changes: Any) -> dict[str, Any]:
    described = {"name": "report", "strict": True, "schema": {**STRICT, **changes}}
    return {"type": "json_schema", "json_schema": described}


def test_a_good_request_is_answered_with_tokens_counted(server: ModelServer) -> None:
    """One choice that stopped by itself, JSON in it, and usage that adds up."""
    completion = ask(server).json()
    assert completion["choices"][0]["finish_reason"] == "stop"
    assert json.loads(completion["choices"][0]["message"]["content"])["domains"]
    usage = completion["usage"]
    assert usage["prompt_tokens"] + usage["completion_tokens"] == usage["total_tokens"]


@pytest.mark.parametrize(("key", "code"), [("", None), ("sk-wrong", "invalid_api_key")])
def test_a_missing_or_wrong_key_is_refused(server: ModelServer, key: str, code: str | None) -> None:
    """401, before anything else is looked at."""
    assert refusal(ask(server, key=key, model="no-such-model")) == (401, code)


def test_an_unknown_model_is_refused(server: ModelServer) -> None:
    """404 with the code model_not_found."""
    assert refusal(ask(server, model="no-such-model")) == (404, "model_not_found")


def test_half_a_surrogate_pair_is_refused(server: ModelServer) -> None:
    """400: text that is none has no tokens."""
    body = json.dumps({"model": "a-model", "messages": [{"role": "user", "content": "Answer in JSON \ud83d"}]})
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    answer = httpx.post(f"{server.address}/chat/completions", content=body, headers=headers)
    assert refusal(answer) == (400, None)


@pytest.mark.parametrize("body", [b"{", b"[]", b"", b"words"])
def test_a_body_that_is_no_json_object_is_refused(server: ModelServer, body: bytes) -> None:
    """400."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    assert httpx.post(f"{server.address}/chat/completions", content=body, headers=headers).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": []},
        {"messages": [{"role": "narrator", "content": "JSON"}]},
        {"lantern": 1},
        {"max_tokens": 9, "max_completion_tokens": 9},
        {"response_format": {"type": "yaml"}},
        {"response_format": {"type": "json_object"}, "messages": [{"role": "user", "content": "Answer."}]},
        {"response_format": schema(additionalProperties=True)},
        {"response_format": schema(required=[])},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a b", "schema": STRICT}}},
        {"metadata": {"a": "b"}},
        {"store": True, "metadata": {str(number): "" for number in range(17)}},
        {"store": True, "metadata": {"k" * 65: ""}},
        {"store": True, "metadata": {"k": "v" * 513}},
    ],
)
def test_what_the_real_one_does_not_take_is_refused(server: ModelServer, fields: dict[str, Any]) -> None:
    """400: messages, unknown fields, formats, strict schemas, metadata."""
    assert ask(server, **fields).status_code == 400


def test_json_formats_are_taken_where_they_are_known() -> None:
    """Servers differ: schemas, JSON objects only, or neither."""
    taken = {}
    for formats in [("json_schema", "json_object"), ("json_object",), ()]:
        with serving(ModelServer(formats=formats)) as server:
            asked = (schema(), {"type": "json_object"}, {"type": "text"})
            taken[formats] = [ask(server, response_format=wanted).status_code for wanted in asked]
    assert list(taken.values()) == [[200, 200, 200], [400, 200, 200], [400, 400, 200]]


def test_a_text_longer_than_the_context_is_refused() -> None:
    """The prompt and the output that was asked for must both fit."""
    with serving(ModelServer(context_tokens=1000)) as server:
        long = [{"role": "user", "content": "JSON " * 700}]
        assert ask(server, messages=long).status_code == 200
        assert refusal(ask(server, messages=long, max_tokens=500)) == (400, "context_length_exceeded")


def test_models_that_reason_take_one_name_of_the_limit_only() -> None:
    """max_tokens is refused where only max_completion_tokens is supported."""
    with serving(ModelServer(limit_field="max_completion_tokens")) as server:
        assert refusal(ask(server, max_tokens=9)) == (400, "unsupported_parameter")
        assert ask(server, max_completion_tokens=9).status_code == 200


def test_kept_answers_are_found_by_their_metadata(server: ModelServer) -> None:
    """Only those that were asked to be kept, newest first when asked so."""
    for name in ("one", "two", "two"):
        ask(server, store=True, metadata={"lamp": name})
    ask(server)
    query = {"metadata[lamp]": "two", "order": "desc"}
    headers = {"Authorization": f"Bearer {KEY}"}
    listed = httpx.get(f"{server.address}/chat/completions", params=query, headers=headers).json()["data"]
    assert [entry["id"] for entry in listed] == ["chatcmpl-3", "chatcmpl-2"]


def test_servers_that_keep_nothing_say_so() -> None:
    """Listing is 404; `store` is ignored, or an unknown field."""
    for keeping, status in (("ignored", 200), ("refused", 400)):
        with serving(ModelServer(keeping=keeping)) as server:  # type: ignore[arg-type]  # one of the three words
            assert ask(server, store=True).status_code == status
            headers = {"Authorization": f"Bearer {KEY}"}
            assert httpx.get(f"{server.address}/chat/completions", headers=headers).status_code == 404


def test_a_prompt_that_begins_as_an_earlier_one_is_partly_cached(server: ModelServer) -> None:
    """In steps of 128 tokens, from 1,024 on."""
    start = "lamp " * 2000
    for end in ("JSON, English", "JSON, Chinese"):
        usage = ask(server, messages=[{"role": "user", "content": start + end}]).json()["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == 2432


def test_faults_come_in_the_order_of_the_script(server: ModelServer) -> None:
    """Each scripted reply is given once; then all is well again."""
    server.script(Status(429, headers={"Retry-After": "7"}), HtmlPage(), EmptyChoices(), Refusal(), Truncated())
    limited, page, empty, refused, cut, well = (ask(server) for _ in range(6))
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert empty.json()["choices"] == []
    assert refused.json()["choices"][0]["message"]["refusal"]
    assert cut.json()["choices"][0]["finish_reason"] == "length"
    assert well.json()["choices"][0]["finish_reason"] == "stop"


def test_a_cut_connection_is_cut(server: ModelServer) -> None:
    """The client sees no status at all."""
    server.script(Reset())
    with pytest.raises(httpx.RemoteProtocolError):
        ask(server)
    assert len(server.calls) == 1
