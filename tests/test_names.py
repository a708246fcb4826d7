"""Names of models, datasets and benchmarks in sentences of both languages."""

from __future__ import annotations

import pytest

from digest.labels import Squeezed, key
from digest.names import names, without_size


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("利用大语言模型（如 Llama 3.1-405B）进行推理", ["Llama 3.1-405B"]),
        ("GPT-4o, Gemini 2.5 Pro and GLM-4.6V-106B", ["GPT-4o", "Gemini 2.5 Pro", "GLM-4.6V-106B"]),
        ("用 KiteNet-7B 在 WindBench 和 MMMU 上测试", ["KiteNet-7B", "WindBench", "MMMU"]),
        ("on two A100/H100 machines", ["A100", "H100"]),
        ("Claude Opus 4.5 和 Gemini-3-Flash", ["Claude Opus 4.5", "Gemini-3-Flash"]),
        ("Kite-100-Meadow, D-KITE10K", ["Kite-100-Meadow", "D-KITE10K"]),
        ("on WindArena, AQA, KiteQA and the K2v-Bench", ["WindArena", "AQA", "KiteQA", "K2v-Bench"]),
        ("GPT-4.1 beats Qwen" + "2.5-" * 40 + "X and KiteNet", ["GPT-4.1", "KiteNet"]),
        ("Kite1" + "-1" * 500 + ", then WindBench", ["WindBench"]),
    ],
)
def test_what_has_the_shape_of_a_name_is_one(text: str, told: list[str]) -> None:
    """Digits or capitals inside, capitals only, and known families with version, size and word."""
    assert [name.text for name in names(text)] == told


@pytest.mark.parametrize(
    "text",
    [
        "The model is a Vision-Language Transformer with State-of-the-Art results.",
        "LLMs and VLMs trained with RL on GPUs, an LLM-based judge, RLHF, SFT and CoT",
        "Code is on GitHub and HuggingFace at https://example.org/KiteNet-7B",
        "一个 3D 的 T2I 方法，用 FP8",
        "Step 3: then Phase 2",
        r"$\mathcal{L}_{align}$",
    ],
)
def test_ordinary_words_and_what_everybody_abbreviates_are_none(text: str) -> None:
    """Capitals at the beginning, compounds of ordinary words, firms, addresses, formulas."""
    assert names(text) == []


def test_a_number_behind_a_name_is_its_version_if_the_paper_has_it_so() -> None:
    """Otherwise it may be a score."""
    assert [name.text for name in names("KiteNet 2 flies", lambda name: name == "kitenet2")] == ["KiteNet 2"]
    assert [name.text for name in names("KiteNet 2 flies")] == ["KiteNet"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Kite 2-7B", ("kite2", "7b")),
        ("Kite-1.5B-Instruct", ("kite", "1.5b")),
        ("Kite1.2.5B", ("kite1", "2.5b")),
        ("Kite 12345678901234M chat", ("kite", "12345678901234m")),
        ("Kite-7B-8B", ("kite-7b", "8b")),
        ("7B", None),
        ("Kite-7B2", None),
        ("Kite", None),
        ("a " * 20_000, None),
    ],
)
def test_a_size_at_the_end_is_told_from_the_name(text: str, parts: tuple[str, str] | None) -> None:
    """With a word such as "Instruct" behind it; a name of nothing but a size is none."""
    assert without_size(text) == (parts and (key(parts[0]), parts[1]))


@pytest.mark.parametrize(
    ("text", "name", "there"),
    [
        ("We use Kite-2.5 VL.", "kite2.5-vl", True),
        ("We use KiteV2.", "Kite v2", True),
        ("We use Kite2s.", "Kite2", True),
        ("We use Kite-7B.", "Kite", True),
        ("We use Kite2.", "Kite", True),
        ("We use GPT-4.", "GPT-4o", False),
        ("We use GPT-4o.", "GPT-4", False),
        ("We use Kite 2.5.", "Kite 2", False),
        ("We use a kitten.", "Kit", False),
        ("Kite comes. 2 come.", "Kite 3", False),
    ],
)
def test_a_name_is_found_in_any_spelling_and_with_its_own_version_only(text: str, name: str, there: bool) -> None:
    """Case, hyphens, spaces and plurals do not matter; versions do, and half a word is no name."""
    assert Squeezed(text).has(key(name)) is there
