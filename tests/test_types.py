"""Ids and destinations: whatever form somebody pastes, one thing comes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import InvalidId, UsageError
from digest.types import ArxivId, Destination

new_ids = st.builds(
    lambda year, month, number: f"{year:02}{month:02}.{number}",
    st.integers(7, 99),
    st.integers(1, 12),
    st.one_of(st.integers(0, 9999).map("{:04}".format), st.integers(0, 99999).map("{:05}".format)),
)
old_ids = st.builds(
    lambda archive, year, month, number: f"{archive}/{year:02}{month:02}{number:03}",
    st.sampled_from(["astro-ph", "hep-th", "math", "cs", "cond-mat", "q-bio"]),
    st.integers(91, 99),
    st.integers(1, 12),
    st.integers(0, 999),
)
versions = st.one_of(st.just(""), st.integers(1, 30).map("v{}".format))
wrappings = st.sampled_from(
    [
        "{}",
        "  {} ",
        "arXiv:{}",
        "arxiv: {}",
        "https://arxiv.org/abs/{}",
        "http://arxiv.org/pdf/{}",
        "https://arxiv.org/pdf/{}.pdf",
        "https://www.arxiv.org/html/{}/",
        "https://export.arxiv.org/abs/{}?context=cs",
        "https://huggingface.co/papers/{}",
        "huggingface.co/papers/{}#community",
        "https://hf.co/papers/{}.md",
        "https://www.alphaxiv.org/abs/{}",
        "https://www.alphaxiv.org/overview/{}",
    ]
)


@given(st.one_of(new_ids, old_ids), versions, wrappings)
def test_an_id_is_found_in_every_form_that_people_paste(arxiv_id: str, version: str, wrapping: str) -> None:
    """Ids with or without a version, and arXiv, Hub and alphaXiv addresses give the id without a version."""
    assert ArxivId.parse(wrapping.format(arxiv_id + version)) == arxiv_id


@given(old_ids)
def test_old_ids_are_found_without_their_slash(arxiv_id: str) -> None:
    """Files and some sites write astro-ph9710163."""
    assert ArxivId.parse(arxiv_id.replace("/", "")) == arxiv_id


@given(new_ids)
def test_an_id_inside_something_else_is_not_an_id(arxiv_id: str) -> None:
    """Nothing is guessed: longer numbers, other sites and sentences are refused."""
    for text in (f"1{arxiv_id}", f"{arxiv_id}7890", f"https://example.org/abs/{arxiv_id}", f"see {arxiv_id} please"):
        with pytest.raises(InvalidId):
            ArxivId.parse(text)


@given(st.text(max_size=60))
def test_any_other_text_is_refused_with_a_sentence(text: str) -> None:
    """Parsing raises InvalidId or gives an id that parses to itself; nothing else comes out of it."""
    try:
        parsed = ArxivId.parse(text)
    except InvalidId as error:
        assert "is not an arXiv id" in str(error)  # noqa: PT017 (either outcome is right)
    else:
        assert ArxivId.parse(parsed) == parsed


@pytest.mark.parametrize("text", ["2613.10592", "2600.10592", "2601.1059a", "2601.105", "", "v1", "2601.10592v"])
def test_what_only_looks_like_an_id_is_refused(text: str) -> None:
    """Months end at 12 and numbers have four or five digits."""
    with pytest.raises(InvalidId):
        ArxivId.parse(text)


def test_a_subject_class_is_dropped_from_an_old_id() -> None:
    """arXiv itself files math.AG/0601001 under math/0601001."""
    assert ArxivId.parse("math.AG/0601001v2") == "math/0601001"


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ("slack:C024BE91L", Destination("slack", "", "C024BE91L")),
        (" slack:T012AB3CD/C024BE91L ", Destination("slack", "T012AB3CD", "C024BE91L")),
    ],
)
def test_a_destination_is_read_as_it_is_written(text: str, destination: Destination) -> None:
    """With and without the workspace."""
    assert Destination.parse(text) == destination
    assert str(destination) == text.strip()


@pytest.mark.parametrize("text", ["", "C024BE91L", "slack:", "slack:T1/C2/U3", "slack:#general"])
def test_what_is_no_destination_is_refused_with_an_example(text: str) -> None:
    """A channel's name is not its id."""
    with pytest.raises(UsageError, match="Destinations look like slack:C024BE91L"):
        Destination.parse(text)
