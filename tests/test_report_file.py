"""Day reports as files: read in all the forms that models write, and refused with the line that is wrong."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import compose
from digest.errors import InvalidReportFile
from digest.export import digest_markdown
from digest.markdown import plain
from digest.sources.report_file import ReportFile, read_report_file
from digest.types import Block, Digest, Paper, ReadingSource, Report, Section, SectionName
from tests.makers import DAY, NOON, paper, points, report, sections
from tests.test_markdown import documents

TEXTS = {language: compose.texts(language) for language in compose.LANGUAGES}
LIST_URL = "https://huggingface.co/papers/date/2026-01-16"

HEAD = """# Hugging Face Daily Papers Report
**Date**: 2026-01-16
**Source URL**: https://huggingface.co/papers/date/2026-01-16

============================================================

"""
PAPER = """## 📄 Lanterns for Deep Networks

- **链接**: https://huggingface.co/papers/2601.00001
- **阅读来源**: HTML

"""
BODIES = ("网络的可解释性", "让网络的每一层可见", "*   **输入**：网络", "1.  **灯**：小探针", "*   达到 91.4%")
LABELS = ("应用领域", "一句话核心贡献", "使用指南", "主要创新点", "实验效果")


def read(tmp_path: Path, content: str) -> ReportFile:
    file = tmp_path / "report.md"
    file.write_text(content, encoding="utf-8")
    return read_report_file(file, list(TEXTS.values()), compose.taxonomy(), NOON)


def written(entries: tuple[tuple[Paper, Report], ...]) -> str:
    return digest_markdown(Digest(day=DAY, language="en", papers=entries), TEXTS, LIST_URL)


@pytest.mark.parametrize(
    "heading",
    [
        "{number}. **{label}**\n   ",
        "{number}. **{label}**：\n    ",
        "{number}. **{label}**：",
        "{number}. **{label}：** \n",
        "### {number}. {label}\n",
        "## {number}. {label}\n",
        "## **{number}. {label}**\n\n",
        "**{number}. {label}**\n\n",
        "**{label}**：",
        "### {label}\n\n",
        "{number}、**{label}**\n",
        "#### {number}) {label}：\n",
        "##   {number} .   {label}   ：   \n",
        "##   **   {number} .   {label}   **   :   ",
        "{number}. **{label}**   :   ",
        "**{label}   :   **   \n",
    ],
)
def test_every_way_to_write_a_heading_is_read(tmp_path: Path, heading: str) -> None:
    """Five sections each, with the text in the same line, below, or indented."""
    body = "\n\n".join(
        heading.format(number=number, label=label) + text
        for number, (label, text) in enumerate(zip(LABELS, BODIES, strict=True), 1)
    )
    ((_, found),) = read(tmp_path, HEAD + PAPER + "# 论文报告：灯\n\n" + body).entries
    assert [section.name for section in found.sections] == list(SectionName)
    assert [plain(section.blocks) for section in found.sections] == [
        "网络的可解释性",
        "让网络的每一层可见",
        "输入：网络",
        "灯：小探针",
        "达到 91.4%",
    ]


def test_a_report_tells_its_paper_source_language_and_domains(tmp_path: Path) -> None:
    """What the lines under the title say, and what the first section says."""
    content = HEAD + PAPER + "1. **应用领域**\n   计算机视觉 - 视频动作识别\n"
    ((found_paper, found_report),) = read(tmp_path, content.replace("HTML", "ArXiv Abs")).entries
    assert found_paper == Paper(
        id=paper().id, title="Lanterns for Deep Networks", hub_url="https://huggingface.co/papers/2601.00001"
    )
    assert found_report.source is ReadingSource.ABSTRACT
    assert found_report.language == "zh"
    assert found_report.writer == "import"
    assert {"vision", "video"} <= set(found_report.domains)


def test_a_label_inside_a_section_is_text(tmp_path: Path) -> None:
    """A second "Main innovations" is a sentence of the section it stands in, and so is an indented one."""
    content = (
        HEAD
        + PAPER
        + "1. **应用领域**\n   甲\n   2. **使用指南**：不是标题\n\n2. **使用指南**\n   乙\n\n**使用指南**：丙\n"
    )
    ((_, found),) = read(tmp_path, content).entries
    assert [section.name for section in found.sections] == [SectionName.DOMAIN, SectionName.USAGE]
    assert "不是标题" in plain(found.sections[0].blocks)
    assert "丙" in plain(found.sections[1].blocks)


def test_a_paper_that_lacks_sections_is_read_and_named(tmp_path: Path) -> None:
    """A missing heading and one without text are gaps; a sentence that says there is nothing is not."""
    nothing = TEXTS["zh"].phrases["nothing"]
    content = HEAD + PAPER + f"1. **应用领域**\n   甲\n\n3. **使用指南**\n   {nothing}\n\n5. **实验效果**\n\n"
    found = read(tmp_path, content)
    assert found.gaps == {
        paper().id: (SectionName.CONTRIBUTION, SectionName.INNOVATIONS, SectionName.RESULTS),
    }
    assert found.entries[0][1].section(SectionName.USAGE) == Section(SectionName.USAGE, ())


@pytest.mark.parametrize(
    ("content", "line", "expected"),
    [
        ("", 1, "a date"),
        ("# Shopping\n\n- milk\n", 1, "a date"),
        (HEAD.replace("2026-01-16\n**S", "16 January\n**S") + PAPER, 2, "a date such as"),
        (HEAD, 7, "a paper"),
        (HEAD + PAPER.replace("2601.00001", "lanterns"), 9, "the address of a paper"),
        (HEAD + PAPER.replace("HTML", "hearsay"), 10, "one of HTML, Markdown, PDF, ArXiv Abs"),
        (HEAD + PAPER.replace("- **阅读来源**: HTML\n", ""), 7, "Read from"),
        (HEAD + PAPER.replace("- **链接**: https://huggingface.co/papers/2601.00001\n", ""), 7, "Link"),
        (HEAD + PAPER + PAPER, 12, "another paper"),
    ],
)
def test_what_is_no_day_report_is_refused_with_its_line(tmp_path: Path, content: str, line: int, expected: str) -> None:
    """The error names the file, the line and what was expected there."""
    with pytest.raises(InvalidReportFile, match=rf"report\.md, line {line}: expected .*{expected}"):
        read(tmp_path, content)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """A picture is named as what it is not."""
    file = tmp_path / "report.md"
    file.write_bytes(b"\x89PNG\r\n\xff\xfe")
    with pytest.raises(InvalidReportFile, match="not UTF-8 text"):
        read_report_file(file, list(TEXTS.values()), compose.taxonomy(), NOON)


bodies = documents.filter(bool)


@given(st.lists(st.tuples(*[bodies] * 2), min_size=1, max_size=2), st.sampled_from(compose.LANGUAGES))
@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
def test_what_is_exported_is_imported_the_same(
    tmp_path: Path, trees: list[tuple[tuple[Block, ...], ...]], language: str
) -> None:
    """Papers, sections and reading sources, whatever the sections hold, in both languages."""
    entries = tuple(
        (
            Paper(
                id=paper(f"2601.0000{number}").id, title="Lanterns", hub_url=f"https://huggingface.co/papers/{number}"
            ),
            report(f"2601.0000{number}", language, sections=sections(contribution=one, results=two)),
        )
        for number, (one, two) in enumerate(trees)
    )
    entries = tuple(
        (msgspec.structs.replace(known, hub_url=f"https://huggingface.co/papers/{known.id}"), told)
        for known, told in entries
    )
    found = read(tmp_path, written(entries))
    assert found.day == DAY
    assert [known for known, _ in found.entries] == [known for known, _ in entries]
    assert [told.sections for _, told in found.entries] == [told.sections for _, told in entries]
    assert {told.language for _, told in found.entries} == {language}


def test_an_export_has_the_form_of_a_day_report() -> None:
    """Date, source address, and for each paper the link, the reading source and numbered sections."""
    told = report(sections=sections(domain="Lamps.", contribution=(), usage=(points("Input: a lamp"),)))
    assert written(((paper(title="Lanterns"), told),)) == (
        "# Hugging Face Daily Papers Report\n"
        "**Date**: 2026-01-16\n"
        "**Source URL**: https://huggingface.co/papers/date/2026-01-16\n\n"
        f"{'=' * 60}\n\n"
        "## 📄 Lanterns\n\n"
        "- **Link**: https://huggingface.co/papers/2601.00001\n"
        "- **Read from**: HTML\n\n"
        "1. **Application domain**\n   Lamps.\n\n"
        "2. **Core contribution**\n   The text that was read says nothing about this.\n\n"
        "3. **Usage guide**\n   * Input: a lamp\n\n"
        f"{'=' * 60}\n"
    )
