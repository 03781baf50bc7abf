"""The IDX parser and the checked search for files, on tiny generated files."""

import gzip
import hashlib
import os

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.experiments.data.fetch import FASHION_MNIST, data_folders, read_all
from nala_lab.experiments.data.idx import DataError, parse_idx
from tests.experiments import runs

PIXELS = stream(0, "idx").integers(256, size=(5, 3, 4)).astype(np.uint8)


def packed(array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


RAW = {"images": packed(PIXELS), "labels": packed(PIXELS[:, 0, 0])}
SUMS = {name: hashlib.sha256(raw).hexdigest() for name, raw in RAW.items()}
NOWHERE = "http://127.0.0.1:9/"  # the discard port: refused at once


def put(folder, gz=True, **replaced):
    return runs.put(folder, {**RAW, **replaced}, gz)


@pytest.mark.parametrize("shape", [(5, 3, 4), (60,), (2, 0)])
def test_the_parser_reads_what_was_packed(shape):
    array = np.resize(PIXELS, shape)
    np.testing.assert_array_equal(parse_idx(packed(array)), array)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "starts with nothing"),
        (b"\x1f\x8b\x08\x00rest", "starts with 1f 8b 08 00"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0]), "starts with 00 00 0d 01"),
        (RAW["images"][:9], "header is cut off after 9 of 16 bytes"),
        (RAW["images"][:-1], "5 x 3 x 4 bytes need a file of 76 bytes, found 75"),
        (RAW["images"] + b"x", "found 77"),
    ],
)
def test_what_is_not_an_idx_file_is_refused(raw, sentence):
    with pytest.raises(DataError, match=f"^images: .*{sentence}"):
        parse_idx(raw, "images")


@pytest.mark.parametrize("gz", [True, False])
@pytest.mark.parametrize("sub", ["", "toy"])
def test_files_are_found_gzipped_or_not_and_in_a_subfolder(tmp_path, gz, sub):
    put(tmp_path / "second" / sub, gz=gz)
    (tmp_path / "first").mkdir()
    assert read_all("toy", SUMS, [tmp_path / "first", tmp_path / "second"], NOWHERE) == RAW


def test_the_checksum_is_of_the_unpacked_file(tmp_path):
    put(tmp_path)
    first = (tmp_path / "images.gz").read_bytes()
    (tmp_path / "images.gz").write_bytes(gzip.compress(RAW["images"], compresslevel=1, mtime=1))
    assert (tmp_path / "images.gz").read_bytes() != first
    assert read_all("toy", SUMS, [tmp_path], NOWHERE) == RAW


def test_a_folder_without_the_files_says_what_is_expected_where(tmp_path):
    with pytest.raises(DataError, match=rf"no images\[\.gz\] in {tmp_path} .*put images, labels there"):
        read_all("toy", SUMS, [tmp_path], NOWHERE)
    put(tmp_path)
    (tmp_path / "labels.gz").unlink()
    with pytest.raises(DataError, match=rf"labels\[\.gz\] is expected in {tmp_path}, which holds only a part"):
        read_all("toy", SUMS, [tmp_path], NOWHERE)


def test_a_corrupt_file_is_named_with_both_checksums(tmp_path):
    wrong = RAW["labels"][:-1] + bytes([RAW["labels"][-1] ^ 1])
    put(tmp_path, labels=wrong)
    found = hashlib.sha256(wrong).hexdigest()
    with pytest.raises(DataError, match=f"labels.gz: corrupt: expected sha256 {SUMS['labels']} .* found {found}"):
        read_all("toy", SUMS, [tmp_path], NOWHERE)
    for content in (b"not gzip", gzip.compress(RAW["labels"])[:-9]):
        (tmp_path / "labels.gz").write_bytes(content)
        with pytest.raises(DataError, match=r"labels\.gz: cannot be read or unpacked"):
            read_all("toy", SUMS, [tmp_path], NOWHERE)


def test_without_a_folder_files_are_downloaded_once(tmp_path, mirror):
    folder, url = mirror
    put(folder)
    assert read_all("toy", SUMS, [], url, cache=tmp_path / "cache") == RAW
    for path in folder.iterdir():
        path.unlink()
    assert read_all("toy", SUMS, [], url, cache=tmp_path / "cache") == RAW


def test_a_corrupt_download_is_named_and_fetched_again_next_time(tmp_path, mirror):
    folder, url = mirror
    put(folder, images=RAW["images"][:-1])
    with pytest.raises(DataError, match=f"images.gz: corrupt: expected sha256 {SUMS['images']}"):
        read_all("toy", SUMS, [], url, cache=tmp_path / "cache")
    put(folder)
    assert read_all("toy", SUMS, [], url, cache=tmp_path / "cache") == RAW


def test_a_failed_download_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match=r"toy: the download of http.*images\.gz failed \(.*NALA_LAB_DATA") as caught:
        read_all("toy", SUMS, [], NOWHERE, cache=tmp_path)
    assert "\n" not in str(caught.value)


def test_folders_are_separated_as_in_path(monkeypatch, tmp_path):
    monkeypatch.setenv("NALA_LAB_DATA", os.pathsep.join(["a", "b", "", "c"]))
    assert [str(folder) for folder in data_folders()] == ["a", "b", "c"]
    assert data_folders(str(tmp_path)) == [tmp_path]
    with pytest.raises(ValueError, match="--data-dir must satisfy a folder that exists, got --data-dir='d'"):
        data_folders(os.pathsep.join([str(tmp_path), "d"]))
    with pytest.raises(ValueError, match="--data-dir must satisfy the name of a folder, got --data-dir=''"):
        data_folders("")  # as of an empty shell variable: it must not mean that data are generated
    monkeypatch.delenv("NALA_LAB_DATA")
    assert data_folders() == []


def test_fashion_mnist_names_its_files_in_the_order_that_the_loader_takes():
    assert list(FASHION_MNIST) == [
        f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
    ]
