"""Texts: counts and checksums of the real ones, numbering, columns and windows by hand, broken files, the stand-in."""

import gzip
import hashlib
import math

import pytest
import torch

from nala_lab.experiments.data import text
from nala_lab.experiments.data.fetch import data_folders
from nala_lab.experiments.data.idx import DataError, MissingData
from nala_lab.experiments.data.text import columns, load_text, stand_in, windows
from nala_lab.experiments.models import torch_stream

COUNTS = {"ptb": (929_589, 73_760, 82_430, 10_000), "wikitext2": (2_088_628, 217_646, 245_569, 33_278)}
FILES = {name: [f"{name}.{part}.txt" for part in text.SPLITS] for name in COUNTS}


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.data(*FILES[name])) for name in COUNTS])
def test_the_real_texts_have_their_published_counts(name):
    corpus = load_text(name, folders=data_folders())
    assert (len(corpus.train), len(corpus.valid), len(corpus.test), len(corpus.words)) == COUNTS[name]
    assert corpus.train.max() == len(corpus.words) - 1  # every word of the held-out texts is in the training text
    assert load_text(name, folders=data_folders()) is corpus  # read once in a process


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A corpus of three small files, one of them gzipped, registered as ``small``."""
    parts = {"train": "the cat sat\nthe dog\n", "valid": "the cat\n", "test": "a dog sat\n"}
    hashes = [hashlib.sha256(parts[part].encode()).hexdigest() for part in text.SPLITS]
    monkeypatch.setitem(text.CORPORA, "small", text._Source(tuple(hashes), 6))
    for part, content in parts.items():
        (tmp_path / f"small.{part}.txt").write_text(content)
    plain = tmp_path / "small.valid.txt"
    (tmp_path / "small.valid.txt.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    text._loaded.cache_clear()
    yield tmp_path
    text._loaded.cache_clear()


def test_words_are_numbered_in_order_of_first_appearance_and_lines_end(small):
    corpus = load_text("small", folders=[small])
    assert corpus.words == ("the", "cat", "sat", "<eos>", "dog", "a")
    assert corpus.train.tolist() == [0, 1, 2, 3, 0, 4, 3]
    assert corpus.valid.tolist() == [0, 1, 3] and corpus.test.tolist() == [5, 4, 2, 3]
    cut = corpus.first(3, 2)
    assert (len(cut.train), len(cut.valid), len(cut.test), cut.words) == (3, 2, 2, corpus.words)


def test_files_in_a_subfolder_are_found(small):
    home = small / "small"
    home.mkdir()
    for path in list(small.glob("small.*")):
        path.rename(home / path.name)
    assert len(load_text("small", folders=[small]).train) == 7


@pytest.mark.parametrize(("damage", "said"), [
    (lambda p: p.write_text("the cat sat\nthe cow\n"), "corrupt: expected sha256"),
    (lambda p: p.write_text(""), "corrupt: expected sha256"),
    (lambda p: p.unlink(), "which holds only a part of the files"),
])  # fmt: skip
def test_damaged_files_are_named_in_one_sentence(small, damage, said):
    damage(small / "small.train.txt")
    with pytest.raises(DataError, match=said) as caught:
        load_text("small", folders=[small], standin=True)  # what is broken is not replaced by a stand-in
    assert "small.train.txt" in str(caught.value) and "\n" not in str(caught.value)


def test_a_broken_archive_is_named(small):
    (small / "small.valid.txt.gz").write_bytes(b"\x1f\x8bnonsense")
    with pytest.raises(DataError, match=r"small.valid.txt.gz: cannot be read or unpacked"):
        load_text("small", folders=[small])


def test_a_text_without_words_is_refused(small, monkeypatch):
    nothing = hashlib.sha256(b"\n").hexdigest()
    monkeypatch.setitem(text.CORPORA, "small", text._Source((nothing, *text.CORPORA["small"].sha256[1:]), 6))
    (small / "small.train.txt").write_text("\n")
    with pytest.raises(DataError, match="small.train.txt is empty"):
        load_text("small", folders=[small])


def test_missing_texts_say_where_they_are_looked_for(tmp_path):
    for name, folders in (("ptb", []), ("ptb", [tmp_path]), ("wikitext2", [tmp_path])):
        with pytest.raises(MissingData, match=f"no {name}.train.txt.*name it in NALA_LAB_DATA") as caught:
            load_text(name, folders=folders)
        assert ("is not downloaded" in str(caught.value)) == (name == "ptb")
        if folders:  # who says where the texts are does not want others
            with pytest.raises(MissingData):
                load_text(name, folders=folders, standin=True)
        else:
            assert load_text(name, standin=True).name == f"{name} (generated)"


def test_wikitext_is_downloaded_and_checked(small, monkeypatch):
    served = []

    def retrieve(name, url, file, cache, sha256):
        served.append(url + file)
        return small / f"small.{file}"

    monkeypatch.setattr(text, "retrieve", retrieve)
    (small / "small.valid.txt").write_bytes(gzip.decompress((small / "small.valid.txt.gz").read_bytes()))
    source = text.CORPORA["small"]
    monkeypatch.setitem(text.CORPORA, "small", text._Source(source.sha256, 6, "https://example.org/"))
    assert len(load_text("small").train) == 7
    assert served == [f"https://example.org/{part}.txt" for part in text.SPLITS]
    text._loaded.cache_clear()
    (small / "small.test.txt").write_text("something else")
    with pytest.raises(DataError, match=r"small.test.txt: corrupt"):
        load_text("small")


@pytest.mark.parametrize("name", COUNTS)
def test_generated_text_is_the_same_every_time_and_can_be_learned(name):
    one, two = stand_in(name), stand_in(name)
    assert torch.equal(one.train, two.train) and one.sha256 == two.sha256 and one.name.endswith("(generated)")
    assert len(one.words) == COUNTS[name][3] and int(one.train.max()) < len(one.words)
    # What follows a word in the training text: never more than three different words.
    followers = {}
    for word, after in zip(one.train.tolist(), one.train[1:].tolist(), strict=False):
        followers.setdefault(word, set()).add(after)
    assert max(map(len, followers.values())) == 3
    # Some words are much more frequent than 1 / vocabulary, and the text does not run in a short circle.
    counts = torch.bincount(one.train)
    assert counts.max() > 20 * len(one.train) / len(one.words) and (counts > 0).sum() > 100


def test_columns_by_hand():
    assert columns(torch.arange(11), 3).tolist() == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
    with pytest.raises(ValueError, match="rows must satisfy integer rows >= 2.*5 tokens in 3 columns"):
        columns(torch.arange(5), 3)


def test_fixed_windows_read_every_row_but_the_last_once():
    for rows, bptt in ((2, 5), (71, 70), (72, 70), (500, 7)):
        cuts = windows(rows, bptt)
        read = [i for start, length in cuts.tolist() for i in range(start, start + length)]
        assert read == list(range(rows - 1))


def test_random_windows_are_as_many_as_told_and_have_the_lengths_of_awd():
    rows = 46_479  # Penn Treebank in 20 columns
    cuts = windows(rows, 70, torch_stream(3, "windows"))
    assert torch.equal(cuts, windows(rows, 70, torch_stream(3, "windows")))
    other = windows(rows, 70, torch_stream(4, "windows"))
    assert len(cuts) == len(other) == math.ceil((rows - 1) / 68) and not torch.equal(cuts, other)
    starts, lengths = cuts.T
    follows = (starts[1:] == starts[:-1] + lengths[:-1]) | (starts[1:] == 0)
    assert follows.all() and (starts + lengths <= rows - 1).all()
    # 0.95 N(70, 5) + 0.05 N(35, 5), cut to whole numbers: mean 67.75, sd sqrt(25 + 0.05 * 0.95 * 35^2) = 9.1; the mean
    # of 684 lies within 5 * 9.1 / sqrt(684) = 1.8 of it.
    assert abs(lengths.float().mean() - 67.75) < 1.8
    half = (lengths < 52).float().mean().item()
    assert 0.01 < half < 0.1  # 5 of 100 on average: 0.05 +- 5 sqrt(0.05 * 0.95 / 684) = 0.042
    assert windows(400, 4, torch_stream(0, "w"))[:-1, 1].min() >= 1
