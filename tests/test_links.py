"""Where what is written about a paper may lead, and that it calls nobody."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import hosts
from digest.inline import parse_runs, plain_runs
from digest.markdown import normal, parse, plain
from digest.text.links import Links, with_own_links
from digest.types import Passage, PassageKind, Quote, Run, Section, SectionName, Table
from tests.makers import paper, points, reading, report, sentence

TEXT = (
    "Code is at github.com/lamp/oil/tree/main, weights at https://huggingface.co/lamp/oil-7b. "
    r"\href{https://lamps.example.org/data}{Data} and https://evil.example/x are elsewhere."
)
PAPER = paper(project_url="https://lamps.example.org/project")
LINKS = Links(PAPER, reading(passages=(Passage("S1.p1", "1 Introduction", PassageKind.TEXT, TEXT),)), hosts())


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/example/lanterns",
        "https://lamps.example.org/project",
        "https://huggingface.co/papers/2601.00001",
        "https://arxiv.org/abs/2601.00001",
        "https://arxiv.org/pdf/2601.00001v2",
        "https://github.com/lamp/oil/tree/main",
        "https://www.github.com/lamp/oil/",
        "http://huggingface.co/lamp/oil-7b",
    ],
)
def test_the_papers_own_addresses_and_those_it_names_on_known_hosts_stay_links(address: str) -> None:
    """Its code, its page, its place on arXiv, and what stands in its text, or above that."""
    for written in (f"Code: [here]({address}).", f"Code: {address}.", f"代码在 {address}。另见附录。"):
        runs = parse_runs(written)
        assert LINKS.runs(runs) == runs
        assert [run.link for run in runs if run.link] == [address]


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("Read [more](https://evil.example/x) here.", "Read more here."),
        ("Read https://evil.example/x here.", "Read evil.example/x here."),
        ("Read https://lamps.example.org/data here.", "Read lamps.example.org/data here."),
        ("Read www.evil.example/x here.", "Read evil.example/x here."),
        ("Read http://www.evil.example here.", "Read evil.example here."),
        ("Read ftp://evil.example here.", "Read evil.example here."),
        ("Read <https://evil.example> here.", "Read evil.example here."),
        ("读 https://evil.example/x。", "读 evil.example/x。"),
        ("Read ht**tps://evil.example**/x here.", "Read evil.example/x here."),
        ("Read https://github.com here.", "Read github.com here."),
        ("Read https://github.com/stranger here.", "Read github.com/stranger here."),
        ("Read https://github.com/lamp/oil2 here.", "Read github.com/lamp/oil2 here."),
        ("Read https://github.com@evil.example here.", "Read github.com@evil.example here."),
        ("Read https://github.com/lamp/oil@evil here.", "Read github.com/lamp/oil@evil here."),
        ("Read https://github.com.evil.example/lamp/oil here.", "Read github.com.evil.example/lamp/oil here."),
        ("Read https://gіthub.com/lamp/oil here.", "Read gіthub.com/lamp/oil here."),
        ("Read https://github.com:80/lamp/oil here.", "Read github.com:80/lamp/oil here."),
        (r"Read https://github.com\@evil.example here.", "Read github.com\\evil.example here."),
        ("Read hthttps://tps://evil.example here.", "Read evil.example here."),
        ("Read ht@tp://evil.example here.", "Read ht@evil.example here."),
        ("Read http:b:////evil.example here.", "Read http:evil.example here."),
        ("Read javascript:alert(1) here.", "Read alert(1) here."),
        ("Write to mailto:a@evil.example now.", "Write to a@evil.example now."),
        ("Read data:text/html;base64,AAAA now.", "Read text/html;base64,AAAA now."),
    ],
)
def test_other_addresses_are_text_without_a_scheme(written: str, left: str) -> None:
    """However they are written; what a link said stays."""
    runs = LINKS.runs(parse_runs(written))
    assert plain_runs(runs) == left
    assert not any(run.link for run in runs)


@pytest.mark.parametrize(
    "text",
    [
        "GPT-4.1 and Llama 3.1 reach 91.4% in v2.0.",
        "It runs llama.cpp and train.py, e.g. with input/output pairs.",
        "Recall@10 and pass@1 rise; the ratio is 3:1, i.e. x/y.",
        "The data:label pairs and the file: all are here.",
        "`@torch.no_grad()` goes before it.",
        "在表1中，准确率为91.4%，比基线高3.2个百分点。",
    ],
)
def test_what_only_looks_like_an_address_or_a_call_is_text(text: str) -> None:
    """Versions, files, metrics, fractions and decorators."""
    runs = parse_runs(text)
    assert LINKS.runs(runs) == runs


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("Lanterns light @lamps at night.", "Lanterns light lamps at night."),
        ("@everyone, a@everyone and ＠here", "everyone, aeveryone and here"),
        ("<@U0123456> <@!1> <#C0123456> <!channel> <@&1>", "<U0123456> <1> <C0123456> <channel> <1>"),
        ("`@everyone` and @**all**", "everyone and all"),
        ("@所有人 来看", "所有人 来看"),
        ("Ask @@＠lamps, not a@lamps; a@@lamps is a@lamps.", "Ask lamps, not a@lamps; a@lamps is a@lamps."),
        ("@@ @1. a@@everyone", "@@ 1. aeveryone"),
    ],
)
def test_nobody_is_called(written: str, left: str) -> None:
    """Not by name, not by a platform's own marks, not in code."""
    assert plain_runs(LINKS.runs(parse_runs(written))) == left


def test_all_text_of_a_report_is_looked_at() -> None:
    """Points, cells, quotes and headings; the rest of the report stays."""
    bad = "See https://evil.example/x"
    told = report(
        sections=(
            Section(SectionName.USAGE, normal((sentence(bad), points(bad)))),
            Section(SectionName.RESULTS, (Table(((Run(bad),),), (((Run(bad),),),)),)),
        ),
        quotes=(Quote(SectionName.RESULTS, "S1.p1", bad),),
        left_out=(bad,),
    )
    seen = with_own_links(told, PAPER, reading(), hosts())
    assert "://" not in str(seen)
    assert str(seen).count("See evil.example/x") == str(told).count(bad)
    assert with_own_links(seen, PAPER, reading(), hosts()) == seen


BITS = [*"ht tp s : // / @ < ! evil.example www. javascript: mailto: ** ` everyone github.com".split(), " "]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(BITS)))
def test_nothing_that_is_left_makes_another(bits: list[str]) -> None:
    """However addresses and calls are put together."""
    blocks = LINKS.blocks(parse("".join(bits)))
    assert re.search(r"\w:/[/\\]|\bmailto:\S|@everyone|<[@!]\w", plain(blocks)) is None
    assert "link=" not in str(blocks).replace("link=''", "")
