"""Word-level text: Penn Treebank and WikiText-2, read, numbered, and cut for truncated backpropagation through time.

ptb         Mikolov's preprocessing of the Penn Treebank: 929,589 / 73,760 / 82,430 tokens, 10,000 words. Not freely
            licensed, so nothing is downloaded: whoever has the three files names their folder.
wikitext2   Merity et al. (2016), CC BY-SA: 2,088,628 / 217,646 / 245,569 tokens, 33,278 words.

Every line ends in the word ``<eos>``; words are numbered in order of first appearance, training text first. Files are
``ptb.train.txt``, ``ptb.valid.txt``, ``ptb.test.txt``, gzipped or not, and likewise for the other.

Where no folder is named, a run at smoke scale may have a generated stand-in with as many words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from nala_lab.core import require_choice, require_int, stream
from nala_lab.experiments.data.fetch import VARIABLE, checked, places, read_folder, retrieve
from nala_lab.experiments.data.idx import DataError, MissingData

__all__ = ["CORPORA", "SPLITS", "Corpus", "columns", "load_text", "stand_in", "windows"]

SPLITS = ("train", "valid", "test")
STAND_IN = (24_000, 4_000, 4_000)  # tokens of generated text
_SUCCESSORS = 3  # of a word in generated text, equally likely


@dataclass(frozen=True)
class _Source:
    """A corpus: sha256 of the three unpacked files, size of its vocabulary, and where it can be downloaded."""

    sha256: tuple[str, str, str]
    words: int
    url: str | None = None  # folder of train.txt, valid.txt, test.txt; None: not to be downloaded


CORPORA: dict[str, _Source] = {
    "ptb": _Source(
        (
            "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
            "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
            "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
        ),
        10_000,
    ),
    "wikitext2": _Source(
        (
            "9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f",
            "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8",
            "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0",
        ),
        33_278,
        "https://raw.githubusercontent.com/pytorch/examples/77f55b912142e11fcfdf5b530231fb9c52f181e8/"
        "word_language_model/data/wikitext-2/",
    ),
}


@dataclass(frozen=True)
class Corpus:
    """A numbered text.

    Attributes
    ----------
    name : of the corpus; ends in ``(generated)`` where it is a stand-in.
    sha256 : of the three texts, so that a record says what was learned from.
    train, valid, test : (tokens,) int64, numbers of words.
    words : the vocabulary; number i is ``words[i]``.
    """

    name: str
    sha256: str
    train: torch.Tensor
    valid: torch.Tensor
    test: torch.Tensor
    words: tuple[str, ...]

    def first(self, train: int | None, test: int | None) -> Corpus:
        """Keep the first `train` tokens of training and `test` tokens each of validation and test; None keeps all."""
        return replace(self, train=self.train[:train], valid=self.valid[:test], test=self.test[:test])


def load_text(name: str, *, folders: Sequence[Path] = (), standin: bool = False, cache: Path | None = None) -> Corpus:
    """Load a corpus by name; a second call in the same process gives the same Corpus.

    Raises ValueError for a name that is not in CORPORA; as DataError, for files that are missing, empty or corrupt.

    Parameters
    ----------
    name : in CORPORA.
    folders : where the files are, in the folders themselves or in subfolders called `name`; without any, WikiText-2 is
        downloaded.
    standin : where no folder is named, generate text with as many words, called ``NAME (generated)``, and download
        nothing.
    cache : where downloads are kept; None means pooch's cache folder of this user.

    Examples
    --------
    >>> from nala_lab.experiments import load_text
    >>> corpus = load_text("ptb", standin=True)
    >>> corpus.name, len(corpus.words), corpus.train.shape, corpus.train.dtype
    ('ptb (generated)', 10000, torch.Size([24000]), torch.int64)
    """
    require_choice("data", name, CORPORA)
    return _loaded(name, tuple(map(Path, folders)), standin, cache)


@lru_cache(maxsize=2)  # numbering two million words takes a second, and a table of runs needs them for each of them
def _loaded(name: str, folders: tuple[Path, ...], standin: bool, cache: Path | None) -> Corpus:
    if standin and not folders:
        return stand_in(name)
    texts = _texts(name, folders, cache)
    split = []
    for file, raw in zip(_files(name), texts, strict=True):
        if not raw.strip():
            raise DataError(f"{name}: {file} is empty")
        split.append(raw.decode("utf-8").replace("\n", " <eos> ").split())
    numbers: dict[str, int] = {}
    train, valid, test = (torch.tensor([numbers.setdefault(word, len(numbers)) for word in part]) for part in split)
    return Corpus(name, hashlib.sha256(b"".join(texts)).hexdigest(), train, valid, test, tuple(numbers))


def _files(name: str) -> dict[str, str]:
    """File names and the checksums of the unpacked files."""
    return {f"{name}.{part}.txt": sha256 for part, sha256 in zip(SPLITS, CORPORA[name].sha256, strict=True)}


def _texts(name: str, folders: Sequence[Path], cache: Path | None) -> list[bytes]:
    """The unpacked files, checked, in the order of SPLITS."""
    files, url = _files(name), CORPORA[name].url
    for place in places(folders, name):
        found = read_folder(name, place, files)
        if found is not None:
            return list(found.values())
    if url is None or folders:
        looked = f"no {name}.train.txt[.gz] in {' or '.join(map(str, folders)) or 'any folder, as none is named'}"
        hint = f"put {', '.join(files)} into a folder and name it in {VARIABLE}"
        why = "; this text is licensed and is not downloaded" if url is None else ""
        raise MissingData(f"{name}: {looked}: {hint}{why}")
    texts = []
    for part, sha256 in zip(SPLITS, files.values(), strict=True):
        got = retrieve(name, url, f"{part}.txt", cache, sha256)
        texts.append(checked(got.read_bytes(), sha256, str(got), "the file"))
    return texts


def stand_in(name: str) -> Corpus:
    """Generated text with as many words as a corpus, the same at every call, in which there is something to learn.

    A Markov chain: every word is followed by one of three, with equal chances, so no model can have a perplexity much
    below 3 (the three may repeat: it is 2.96). They are drawn once and for all with P(word of rank r) proportional to
    log(1 + 1 / r), nearly 1 / r, so a few words are frequent, as in a language.

    Examples
    --------
    >>> corpus = stand_in("wikitext2")
    >>> len(set(corpus.train.tolist())) <= len(corpus.words)
    True
    """
    require_choice("data", name, CORPORA)
    size = CORPORA[name].words
    draw = stream(0, "stand-in", name)
    # The inverse of the distribution function log(1 + r) / log(size).
    ranks = np.exp(draw.random((size, _SUCCESSORS)) * np.log(size)).astype(np.int64) - 1
    choices = draw.integers(_SUCCESSORS, size=sum(STAND_IN))
    path, word = np.empty(sum(STAND_IN), np.int64), 0
    for i, choice in enumerate(choices):
        word = path[i] = ranks[word, choice]
    train, valid, test = torch.from_numpy(path).split(STAND_IN)
    sha256 = hashlib.sha256(path.tobytes()).hexdigest()
    return Corpus(f"{name} (generated)", sha256, train, valid, test, tuple(f"word{i}" for i in range(size)))


def columns(tokens: torch.Tensor, n: int) -> torch.Tensor:
    """Cut a text into `n` equal parts and put them side by side, (tokens // n, n); the rest is left out.

    Raises ValueError when a column would have fewer than two tokens: one to read and one to predict.

    Examples
    --------
    >>> columns(torch.arange(7), 2)
    tensor([[0, 3],
            [1, 4],
            [2, 5]])
    """
    require_int("columns", n, low=1)
    rows = len(tokens) // n
    require_int("rows", rows, low=2, hint=f"{len(tokens)} tokens in {n} columns leave nothing to predict")
    return tokens[: rows * n].view(n, rows).t().contiguous()


def windows(rows: int, bptt: int, generator: torch.Generator | None = None) -> torch.Tensor:
    """Where an epoch's windows start and how many rows they read, (windows, 2) int64.

    Without a generator they follow each other, `bptt` rows each, the last one as long as there are rows to predict.

    With one the lengths are drawn as in AWD-LSTM: around bptt, in 5 of 100 cases around bptt / 2, with a standard
    deviation of 5, and never below 5 but for one that is cut at the end. So that every epoch has equally many, their
    number is that of rows over the mean length; where they reach the end they go on from the start, and where they do
    not, a few rows are left out. At a bptt below 15 or so, windows of 5 are longer than that mean, and an epoch reads
    rows more than once. That AWD-LSTM also scales lr by length / bptt is `lr_by_length` of `LanguageWorkload`.

    Source: Merity, Keskar and Socher (2017), "Regularizing and Optimizing LSTM Language Models", section 5.

    Examples
    --------
    >>> from nala_lab.experiments import windows
    >>> windows(8, 3).tolist()  # 8 rows: 7 are read, each to predict the next
    [[0, 3], [3, 3], [6, 1]]
    """
    require_int("rows", rows, low=2)
    require_int("bptt", bptt, low=1)
    last = rows - 1
    if generator is None:
        starts = torch.arange(0, last, bptt)
        return torch.stack([starts, (last - starts).clamp(max=bptt)], 1)
    count = -(-last // round(0.95 * bptt + 0.05 * bptt / 2))
    halved = torch.rand(count, generator=generator) >= 0.95
    noise = 5 * torch.randn(count, generator=generator)
    lengths = torch.where(halved, bptt / 2, bptt).add(noise).long().clamp(min=5).tolist()
    cuts, start = [], 0
    for length in lengths:
        taken = min(length, last - start)
        cuts.append((start, taken))
        start = (start + taken) % last
    return torch.tensor(cuts)
