"""The taxonomy: every paper gets one to four domains, and people find a domain by what they call it."""

from __future__ import annotations

import string

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import settings as configured
from digest.domains import FALLBACK, MOST_DOMAINS, Taxonomy

TAXONOMY = Taxonomy(configured.domains())

# Title, abstract, and the domains it must be filed under, best first; more may follow.
CLEAR = [
    ("Better Dictionaries for Machine Translation", "We translate between forty languages.", ("nlp",)),
    ("A Tokenizer for Finnish", "Words of rich morphology are split at morphemes.", ("nlp",)),
    ("Short Summarization of Long Novels", "A language model reads a novel and writes a page.", ("nlp",)),
    ("Chain-of-Thought Without the Chain", "Mathematical reasoning in fewer steps on AIME.", ("reasoning",)),
    ("Neural Theorem Proving in Lean4", "A prover that writes formal proofs.", ("reasoning",)),
    ("Web Agents That Ask First", "An LLM agent that clicks through shops with tool use.", ("agents",)),
    ("A Desktop Full of GUI Agents", "Computer use by agents on real screenshots.", ("agents",)),
    ("Group Relative Policy Optimization Revisited", "Verifiable rewards, and how GRPO spends them.", ("rl",)),
    ("Offline RL From Old Logs", "Reinforcement learning without a simulator.", ("rl",)),
    ("A Jailbreak for Every Guardrail", "Red teaming shows which models give harmful answers.", ("safety",)),
    ("Forgetting on Request: Machine Unlearning", "Privacy asks that a model forgets.", ("safety",)),
    ("A Vision-Language Model for Charts", "Multimodal questions about figures.", ("multimodal",)),
    ("Grounded Visual Question Answering", "VQA with image-text pairs.", ("multimodal",)),
    ("Object Detection in Fog", "Bounding boxes and semantic segmentation in bad weather.", ("vision",)),
    ("Remote Sensing of Roofs", "Image segmentation of satellite imagery.", ("vision",)),
    ("Text-to-Image Diffusion in One Step", "Stable Diffusion, but faster.", ("image-generation",)),
    ("Image Editing by Pointing", "Inpainting and style transfer from a sketch.", ("image-generation",)),
    ("Long Video Understanding", "Questions about films of two hours.", ("video",)),
    ("Text-to-Video With Sharp Edges", "Video generation over minutes.", ("video",)),
    ("Gaussian Splatting Indoors", "Novel view synthesis of rooms.", ("3d",)),
    ("Meshes From Point Clouds", "3D reconstruction of tools.", ("3d",)),
    ("Text-to-Speech That Breathes", "Speech synthesis with pauses.", ("audio",)),
    ("Music Generation for Small Bands", "Audio in four tracks.", ("audio",)),
    ("Dexterous Manipulation With Soft Fingers", "A robot folds paper.", ("robotics",)),
    ("Autonomous Driving After Dark", "End-to-end driving without headlights.", ("robotics",)),
    ("Protein Folding on a Laptop", "Molecules and their shapes.", ("science",)),
    ("Luminosity of Distant Galaxies", "Redshifts of forty galaxies and what they say of cosmology.", ("science",)),
    ("Reading X-Rays of Hands", "Radiology with few patients and a clinical trial.", ("medicine",)),
    (
        "Answering Patients in Clinical Dialogue",
        "A language model answers medical questions in a hospital.",
        ("medicine",),
    ),
    ("Portfolio Choice for Careful Investors", "Financial advice on the stock market.", ("finance",)),
    ("Repository-Level Code Generation", "Software engineering on SWE-bench.", ("code",)),
    ("Finding Bugs With Unit Tests", "Program synthesis of tests.", ("code",)),
    ("Dense Retrieval in Small Memory", "Passage retrieval and reranking.", ("retrieval",)),
    ("A Recommender System That Explains", "Recommendation with reasons.", ("retrieval",)),
    ("An Open Dataset of Handwriting", "Data curation and crowdsourcing.", ("data",)),
    ("Choosing a Data Mixture", "Training data for pretraining, selected.", ("data",)),
    ("Two-Bit Quantization", "Post-training quantization and pruning.", ("efficiency",)),
    ("Speculative Decoding With a Smaller KV Cache", "Throughput on one GPU.", ("efficiency",)),
    ("Scaling Laws From First Principles", "A learning theory of generalization bounds.", ("theory",)),
    ("What a Sparse Autoencoder Sees", "Mechanistic interpretability of one circuit.", ("theory",)),
    ("视频动作识别数据集", "计算机视觉中的视频理解。", ("video", "vision", "data")),
    ("面向医疗影像的多模态模型", "医学诊断与视觉语言模型。", ("multimodal", "medicine")),
]


@pytest.mark.parametrize(("title", "abstract", "wanted"), CLEAR, ids=[title for title, _, _ in CLEAR])
def test_a_clear_case_is_filed_where_a_reader_looks_for_it(title: str, abstract: str, wanted: tuple[str, ...]) -> None:
    """The best domain is the paper's field, and further fields that are named as clearly follow."""
    found = TAXONOMY.classify(title=title, abstract=abstract)
    assert found[0] in wanted
    assert set(wanted) <= set(found)


def test_what_somebody_wrote_of_the_field_is_enough() -> None:
    """Without an abstract the field in words decides: each of the fields it names is there."""
    found = TAXONOMY.classify(title="Lanterns", abstract="", text="计算机视觉 - 视频动作识别、世界模型构建")
    assert set(found) >= {"vision", "video"}


