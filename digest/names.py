"""Names of models, datasets, benchmarks and devices in a text, English or Chinese.

What looks like a name: letters with digits (GPT-4o, H100, D-RE10K), capitals inside (SigLIP, VBench), capitals only
(MMMU), and the families of models whose names are words (Gemini 2.5 Pro, Llama 3.1-405B). Ordinary words, firms and
what is called by its initials everywhere (LLM, GPU) are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from digest.labels import key


class Name(NamedTuple):
    """A name at [start, end) of a text; `key` is the same for all its spellings."""

    start: int
    end: int
    text: str
    key: str
    model: bool  # it is one of the known families of models, or says a size


# Families of models whose names are words; what follows may be a version, a size and a word such as "Pro".
_FAMILIES = (
    "GPT|ChatGPT|Claude|Gemini|Gemma|Llama|LLaMA|Alpaca|Vicuna|Mistral|Mixtral|Ministral|Pixtral|Codestral|"
    "Qwen|QwQ|QVQ|DeepSeek|Grok|Kimi|Moonshot|Phi|Falcon|Yi|Baichuan|InternLM|InternVL|ChatGLM|GLM|CogVLM|"
    "CogVideoX?|CogView|LLaVA|MiniCPM|MiniMax|Doubao|Seedream|Seedance|Seed|Hunyuan(?:Video)?|ERNIE|Ernie|"
    "PaLM|Bard|Flamingo|Chinchilla|Gopher|BLOOM|OPT|Pythia|OLMo|Molmo|Tulu|Nemotron|Megatron|Granite|Jamba|"
    "Mamba|RWKV|Command[ -]R\\+?|Cohere|Whisper|Codex|StarCoder|CodeLlama|WizardLM|WizardCoder|Orca|Zephyr|"
    "Nous|Hermes|Solar|Aya|Sora|Veo|Imagen|Midjourney|DALL[-·•]?E|Stable Diffusion|Stable Video Diffusion|"
    "SDXL|FLUX|Flux|Kling|Runway|Gen-\\d|Pika|Vidu|Wan|LTX|Emu|Bagel|BAGEL|Janus|Show-o|Chameleon|Nano Banana|"
    "BERT|RoBERTa|ALBERT|DistilBERT|ELECTRA|DeBERTa|ModernBERT|T5|BART|XLNet|CLIP|SigLIP|ALIGN|BLIP|DINO|"
    "SAM|ViT|DeiT|Swin|ResNet|ResNeXt|EfficientNet|ConvNeXt|VGG|Inception|MobileNet|YOLO|V-JEPA|VJEPA|JEPA|"
    "Cosmos|Genie|OpenVLA|Octo|RT-\\d|AlphaFold|ESM|Evo|AlphaGo|AlphaZero|MuZero|Dreamer|o1|o3|o4|Sonnet|Opus|"
    "Haiku|Transformer-XL|Titans|Hyena|RetNet|Cambrian|Ovis|Kosmos|Fuyu|Idefics|PaliGemma|Florence|VILA"
)
# Of these, those that are words or initials of something else as well: names only with a version.
_WORDS_TOO = frozenset(
    "Opus Sonnet Haiku Seed Wan Yi Phi Evo Orca Solar Aya Falcon Octo Genie Cosmos Florence Inception Nous Hermes "
    "Runway Flux Titans Fuyu Codex Dreamer Granite Gopher Command-R Cohere ALIGN OPT Swin Bard Imagen Alpaca".split()
)
_FAMILY_WORDS = frozenset(_FAMILIES.split("|")) - _WORDS_TOO
_MORE = (
    "Pro|Flash|Fast|Ultra|Max|Mini|Nano|Turbo|Lite|Large|Medium|Small|Tiny|Base|Huge|XL|Opus|Sonnet|Haiku|Thinking|"
    "Instruct|Chat|Preview|Next|Coder|Math|Vision|VL|Omni|Audio|Image|Video|Distill|Experimental|Deep Think|Reasoner"
)
_FAMILY = re.compile(
    rf"(?=[A-Zo])(?<![A-Za-z0-9_-])(?P<family>{_FAMILIES})(?![a-z])"
    rf"(?:[ -]?[vV]?\d{{1,12}}(?:\.\d{{1,12}}){{0,5}}(?![\d.,]{{0,40}}%)(?:x\d{{1,6}})?[a-zA-Z]{{0,2}}(?![a-z])"
    rf"|-?[A-Z]{{1,3}}(?![a-zA-Z])"
    rf"|[ -](?:{_MORE})(?![a-z])|-[A-Za-z0-9]++(?:\.\d+)*+)*+"
)
_WORD = re.compile(
    r"(?<![A-Za-z0-9_$\\.@-])[A-Za-zΑ-Ωα-ω](?:[A-Za-z0-9Α-Ωα-ω]|[-&@](?=[A-Za-z0-9])|(?<=\d)\.(?=\d)|\++(?!\d))*+"
)
_NUMBERED = re.compile(r"[ -](?:v|V)?\d{1,4}(?:\.\d)?[A-Za-z]?(?![\d.%A-Za-z])")
_SIZED = re.compile(r"[ -]\d{1,6}(?:\.\d{1,6})?[BM](?![A-Za-z\d])")
_SIZE_LAST = re.compile(r"[ -]?(?<!\d)(\d++(?:\.\d++)?[BbM])(?:[ -]?[A-Za-z]++)?\Z")
_SIZE = re.compile(r"\d(?:\.\d{1,6})?[BM](?![A-Za-z])")
_NO_NAME_TEXT = re.compile(
    r"https?://[^\s<>()，。；、]+|www\.\S+|\b[\w.+-]{1,64}@[\w-]++\.[\w.]+|\$[^$]{1,200}\$|\\[A-Za-z]+"
)
_NO_NAME_MARKS = ("http", "www.", "@", "$", "\\")  # each of these has one

# Called by their initials, or so spelled, in every paper: they name no model, dataset or benchmark of their own.
_COMMON = frozenset(
    "db hz khz mhz ghz ai ml dl nlp cv llm llms vlm vlms mllm mllms lmm lmms lm lms slm vla vlp vqa plm rl "
    "rlhf rlaif rlvr rlver marl dpo ppo sft cot tot icl rag moe moes lora qlora peft ffn mlp mlps cnn cnns rnn "
    "rnns lstm lstms gru gnn gnns gcn gat gan gans vae vaes ae dm dms ddpm ddim dit mmdit mm-dit ode sde pde "
    "pdes svd pca tsne t-sne umap kl jsd mse mae rmse sgd adam adamw nli nlu nlg ner qa qas mcq mcqa ocr asr "
    "tts vc stt mt nmt kv kvs bpe rope alibi sdpa mha mqa gqa mla ln bn relu gelu silu swiglu gpu gpus cpu "
    "cpus tpu tpus npu npus api apis sdk gui guis ui url urls id ids json xml html yaml csv pdf sql os io ram "
    "vram hbm sram ssd ssds cuda fp32 fp16 fp8 fp4 bf16 int8 int4 nf4 w4a16 w8a8 2d 3d 4d 5d t2i t2v i2v v2v "
    "i2i t2a v2a a2v t2m r2v tti ttv it2i rgb rgbd rgb-d hdr lidar imu slam sfm mvs nerf 3dgs gs sota ood "
    "sim2real s2s seq2seq e2e eos bos pad cls faq tldr vs aka eg ie etc al ok no yes usa us uk eu un nasa ieee "
    "acm cvpr iccv eccv neurips nips icml iclr acl emnlp naacl aaai ijcai kdd phd ceo it ir ctr roi iou miou "
    "f1 fid fvd is clip-score psnr ssim lpips bleu rouge meteor cider wer cer auc auroc roc map mrr ndcg em "
    "acc ppl mos elo nfe nfes ttff ttft tps qps rps fps flop flops gflops tflops macs mfu mac pp dp tp ep zero "
    "fsdp github gitlab huggingface hugging-face modelscope arxiv openai deepmind deepseek-ai anthropic nvidia "
    "amd intel apple google meta microsoft amazon aws alibaba tencent baidu bytedance youtube wikipedia wiki "
    "reddit twitter tiktok linkedin stackoverflow openreview mit cmu eth epfl ucla ucsd uc pytorch tensorflow "
    "jax numpy python java javascript typescript latex tex linux ios macos windows android colab jupyter "
    "docker redis hdf5 mlops devops ide cli token tokens mask top-1 top-5 top-k top-p best-of-n pass@1 pass@k "
    "recall@1 hit@1 hit@10 nms mcts ttt tts-time mdp pomdp bfs dfs lp ilp nas automl iot ar vr xr mr hci stem "
    "imo poi pois ip ips ppt pptx ugc aigc agi asi npc ehr icu mri ct eeg ecg fmri dna rna smiles rest grpc "
    "gdpr cc-by cc by nc sa apache pro app apps cto kpi pr prs issue readme tl dr first-order second-order "
    "zero-shot one-shot few-shot end-to-end self-attention cross-attention multi-head".split()
)
# What is numbered without being named: "Stage-1".
_COUNTERS = frozenset(
    "step stage phase part level layer top table figure section round task day week group class type case line block "
    "version experiment example question option head rank cluster node turn".split()
)
_ORDINARY_TAIL = re.compile(r"(?:-[a-z]{2,30}+){1,4}+$")
_LEADING_WORD = re.compile(r"^[a-z]{3,}-(?=[A-Z])")


_MOST_CHARS = 100  # of a name


def names(text: str, knows: Callable[[str], bool] = lambda _: False) -> list[Name]:
    """The names in a text in its order; `knows` says whether a key is a name of the paper's own text.

    A name has at most 100 characters. `knows` decides where a number behind a name is its version: in "Kite 2" it is,
    if the paper has a "Kite 2".
    """
    plain = text
    if any(mark in text for mark in _NO_NAME_MARKS):
        plain = _NO_NAME_TEXT.sub(lambda match: " " * len(match[0]), text)
    found: list[Name] = []
    taken = -1
    for start, end, family in sorted(_spans(plain), key=lambda span: (span[0], -span[1], not span[2])):
        if start < taken or end - start > _MOST_CHARS:
            continue
        whole = plain[start:end]
        if not family:
            if not _is_name(whole):
                continue
            end = _with_version(plain, start, end, knows)
        taken = end
        found.append(Name(start, end, text[start:end], key(text[start:end]), family or bool(_SIZE.search(whole))))
    return found


def _with_version(plain: str, start: int, end: int, knows: Callable[[str], bool]) -> int:
    """Where a name ends, its size behind it and, if the text has it so, its version."""
    numbered = _NUMBERED.match(plain, end)
    if numbered and knows(key(plain[start : numbered.end()])):
        end = numbered.end()
    sized = _SIZED.match(plain, end)
    return sized.end() if sized else end


def _spans(plain: str) -> Iterator[tuple[int, int, bool]]:
    for match in _FAMILY.finditer(plain):
        if any(map(str.isdigit, match[0])) or match["family"] not in _WORDS_TOO:
            yield match.start(), match.end(), True
    for match in _WORD.finditer(plain):
        yield match.start(), match.end(), False


def _is_name(word: str) -> bool:
    """Whether a word has the shape of a name and is none that everybody uses."""
    core = _LEADING_WORD.sub("", _ORDINARY_TAIL.sub("", word))
    if len(core) < 2 or core.lower() in _COMMON or key(core) in _COMMON:
        return False
    pieces = [piece for piece in re.split(r"[-&@]", core) if piece]
    if pieces[0].lower() in _COUNTERS:
        return False
    numbered = core[0].isupper() and any(re.fullmatch(r"v?\d+(?:\.\d+)*", piece) for piece in pieces)
    return "&" in core or numbered or any(_is_telling(piece) for piece in pieces)


def _is_telling(piece: str) -> bool:
    """Whether a piece between hyphens makes a name of the whole: capitals inside, only capitals, letters and digits."""
    lower = piece.lower()
    if len(piece) < 2 or lower in _COMMON or lower.removesuffix("s") in _COMMON:
        return False
    if piece in _FAMILY_WORDS or piece in ("Bench", "Eval", "Arena"):
        return True
    digits, letters = any(map(str.isdigit, piece)), any(map(str.isalpha, piece))
    if digits and letters:
        return not re.fullmatch(r"(?<!\d)\d++[a-z]{1,3}|[a-z]\d{1,2}|v\d+(?:\.\d+)*", piece)
    return letters and sum(map(str.isupper, piece[1:])) > 0 and not re.fullmatch(r"[A-Z]{1,2}s", piece)


def ordinary_cut(name_key: str, text: str) -> Iterator[str]:
    """Shorter keys that name the same: without "-based" and the like, a plural's s, "Instruct" or "Base"."""
    cut = _LEADING_WORD.sub("", _ORDINARY_TAIL.sub("", text))
    if cut != text:
        yield key(cut)
    if text.endswith("s") and len(name_key) > 3:
        yield name_key[:-1]
    for tail in ("instruct", "chat", "base", "preview", "it", "hf", "model"):
        if name_key.endswith(tail) and len(name_key) > len(tail) + 2:
            yield name_key.removesuffix(tail)


def without_size(text: str) -> tuple[str, str] | None:
    """The key of a name without its size, and the size in lower case: "Kite 2-7B" is "kite2" and "7b"."""
    match = _SIZE_LAST.search(text)
    name_key = key(text[: match.start()]) if match else ""
    return (name_key, match[1].lower()) if match and name_key else None


def family(name_key: str) -> str:
    """The letters that a name begins with."""
    match = re.match(r"[a-z]+", name_key)
    return match[0] if match else ""


def spelled_out(initials: str) -> re.Pattern[str] | None:
    """A pattern that finds the words whose initials these are: "VLM" in "vision-language models"; None for others."""
    letters = re.sub(r"[^A-Za-z]", "", initials.removesuffix("s"))
    if not 2 <= len(letters) <= 7 or sum(map(str.isupper, letters)) < 2:
        return None
    joint = r"(?:[\s-]++(?:of|the|and|for|to|in|on|with|a|an|by|from))?[\s-]++"
    small = [letter.lower() for letter in letters]
    if small[-1:] and small[1:]:
        return re.compile(r"\b" + joint.join(rf"{letter}[a-z]*+" for letter in small) + r"\b")
    return None
