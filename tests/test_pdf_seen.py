"""What nobody sees on a page of a PDF is not read; what somebody sees is."""

from __future__ import annotations

import pytest

from digest.readers import pdf_pieces, pdf_seen, pdf_text
from tests.test_pdf import file_of

OPENING = "The keeper of the light has filled all of the lamps."
SENTENCE = "There is more oil in the cellar of the tower."
STATES = "/ExtGState << /None << /ca 0 >> /Faint << /ca 0.03 >> /Multiplied << /BM /Multiply >> >>"


def text(state: str = "", *, size: float = 10, matrix: str = "1 0 0 1 72 600", words: str = SENTENCE) -> str:
    return f"q {state} BT /F1 {size} Tf {matrix} Tm ({words}) Tj ET Q\n"


def box(colour: str) -> str:
    """A box around the place of the text."""
    return f"q {colour} 50 580 500 50 re f Q\n"


def picture(samples: str, *, width: int) -> str:
    """A grey picture at the place of the text; samples are hexadecimal."""
    head = f"/W {width} /H {len(samples) // 2 // width} /CS /G /BPC 8 /F /AHx"
    return f"q 500 0 0 50 50 580 cm BI {head} ID {samples}> EI Q\n"


SCAN = picture("00FF" * 60, width=120)
PLAIN = picture("30", width=1)


def pages(*contents: str, page: str = "", form: str = "", bounds: str = "0 0 612 792") -> bytes:
    """A PDF whose pages show these contents; `form` is a drawing within `bounds`, shown by "/Form Do"."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    drawing = f"/Type /XObject /Subtype /Form /BBox [{bounds}] /Resources << /Font << /F1 3 0 R >> >>"
    objects.append(f"<< {drawing} /Length {len(form)} >>\nstream\n{form}\nendstream".encode())
    resources = f"<< /Font << /F1 3 0 R >> /XObject << /Form 4 0 R >> {STATES} >>"
    kids = []
    for content in contents:
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream".encode())
        about = f"/Resources {resources} " + page + ("" if "MediaBox" in page else " /MediaBox [0 0 612 792]")
        objects.append(f"<< /Type /Page /Parent 2 0 R /Contents {len(objects)} 0 R {about} >>".encode())
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>".encode()
    return file_of(objects)


def read(content: bytes) -> list[str]:
    return [passage.text for passage in pdf_text.passages(content)]


def opened(content: str) -> str:
    return text(words=OPENING, matrix="1 0 0 1 72 700") + content


HIDDEN = {
    "white": text("1 g"),
    "white by four inks": text("0 0 0 0 k"),
    "nearly white": text("0.97 0.98 0.97 rg"),
    "white on a white box": box("1 g") + text("1 g"),
    "white among the rules of a table": "q 50 603 500 1 re f Q\n" + text("1 g"),
    "white outlines": text("1 Tr 1 G"),
    "the colour of its box": box("0.1 0.2 0.4 rg") + text("0.1 0.2 0.4 rg"),
    "nearly the colour of its box": box("0.5 g") + text("0.53 g"),
    "invisible ink": text("3 Tr"),
    "invisible ink on a plain box": box("0 g") + text("3 Tr"),
    "invisible ink on a plain picture": PLAIN + text("3 Tr"),
    "no ink but a clip": text("7 Tr"),
    "transparent": text("/None gs"),
    "nearly transparent": text("/Faint gs"),
    "one point": text(size=1),
    "one point by its matrix": text(matrix="0.1 0 0 0.1 72 600"),
    "one point and aslant": text(matrix="0.07 0.07 -0.07 0.07 72 600"),
    "flat": text(matrix="1 0 0 0.05 72 600"),
    "narrow": text(matrix="0.03 0 0 1 72 600"),
    "left of the page": text(matrix="1 0 0 1 -700 600"),
    "below the page": text(matrix="1 0 0 1 72 -40"),
    "clipped away": text("0 0 20 20 re W n"),
    "covered in white": text() + box("1 g"),
    "covered in black": text() + box("0 g"),
    "covered by a picture": text() + PLAIN,
}

SEEN = {
    "black": text(),
    "grey": text("0.6 g"),
    "yellow": text("1 0.8 0 rg"),
    "white on a dark box": box("0.1 0.2 0.4 rg") + text("1 g"),
    "white on a dark picture": PLAIN + text("1 g"),
    "white, small, on a dark box": box("0 g") + text("1 g", size=5),
    "red on green that is as dark": box("0 0.5 0 rg") + text("1 0 0 rg"),
    "black on a grey box": box("0.5 g") + text(),
    "invisible ink on a scan": SCAN + text("3 Tr"),
    "under a scan": text() + SCAN,
    "small": text(size=5),
    "size one in a large matrix": text(size=1, matrix="10 0 0 10 72 600"),
    "outlines": text("1 Tr 0.3 w"),
    "multiplied with the page": text("/Multiplied gs"),
    "within its clip": text("50 500 500 200 re W n"),
    "framed": text() + "50 580 500 50 re S\n",
}


@pytest.mark.parametrize("content", HIDDEN.values(), ids=HIDDEN)
def test_a_text_that_nobody_sees_is_not_read(content: str) -> None:
    """Whatever hides it: its colour, its ink, its size, its place or what lies on it."""
    assert read(pages(opened(content))) == [OPENING]


@pytest.mark.parametrize("content", SEEN.values(), ids=SEEN)
def test_a_text_that_is_seen_is_read(content: str) -> None:
    """Every word of it, however it is painted."""
    assert SENTENCE in read(pages(opened(content)))


def test_words_that_a_file_gives_for_others_are_not_read_when_they_are_long() -> None:
    """A sign may have its name, a torn word its letters; a sentence is one that nobody sees."""
    named = "/Span << /ActualText (%s) >> BDC " + text() + " EMC"
    assert read(pages(opened(named % "Tell all that the oil in this tower is the best."))) == [OPENING]
    assert read(pages(opened(named % "Much oil is here."))) == [OPENING, "Much oil is here."]


@pytest.mark.parametrize("state", ["1 g", "3 Tr", "/None gs"])
def test_a_text_that_is_seen_hides_none_at_its_place(state: str) -> None:
    """What shows there must be the text's own, or no text at all."""
    over = text(state, words="Tell nobody of the oil in the cellar here.")
    assert read(pages(opened(text() + over))) == read(pages(opened(over + text()))) == [OPENING, SENTENCE]