def test_the_title_counts_more_than_the_abstract() -> None:
    """One strong term in the title outweighs another in the abstract."""
    assert TAXONOMY.classify(title="On speech", abstract="About robots.")[0] == "audio"
    assert TAXONOMY.classify(title="On robots", abstract="About speech.")[0] == "robotics"


def test_keywords_count_more_than_the_abstract() -> None:
    """One strong term among the keywords outweighs another in the abstract."""
    assert TAXONOMY.classify(title="", abstract="About robots.", keywords=("speech",))[0] == "audio"


def test_english_terms_are_whole_words() -> None:
    """A term inside another word says nothing: there is no RAG in a fragment and no drug in Drugstore Cowboy."""
    assert TAXONOMY.classify(title="Fragments of Storage", abstract="") == (FALLBACK,)


def test_hyphens_case_and_plurals_do_not_matter() -> None:
    """The same term in another spelling files the paper under the same domain."""
    spellings = ("text-to-image diffusion models", "Text To Image Diffusion Model", "TEXT–TO–IMAGE")
    assert {TAXONOMY.classify(title=title, abstract="")[0] for title in spellings} == {"image-generation"}


def test_the_longest_term_at_a_place_counts() -> None:
    """A vision-language-action model is robotics: its vision and language are not counted beside it."""
    assert TAXONOMY.classify(title="A vision-language-action model", abstract="") == ("robotics",)


def test_a_paper_of_unknown_words_is_filed_under_the_widest_domain() -> None:
    """There is always one domain."""
    assert TAXONOMY.classify(title="Zzz", abstract="") == (FALLBACK,)
    assert TAXONOMY.classify(title="", abstract="") == (FALLBACK,)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.text(max_size=200), st.lists(st.text(max_size=20), max_size=4), st.text(max_size=80))
def test_any_text_gives_one_to_four_known_domains(title: str, abstract: str, keywords: list[str], text: str) -> None:
    """Whatever the words, the same one to four ids come every time."""
    found = TAXONOMY.classify(title=title, abstract=abstract, keywords=keywords, text=text)
    assert 1 <= len(set(found)) == len(found) <= MOST_DOMAINS
    assert set(found) <= set(TAXONOMY.ids)
    assert found == TAXONOMY.classify(title=title, abstract=abstract, keywords=keywords, text=text)


# --- what people type ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "domain"),
    [
        ("video", "video"),
        (" Image Generation ", "image-generation"),
        ("image_generation", "image-generation"),
        ("text-to-image", "image-generation"),
        ("VLM", "multimodal"),
        ("ＲＬ", "rl"),
        ("Reinforcement Learning", "rl"),
        ("强化学习", "rl"),
        ("强化", "rl"),
        ("计算机视觉", "vision"),
        ("文生图", "image-generation"),
        ("三维", "3d"),
        ("3D", "3d"),
        ("具身", "robotics"),
        ("rob", "robotics"),
        ("med", "medicine"),
        ("大模型", "nlp"),
        ("推荐系统", "retrieval"),
    ],
)
def test_a_domain_is_found_by_id_name_alias_or_its_beginning(query: str, domain: str) -> None:
    """In English or Chinese, whatever the case, width, hyphens and spaces."""
    assert TAXONOMY.find(query) == domain


@pytest.mark.parametrize("query", ["", "  ", "r", "astrology", "审计", "-"])
def test_what_fits_no_domain_or_several_is_not_guessed(query: str) -> None:
    """The beginning of several domains, and words of none, find nothing."""
    assert TAXONOMY.find(query) is None


def test_every_id_and_name_finds_its_own_domain() -> None:
    """No alias of one domain hides another's id, nor the name that readers see."""
    for domain, entry in configured.domains().items():
        assert TAXONOMY.find(domain) == domain
        for name in entry["names"].values():
            assert TAXONOMY.find(name) == domain


@pytest.mark.parametrize(
    ("query", "domain"), [("vidoe", "video"), ("robotix", "robotics"), ("reenforcement", "rl"), ("多态", "multimodal")]
)
def test_a_slip_of_the_pen_finds_the_domain_among_the_nearest(query: str, domain: str) -> None:
    """Three ids are offered, the best first."""
    near = TAXONOMY.nearest(query)
    assert len(near) == 3
    assert domain in near


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=string.printable + "视频推理", max_size=20))
def test_there_are_always_three_nearest(query: str) -> None:
    """Whatever was typed, three different known ids are offered."""
    near = TAXONOMY.nearest(query)
    assert len(set(near)) == 3
    assert set(near) <= set(TAXONOMY.ids)


def test_more_than_a_name_is_compared_by_its_beginning() -> None:
    """Nobody types a name so long; what follows changes nothing."""
    assert TAXONOMY.nearest(f"robotiks{' ' * 100}{'video ' * 1000}") == TAXONOMY.nearest("robotiks")


# --- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_names_are_those_that_readers_see(language: str) -> None:
    """The taxonomy and the fixed texts have the same domains, and call them the same."""
    names = {domain: entry["names"][language] for domain, entry in configured.domains().items()}
    assert names == configured.texts(language)["domains"]


def test_no_alias_is_claimed_by_two_domains() -> None:
    """What people type means one thing."""
    claimed: dict[str, str] = {}
    for domain, entry in configured.domains().items():
        for alias in (alias for aliases in entry["aliases"].values() for alias in aliases):
            assert claimed.setdefault(alias.casefold(), domain) == domain, alias


def test_a_taxonomy_in_another_form_is_refused() -> None:
    """A misspelt key does not silently leave a domain without terms."""
    with pytest.raises(msgspec.ValidationError):
        Taxonomy({"nlp": {"names": {}, "aliases": {}, "terms": {"strnog": ["x"]}}})
