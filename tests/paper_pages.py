"""A made-up paper as arXiv would serve it, with something for every section of a report."""

from __future__ import annotations

from tests.latexml_pages import page, para, section, table, tabular


def lantern_page() -> bytes:
    return page(
        section(
            "1",
            "Introduction",
            para(
                "Deep networks are dark inside, and nobody can say which layer decides. We propose lanterns, small "
                "probes that hang beside every layer and show what it holds.",
                "S1.p1",
            ),
        ),
        section(
            "2",
            "Method",
            para(
                "The input is a trained network and the output is one map for each of its layers. Training the "
                "probes takes two hours on one GPU with 24 GB of memory. The code is available at https://github.com/example/lanterns.",
                "S2.p1",
            ),
        ),
        section(
            "3",
            "Experiments",
            para(
                "On the benchmark of lamps accuracy rises from 88.2 to 91.4, and the probes cost 1% more time.", "S3.p1"
            ),
            table(
                "S3.T1",
                "Table 1: Accuracy on two benchmarks.",
                tabular(
                    [
                        ["Method", "Lamps", "Candles"],
                        ["Dark network", "88.2", "70.1"],
                        ["Lanterns (ours)", "91.4", "74.0"],
                    ]
                ),
            ),
        ),
    )


def abstract_page(title: str, abstract: str, *authors: str) -> bytes:
    """An abstract page as arXiv's, with its metadata; authors as `Family, Given`."""
    told = [("title", title), *(("author", author) for author in authors), ("date", "2026/01/15")]
    metas = "".join(f'<meta name="citation_{name}" content="{value}" />' for name, value in told)
    return (
        f'<html><head>{metas}<meta name="citation_abstract" content="{abstract}" /></head><body></body></html>'.encode()
    )