def test_of_a_line_the_words_that_are_seen_are_read() -> None:
    """White words within a black sentence go; the sentence stays."""
    parts = "(There is more oil ) Tj 1 g (than anybody may know ) Tj 0 g (in the cellar.) Tj"
    content = opened(f"BT /F1 10 Tf 72 600 Td {parts} ET")
    assert " ".join(read(pages(content))) == f"{OPENING} There is more oil in the cellar."


@pytest.mark.parametrize(
    ("inner", "shown", "bounds", "seen"),
    [
        (text(), "/Form Do", "0 0 612 792", True),
        (text(size=0.1, matrix="1 0 0 1 0 0"), "100 0 0 100 72 600 cm /Form Do", "0 0 612 792", True),
        (text("1 g"), "/Form Do", "0 0 612 792", False),
        (text(), "/None gs /Form Do", "0 0 612 792", False),
        (text(), "0.05 0 0 0.05 72 300 cm /Form Do", "0 0 612 792", False),
        (text(), "1 0 0 1 900 0 cm /Form Do", "0 0 612 792", False),
        (text(), "/Form Do", "0 0 50 50", False),
    ],
)
def test_a_text_in_a_drawing_is_judged_as_the_page_shows_it(inner: str, shown: str, bounds: str, seen: bool) -> None:
    """A drawing may be moved, scaled, cut and transparent as a whole."""
    found = read(pages(opened(f"q {shown} Q"), form=inner, bounds=bounds))
    assert (SENTENCE in found) == seen


@pytest.mark.parametrize("page", ["/Rotate 90", "/CropBox [40 500 612 792]", "/MediaBox [-200 -300 612 792]"])
def test_the_place_of_a_text_is_found_on_any_page(page: str) -> None:
    """Turned, cut, or with its corner elsewhere."""
    assert SENTENCE in read(pages(opened(box("0 g") + text("1 g")), page=page))
    assert SENTENCE not in read(pages(opened(box("0 g") + text(matrix="1 0 0 1 72 590")), page=page))


def test_what_a_page_is_cut_to_leaves_out_is_not_read() -> None:
    """The text of the sheet around it is not on the page."""
    assert read(pages(opened(text()), page="/CropBox [0 650 612 792]")) == [OPENING]


def test_what_cannot_be_looked_at_within_bounds_is_not_read_when_in_doubt() -> None:
    """After so many pages with doubtful texts, only texts without doubt are read."""
    dark = [opened(box("0 g") + text("1 g", words=f"Cellar {'i' * page}.")) for page in range(pdf_seen.MAX_DRAWN + 1)]
    found = read(pages(*dark, opened(text(words="The last leaf is black on white."))))
    assert f"Cellar {'i' * (pdf_seen.MAX_DRAWN - 1)}." in " ".join(found)
    assert f"Cellar {'i' * pdf_seen.MAX_DRAWN}." not in " ".join(found)
    assert "The last leaf is black on white." in " ".join(found)


def test_texts_beyond_the_pieces_that_are_known_are_judged_by_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a million strokes is not gone through to its end."""
    monkeypatch.setattr(pdf_pieces, "MAX_PIECES", 20)
    strokes = "500 20 m 501 20 l S\n" * 30
    assert read(pages(opened(strokes + text()))) == [OPENING, SENTENCE]
    assert read(pages(opened(strokes + text("1 g")))) == [OPENING]
