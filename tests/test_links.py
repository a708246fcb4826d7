"""Where what is written about a paper may lead, and that it calls nobody."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.markup import block_lines, clean, undressed
from config.settings import hosts
from digest.inline import parse_runs, plain_runs
from digest.markdown import normal, parse, plain
from digest.text.links import Links
from digest.text.shown import harmless_text, is_unseen
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
        ("Read https:\u200b//evil.example here.", "Read \u200bevil.example here."),
        ("Read h\u00adttps:/\U000e0041/evil.example here.", "Read \u00ad\U000e0041evil.example here."),
        ("Read `https\u2060://evil.example` here.", "Read \u2060evil.example here."),
        ("Read https:$/{}/$evil.example here.", "Read evil.example here."),
        (r"Read $\text{https:}//evil.example$ here.", r"Read \text{}evil.example here."),
        (r"Read **https**:$\mathrm{/}/$evil.example here.", "Read evil.example here."),
        ("Read hthttps://tps://evil.example here.", "Read htevil.example here."),
        ("Read ht@tp://evil.example here.", "Read ht@evil.example here."),
        ("Read http:b:////evil.example here.", "Read http:evil.example here."),
        ("Read javascript:alert(1) here.", "Read alert(1) here."),
        ("Stand byhttps://evil.example/x here.", "Stand byevil.example/x here."),
        (r"Read https:\\\\evil.example here.", "Read evil.example here."),
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
        r"Recall@$k$ and pass@$\text{10}$ rise with $p:q$ and $a/b$.",
        "Families \U0001f468\u200d\U0001f469\u200d\U0001f467 stay: whole.",
        "`@torch.no_grad()` goes before it.",
        "在表1中，准确率为91.4%，比基线高3.2个百分点。",
        "召回率@10 和 命中率（HR）@5 上升，Acc.@0.5 与 mAP @0.5、Recall @k 也是。",
        "Pass(all)@1, Recall@all, résumé@5, HR_@5 and $\\tau$@5 rise at @30 FPS.",
        "Python:81.2, JavaScript:72.4; training data:train/test split, config file:/etc/lamp",
        "`Vec<&str>` and `List<@NonNull Lamp>`, `<!DOCTYPE html>`, `a<!b`, $0<\\#S<\\infty$",
        r"`open(\"C:\\\\lamps\")`, `case 0:// no lamp`, `Answer:\\\\n`, `(?:\\\\d+)`",
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
        ("`@everyone` and @**all**, <@U01 <!channel", "everyone and all, <U01 <channel"),
        ("`<@U01>` and `<!channel>`", "<U01> and <channel>"),
        ("@所有人 来看", "所有人 来看"),
        ("@\u200beveryone and @\u00adhere", "\u200beveryone and \u00adhere"),
        (r"@$\text{every}\text{one}$ and $@{\rm all}$", r"\text{every}\text{one} and {\rm all}"),
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
    links = Links(PAPER, reading(), hosts())
    seen = links.report(told)
    assert "://" not in str(seen)
    assert str(seen).count("See evil.example/x") == str(told).count(bad)
    assert links.report(seen) == seen


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Code: https://github.com/Lamp/Wick.", "https://github.com/lamp/wick"),
        ("Code: https://github.com/lamp/wick.", "https://github.com/Lamp/Wick/"),
        ("Code: https://github.com/lamp/wick.git", "https://github.com/lamp/wick"),
        ("Code: https://github.com/lamp/wick", "https://github.com/lamp/wick.git"),
        ("Code: https://github.com/lamp/wick#usage", "https://github.com/lamp/wick"),
        ("Code: https://github.com/lamp/wick?tab=readme-ov-file.", "https://github.com/lamp/wick"),
        ("As in https://arxiv.org/abs/2401.00001", "https://arxiv.org/abs/2401.00001v3"),
        ("Stand byhttps://github.com/lamp/wick.", "https://github.com/lamp/wick"),
        ("At https://github.com/ lamp/my- wick, code.", "https://github.com/lamp/my-wick"),
        ("As in arxiv.org/pdf/2401.00001v2.pdf", "https://arxiv.org/abs/2401.00001"),
    ],
)
def test_an_address_may_be_written_in_another_way(text: str, address: str) -> None:
    """In capitals or small letters, with or without what makes no other repository or paper of it."""
    assert _stay(text, address)
    assert not _stay(text, f"{address.rstrip('/')}-evil")


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/login?return_to=https://evil.example",
        "https://www.kaggle.com/account/login?returnUrl=%2Fevil",
        "https://gitlab.com/users/sign_in",
        "https://huggingface.co/lamp?next=http:evil.example",
        "https://gitee.com/redirect?to=evil.example",
        "https://zenodo.org/lamp?x=//evil.example",
    ],
)
def test_no_link_leads_on_to_another_place(address: str) -> None:
    """Though the host is known and the address stands in the paper."""
    assert not _stay(f"See {address} now.", address)


def test_an_address_that_is_longer_than_the_papers_is_a_strangers() -> None:
    """A query, a fragment or a path may hold anything."""
    for more in ("?x=1", "#x", "/x"):
        assert not _stay("Code: https://github.com/lamp/wick.", f"https://github.com/lamp/wick{more}")


def _stay(text: str, address: str) -> bool:
    """Whether a link to an address stays that is written about a paper which says `text`."""
    links = Links(paper(), reading(passages=(Passage("S1.p1", "1 Code", PassageKind.TEXT, text),)), hosts())
    runs = parse_runs(f"It is at <{address}> now.")
    assert links.allow(address) == (links.runs(runs) == runs)
    return links.allow(address)


@pytest.mark.parametrize("between", ["]", "—", "和", "|", ">", "。见", ") "])
@pytest.mark.parametrize("own", ["https://github.com/example/lanterns", "https://lamps.example.org/project"])
def test_no_address_stays_for_what_stands_before_it(own: str, between: str) -> None:
    told = f"See {own}{between}https://evil.example/x now."
    assert LINKS.text(told) == f"See {own}{between}evil.example/x now."


@pytest.mark.parametrize(
    "more",
    [
        "'.evil.example/x",
        f"{':' * 700}a@evil.example/x",
        f"{'~' * 700}.evil.example/x",
        f"{'.' * 700}evil.example/x",
        '"a@evil.example/x',
        '":"a@evil.example',
        "<a@evil.example/x",
        "。evil.example/x",
        "，a@evil.example",
        ".git",
        "~",
    ],
)
def test_a_page_without_a_path_vouches_for_no_other_host(more: str) -> None:
    """Browsers, terminals and platforms differ in where they take an address to end."""
    page = "https://lumina.example.org"
    links = Links(paper(project_url=page), reading(), hosts())
    assert links.text(f"See {page}{more}") == f"See lumina.example.org{more}"
    assert not links.allow(page + more)
    for honest in (f"See {page}.", f"See {page}/, as well.", f"代码在{page}。另见附录，GPT-4。", f"({page})"):
        assert links.text(honest) == honest


def test_code_keeps_its_lines() -> None:
    """Though an address is taken out of them."""
    told = parse("```\ngit clone https://evil.example/x\nfor lamp in lamps:\n    light(lamp)\n```")
    (block,) = LINKS.blocks(told)
    assert plain((block,)) == "git clone evil.example/x\nfor lamp in lamps:\n    light(lamp)\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("So https://$w{}ww.evil.example$ it is", "So ${}evil.example$ it is"),
        ("So https://$a@every{}one$ it is", "So $aevery{}one$ it is"),
        (r"So $mail%$to:a@evil.example", "So a@evil.example"),
        (r"So $\begin{x}mailto\end{x}$:a@evil.example", "So a@evil.example"),
        (r"So $a % https://evil.example$ is", "So $a % evil.example$ is"),
        (r"So $\mailto:a@evil.example x$", r"So $\a@evil.example x$"),
        (r"Rate \(x\)5 at @you", r"Rate \(x\)5 at you"),
    ],
)
def test_formulas_are_looked_at_as_they_are_set_and_as_they_are_written(text: str, left: str) -> None:
    assert harmless_text(text) == left
    assert harmless_text(left) == left


def test_a_text_with_formulas_keeps_them() -> None:
    """A quote or a title is text; what is taken out of it takes no formula along."""
    assert harmless_text("So $x_1$ at https:$/{}/$evil.example, @you") == "So $x_1$ at evil.example, you"
    assert harmless_text(r"So  \(x_1\) is $2") == r"So  \(x_1\) is $2"


def test_a_sign_stays_where_an_address_goes() -> None:
    """A formula of nothing but a command is a sign that is shown; one that was emptied is none any more."""
    told = r"At https://evil.example $\alpha$ is $\infty$ and $\text{https:}$//evil.example."
    assert harmless_text(told) == r"At evil.example $\alpha$ is $\infty$ and evil.example."


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (r"mailto:$\text{$", r"$\text{$"),
        (r"mailto:$\text{$ you", r"$\text{$ you"),
        (r"Write to mailto: $\alpha$", r"Write to mailto: $\alpha$"),
        (r"https:/$\text{$", "$text{$"),
    ],
)
def test_a_formula_of_marks_is_seen_as_it_is_written(text: str, left: str) -> None:
    """As adapters show it where it comes to nothing else."""
    assert harmless_text(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("https:://www.//evil.example", "evil.example"),
        ("tel:tel:+1", "+1"),
        ("data:https://text/html;base64,A", "text/html;base64,A"),
    ],
)
def test_what_is_left_is_looked_at_again(text: str, left: str) -> None:
    assert harmless_text(text) == left


@pytest.mark.parametrize("depth", [1, 3, 5, 50, 3000])
def test_marks_in_marks(depth: int) -> None:
    """However deep they are laid into each other."""
    assert "//" not in harmless_text(f"So https{':' * depth}{'://' * depth}{'/' * depth}/evil.example it is")
    assert "tel:" not in harmless_text(f"So {'tel:' * depth}1 it is")
    assert harmless_text(f"See {'https:' * depth}{'//' * depth}evil.example, now").endswith("evil.example, now")


def test_what_is_unseen_is_what_adapters_leave_out() -> None:
    """The core and the adapters know the same characters; white space is seen."""
    every = map(chr, range(sys.maxunicode + 1))
    assert [char for char in every if is_unseen(char) != (clean(char) == "")] == []


_LIVE = re.compile(r"(?:[a-z]\w|\d[a-z])://|https?:[/\\]{2}|mailto:[^\s{}]|javascript:[a-z]|@everyone|<[@!]\w+[>^|]")
BITS = [
    *"ht tp s : // / \\ @ < > ! evil.example www. ** ` everyone github.com".split(),
    *"javascript: mailto: data: image/ file: tel: 1 +".split(),
    *("$", "$\\text{", "$/{}/$", "}", "\u200b", " "),
]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(BITS)))
def test_nothing_that_is_left_makes_another(bits: list[str]) -> None:
    """However addresses and calls are put together."""
    blocks = LINKS.blocks(parse("".join(bits)))
    shown = "\n".join(line for block in blocks for line in block_lines(block, None, undressed))
    assert _LIVE.search(shown) is None
    assert "link=" not in str(blocks).replace("link=''", "")
