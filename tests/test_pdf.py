"""The text of PDFs becomes clean passages, in a process that cannot harm the one that asks."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import NamedTuple

import pytest

from digest.errors import ReadError
from digest.fetch import PoliteFetcher
from digest.readers import pdf, pdf_text
from digest.readers.fingerprint import text_hash
from digest.readers.pdf_words import HYPHEN, Joiner
from digest.types import PassageKind, ReadingSource
from tests import makers
from tests.paper_server import PaperServer, kit
from tests.text_work import read_with


class Set(NamedTuple):
    """A line of type: points from the lower left corner; F1 is upright, F2 bold."""

    x: float
    y: float
    text: str
    size: float = 10
    font: str = "F1"
    turned: bool = False


def made(*pages: Sequence[Set], outline: Sequence[str] = (), trailer: str = "") -> bytes:
    """A PDF of these pages (612 x 792 points) with bookmarks."""
    objects: list[bytes] = [b""] * 4
    objects[2] = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects[3] = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>"
    kids = []
    for lines in pages:
        content = zlib.compress("\n".join(_shown(line) for line in lines).encode("latin-1"))
        objects.append(b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>" % len(objects)
        )
        kids.append(len(objects))
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>".encode()
    root = len(objects) + 1
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R%s >>" % (b" /Outlines %d 0 R" % root if outline else b"")
    if outline:
        objects.append(f"<< /Count {len(outline)} /First {root + 1} 0 R /Last {root + len(outline)} 0 R >>".encode())
        for place, title in enumerate(outline, root + 1):
            following = f" /Next {place + 1} 0 R" if place < root + len(outline) else ""
            objects.append(f"<< /Title ({title}) /Parent {root} 0 R{following} /Dest [{kids[0]} 0 R /Fit] >>".encode())
    return file_of(objects, trailer)


def _shown(line: Set) -> str:
    matrix = "0 1 -1 0" if line.turned else "1 0 0 1"
    escaped = line.text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /{line.font} {line.size} Tf {matrix} {line.x} {line.y} Tm ({escaped}) Tj ET"


def file_of(objects: Sequence[bytes], trailer: str = "") -> bytes:
    """A PDF of these objects, of which the first is the catalog."""
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    end = f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {len(offsets) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + end.encode()


def prose(x: float, y: float, *lines: str, size: float = 10) -> list[Set]:
    """Lines below each other at the usual distance."""
    return [Set(x, y - 12 * place, line, size) for place, line in enumerate(lines)]


def head(y: float, text: str, size: float = 12) -> Set:
    return Set(72, y, text, size, "F2")


def shown(content: bytes) -> list[tuple[str, str, PassageKind, str]]:
    return [(one.anchor, one.heading, one.kind, one.text) for one in pdf_text.passages(content)]


PAPER = made(
    [
        Set(150, 700, "Lanterns for Deep Networks", 17, "F2"),
        Set(100, 670, "Ann Writer"),
        Set(300, 670, "Bo Reader"),
        Set(100, 658, "ann@lab.example"),
        head(630, "Abstract"),
        *prose(90, 612, "Networks are dark inside. We hang lanterns in their layers, and the accu-"),
        *prose(90, 600, "racy of a reader rises by 3.2 points on a benchmark of lamps."),
        head(570, "1 Introduction"),
        *prose(72, 552, "Many lamps of state-of-the-art networks are dim, and keepers of long stand-"),
        *prose(72, 540, "ing have asked for light. A line that is as long as the one before it ends here."),
        *prose(87, 528, "Another paragraph begins with an indent and goes on over the end of a page,"),
        *prose(72, 516, "where the keeper of the light"),
        Set(72, 60, "* Equal contribution of both authors.", 8),
        Set(300, 30, "1"),
        Set(20, 200, "arXiv:2601.00001v1  [cs.LG]  16 Jan 2026", 16, turned=True),
    ],
    [
        Set(200, 760, "Writer and Reader", 8),
        *prose(72, 720, "has to turn the leaf before the sentence ends with its last words and accuracy.", "We add:"),
        *prose(80, 690, "\x95 Lanterns that are small enough to hang in every layer of any"),
        *prose(90, 678, "network at all."),
        *prose(80, 666, "\x95 Wicks."),
        head(640, "2 Results"),
        Set(72, 622, "Table 1: Accuracy of lamps, in per cent, as", 9),
        Set(72, 611, "means of five runs.", 9),
        *(Set(x, 590, text) for x, text in ((72, "Model"), (200, "Day"), (260, "Night"))),
        *(Set(x, 578, text) for x, text in ((72, "Old lamp"), (260, "88.2"))),
        *(Set(x, 566, text) for x, text in ((72, "Lantern"), (200, "95.0"), (260, "91.4"))),
        *prose(72, 530, "The lantern is better at night."),
        Set(300, 30, "2"),
    ],
    [
        Set(200, 760, "Writer and Reader", 8),
        head(720, "References"),
        *prose(72, 700, "[1] A. Lamp. Lamps of old. Journal of Light, 2020."),
        head(660, "A Proofs"),
        *prose(72, 640, "The proof is by light."),
        Set(300, 30, "3"),
    ],
)


def test_a_paper_becomes_its_passages_and_nothing_else() -> None:
    """Authors, stamps, running heads, page numbers, notes on authors and the bibliography go; what a line, page or
    hyphen cut is whole again; headings, lists, captions and tables are known."""
    accuracy = "and the accuracy of a reader rises by 3.2 points on a benchmark of lamps."
    dim = "Many lamps of state-of-the-art networks are dim, and keepers of long standing have asked for light."
    indented = (
        "Another paragraph begins with an indent and goes on over the end of a page, where the keeper of the light"
    )
    leaf = "has to turn the leaf before the sentence ends with its last words and accuracy. We add:"
    points = "- Lanterns that are small enough to hang in every layer of any network at all.\n- Wicks."
    scores = "Model | Day | Night\nOld lamp |  | 88.2\nLantern | 95.0 | 91.4"
    text, first, second = PassageKind.TEXT, "1 Introduction", "2 Results"
    assert shown(PAPER) == [
        ("page=1", "", text, "Lanterns for Deep Networks"),
        ("page=1", "Abstract", text, f"Networks are dark inside. We hang lanterns in their layers, {accuracy}"),
        ("page=1", first, text, f"{dim} A line that is as long as the one before it ends here."),
        ("page=1", first, text, f"{indented} {leaf}"),
        ("page=2", first, PassageKind.LIST, points),
        ("page=2", second, PassageKind.CAPTION, "Table 1: Accuracy of lamps, in per cent, as means of five runs."),
        ("page=2", second, PassageKind.TABLE, scores),
        ("page=2", second, text, "The lantern is better at night."),
        ("page=3", "A Proofs", text, "The proof is by light."),
    ]


def test_columns_are_read_one_after_the_other() -> None:
    """The order of the file, not of the height on the page; a sentence goes on in the next column."""
    left = prose(72, 700, *["The left column has its own sentences here."] * 3, "It ends where a new one, the")
    right = prose(
        330, 700, "right one, begins and goes on until it ends.", *["Right lines stand at the same height."] * 3
    )
    words = [text for *_, text in shown(made([*left, *right]))]
    assert " ".join(words) == " ".join(line.text for line in [*left, *right])
    assert any("a new one, the right one, begins" in text for text in words)


def test_a_line_of_a_sentence_that_begins_like_a_caption_or_a_point_is_none() -> None:
    """A break of the line before "Table 2." or "(2)" says nothing."""
    lines = ["The keeper has written all of the lamps and their oil into", "Table 2. Both of them are told apart in"]
    content = made(prose(72, 700, *lines, "(2) and in Figure 3.1 as well, where the light is.", "Figure 3.1 is last."))
    assert {kind for *_, kind, _ in shown(content)} == {PassageKind.TEXT}


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (head(600, "2.1 Wicks and Oil"), "1 Lamps > 2.1 Wicks and Oil"),
        (head(600, "2.1.3 Wicks", size=10), "1 Lamps > 2.1.3 Wicks"),
        (Set(72, 600, "II. THE WICKS OF LAMPS"), "II. THE WICKS OF LAMPS"),
        (Set(72, 600, "2 WICKS AND OIL"), "2 WICKS AND OIL"),
        (head(600, "Conclusion"), "Conclusion"),
        (Set(72, 600, "Acknowledgements"), "Acknowledgements"),
        (head(600, "Wicks Without Number"), "Wicks Without Number"),
        (Set(72, 600, "2 lamps and 3 wicks were lit"), "1 Lamps"),
        (head(600, "Wicks. ", size=10), "1 Lamps"),
    ],
)
def test_headings_are_known_by_number_name_and_type(line: Set, path: str) -> None:
    """Larger or bold with a number, a usual name, capitals; a sentence that begins with a number is none."""
    before = prose(72, 680, "They burn as long as the keeper of the light fills them.")
    content = made([head(700, "1 Lamps"), *before, line, *prose(72, 580, "Oil is needed for that.")])
    assert shown(content)[-1][1] == path


def test_an_abstract_whose_heading_runs_into_its_text_is_known() -> None:
    """As in the papers of engineers; the word is taken out of the text."""
    lines = [Set(100, 700, "Ann Writer, Example Lab"), Set(72, 650, "Abstract\x97Lamps are dark. We light them.")]
    assert shown(made([*lines, Set(72, 620, "I. INTRODUCTION"), *prose(72, 600, "They burn.")])) == [
        ("page=1", "Abstract", PassageKind.TEXT, "Lamps are dark. We light them."),
        ("page=1", "I. INTRODUCTION", PassageKind.TEXT, "They burn."),
    ]


def test_bookmarks_tell_headings_that_type_does_not() -> None:
    """Where a file has bookmarks, a plain line that is one of them is a heading, and a bold one that is none is not."""
    lines = [
        Set(72, 700, "The Wicks of Old"),
        *prose(72, 680, "They burn as long as the keeper of the light fills them."),
        head(640, "A Sign on the Wall", size=14),
        *prose(72, 600, "It is read."),
    ]
    assert {heading for _, heading, *_ in shown(made(lines, outline=["Keepers", "The Wicks of Old"]))} == {
        "The Wicks of Old"
    }


def test_a_running_head_on_a_single_page_is_known_by_its_bookmark() -> None:
    """An excerpt has no other page to repeat it."""
    content = made(
        [Set(150, 650, "Lanterns for Networks 9"), *prose(72, 600, "They burn.")], outline=["Lanterns for Networks"]
    )
    assert [text for *_, text in shown(content)] == ["They burn."]


def test_the_pages_read_are_bounded() -> None:
    """A book of more than 200 pages is read up to there."""
    content = made(*([Set(72, 400, f"This is leaf {'i' * page}.")] for page in range(1, 203)))
    assert shown(content)[-1][0] == f"page={pdf_text.MAX_PAGES}"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("an en", "coder works"), "an encoder works"),
        (("the English", "to-German task"), "the English-to-German task"),
        (("a self", "made lamp"), "a self-made lamp"),
        (("a state-of-the", "art lamp"), "a state-of-the-art lamp"),
        (("a source", "target pair"), "a source-target pair"),
        (("from Berlin", "Dahlem"), "from Berlin-Dahlem"),
        (("in 2024", "2025"), "in 2024-2025"),
    ],
)
def test_hyphens_at_line_ends_are_judged_by_the_words_of_the_document(lines: tuple[str, str], text: str) -> None:
    """A word found whole elsewhere is whole; one found with its hyphen, or two words found alone, keep it."""
    document = ["English-to-German and self-made", "every source has a target", f"{lines[0]}{HYPHEN}", lines[1]]
    assert Joiner(document).joined((f"{lines[0]}{HYPHEN}", lines[1])) == text
    many = ["long lines before it "] * 50
    assert Joiner(document).joined((*many, f"{lines[0]}{HYPHEN}", lines[1])).endswith(f"before it {text}")


# --- bad files, and a bad reader ---------------------------------------------------------------------------------


_LOCK = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{'41' * 32}> /U <{'42' * 32}> >> /ID [<{'43' * 16}> <43>]"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<!DOCTYPE html><html></html>", "not a PDF"),
        (b"", "not a PDF"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 20, "damaged"),
        (PAPER[:400], "damaged"),
        (made([Set(72, 700, "Secret.")], trailer=_LOCK), "locked"),
        (made([]), "no text"),
    ],
)
def test_files_that_cannot_be_read_are_told_apart(content: bytes, problem: str) -> None:
    """No PDF, damaged, locked, without text: each is a ReadError that says so."""
    with pytest.raises(ReadError, match=problem):
        pdf_text.passages(content)


# --- over the wire -----------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[PaperServer]:
    with PaperServer() as running:
        yield running


@pytest.fixture
async def reader(server: PaperServer) -> AsyncIterator[pdf.PdfReader]:
    async with PoliteFetcher(user_agent="Paperboy/test", gaps_s={}, attempts=1, max_bytes=50_000) as fetcher:
        yield pdf.build(kit(server, fetcher), {"timeout_s": 5.0})


async def test_a_paper_is_read_from_arxiv(server: PaperServer, reader: pdf.PdfReader) -> None:
    """The reading names its source and address, and its hash is that of its passages."""
    server.pages["/pdf/2601.00001"] = PAPER
    reading = await read_with(reader, makers.paper())
    assert reading.source is ReadingSource.PDF
    assert reading.url == f"{server.url}/pdf/2601.00001"
    assert reading.passages[0].text == "Lanterns for Deep Networks"
    assert reading.text_hash == text_hash(reading.passages)


async def test_trouble_of_any_kind_is_a_read_error(server: PaperServer, reader: pdf.PdfReader) -> None:
    """Not there, not a PDF, too large: the next reader is asked, and the sentence names the paper."""
    with pytest.raises(ReadError, match=r"no PDF of 2601\.00001"):
        await read_with(reader, makers.paper())
    server.pages["/pdf/2601.00001"] = b"<html>"
    with pytest.raises(ReadError, match=r"not a PDF"):
        await read_with(reader, makers.paper())
    server.pages["/pdf/2601.00001"] = PAPER + b" " * 50_000
    with pytest.raises(ReadError, match="larger"):
        await read_with(reader, makers.paper())
