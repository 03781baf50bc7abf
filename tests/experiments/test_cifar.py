"""CIFAR from binary files, archives and sheets: toy data of the same formats, and the real files where present."""

import hashlib
import io
import tarfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from nala_lab.core import stream
from nala_lab.experiments.data.cifar import CIFAR_10, CIFAR_100, decode_sheets, parse_records, read_cifar
from nala_lab.experiments.data.fetch import data_folders
from nala_lab.experiments.data.idx import DataError, MissingData
from nala_lab.experiments.data.images import load_pixels, stand_in
from tests.experiments import runs
from tests.refusals import refused

NOWHERE = "http://127.0.0.1:9/"  # the discard port: refused at once
draw = stream(0, "toy cifar")
TRAIN_X, TEST_X = (draw.integers(256, size=(n, 3, 32, 32)).astype(np.uint8) for n in (200, 100))
TRAIN_Y, TEST_Y = (draw.integers(10, size=n).astype(np.uint8) for n in (200, 100))


def sha256(raw):
    return hashlib.sha256(raw).hexdigest()


def records(x, y):
    return np.concatenate([y[:, None], x.reshape(len(y), -1)], axis=1).tobytes()


def sheets(x):
    """The format of the .npz, from its description: sheets of 10 x 10 images."""
    files = []
    for part in np.split(x.transpose(0, 2, 3, 1), len(x) // 100):
        rows = [np.concatenate(list(row), axis=1) for row in np.split(part, 10)]
        out = io.BytesIO()
        Image.fromarray(np.concatenate(rows)).save(out, "WEBP", lossless=True, exact=True)
        files.append(out.getvalue())
    return np.frombuffer(b"".join(files), np.uint8), np.cumsum([len(f) for f in files])[:-1]


def npz(path, **more):
    out = {"train_labels": TRAIN_Y, "test_labels": TEST_Y}
    for split, x in (("train", TRAIN_X), ("test", TEST_X)):
        out[f"{split}_webp"], out[f"{split}_cuts"] = sheets(x)
    np.savez(path, **{**out, **more})
    return sha256(path.read_bytes())


RAW = {
    "data_batch_1.bin": records(TRAIN_X[:120], TRAIN_Y[:120]),
    "data_batch_2.bin": records(TRAIN_X[120:], TRAIN_Y[120:]),
    "test_batch.bin": records(TEST_X, TEST_Y),
}
TOY = replace(CIFAR_10, url=NOWHERE,
              train={name: sha256(RAW[name]) for name in list(RAW)[:2]},
              test={"test_batch.bin": sha256(RAW["test_batch.bin"])})  # fmt: skip


def put(folder, gz=False, **replaced):
    return runs.put(folder, {**RAW, **replaced}, gz)


def archive(path, raw=RAW):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in {"readme.html": b"no data", **raw}.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def check(found, name="cifar-10"):
    title, pixels = found
    assert title == name
    for got, want in zip(pixels, (TRAIN_X, TRAIN_Y, TEST_X, TEST_Y), strict=True):
        assert got.dtype == np.uint8
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("gz", [False, True])
@pytest.mark.parametrize("sub", ["", "cifar-10", "cifar-10-batches-bin"])
def test_official_files_are_read_in_their_order(tmp_path, sub, gz):
    (tmp_path / "empty").mkdir()
    put(tmp_path / "data" / sub, gz)
    check(read_cifar(TOY, [tmp_path / "empty", tmp_path / "data"]))


def test_python_pickles_beside_the_official_files_or_in_another_folder_are_passed_over(tmp_path):
    (tmp_path / "cifar-10-batches-py").mkdir()
    with pytest.raises(DataError, match="Python pickles"):
        read_cifar(TOY, [tmp_path])
    put(tmp_path / "other")
    check(read_cifar(TOY, [tmp_path, tmp_path / "other"]))
    put(tmp_path / TOY.inside)
    check(read_cifar(TOY, [tmp_path]))


def test_the_official_archive_is_read_without_being_unpacked_to_disk(tmp_path):
    path = archive(tmp_path / TOY.archive)
    check(read_cifar(TOY, [tmp_path]))
    assert list(tmp_path.iterdir()) == [path]


def test_sheets_are_read_where_nothing_official_is(tmp_path):
    toy = replace(TOY, sheets_sha256=npz(tmp_path / TOY.sheets))
    check(read_cifar(toy, [tmp_path]))
    # With an official file beside them they are not looked at.
    (tmp_path / TOY.sheets).write_bytes(b"")
    put(tmp_path)
    check(read_cifar(toy, [tmp_path]))


def test_a_part_says_so_in_its_name_and_its_pixels_are_scaled(tmp_path):
    toy = replace(TOY, sheets_name="cifar-10 (part)")
    webp, cuts = sheets(TRAIN_X // 7)
    toy = replace(toy, sheets_sha256=npz(tmp_path / TOY.sheets, train_webp=webp, train_cuts=cuts, train_scale=7))
    title, pixels = read_cifar(toy, [tmp_path])
    assert title == "cifar-10 (part)"
    np.testing.assert_array_equal(pixels[0], TRAIN_X // 7 * 7)
    np.testing.assert_array_equal(decode_sheets(webp, cuts), TRAIN_X // 7)


def test_the_second_label_byte_is_the_fine_one():
    x, y = parse_records(bytes([19, 99]) + bytes(range(256)) * 12, label_bytes=2, classes=100)
    assert y.tolist() == [99]
    # Red, then green, then blue, each row by row.
    assert x[0, :, 0, :3].tolist() == [[0, 1, 2]] * 3 and x[0, 0, 1, 0] == 32


test_bytes_that_are_not_records_are_refused = refused(
    (b"", "^f: 0 bytes are not a whole number of records of 3073 bytes$"),
    (RAW["test_batch.bin"][:-1], "^f: 307299 bytes are not a whole number of records of 3073 bytes$"),
    (bytes([10]) + bytes(3072), "^f: label 10 in a data set of 10 classes$"),
    call=lambda raw: parse_records(raw, 1, 10, "f"),
    error=DataError,
)


def test_missing_incomplete_and_corrupt_files_are_one_sentence_each(tmp_path):
    with pytest.raises(MissingData, match=rf"neither data_batch_1.bin, .*tar.gz nor .*npz is in {tmp_path}: put one"):
        read_cifar(TOY, [tmp_path])
    put(tmp_path)
    (tmp_path / "data_batch_2.bin").unlink()
    with pytest.raises(DataError, match=rf"data_batch_2.bin\[.gz\] is expected in {tmp_path}, which holds only a part"):
        read_cifar(TOY, [tmp_path])
    put(tmp_path, **{"data_batch_2.bin": RAW["data_batch_2.bin"][:-1]})  # cut off
    with pytest.raises(DataError, match=r"data_batch_2.bin: corrupt: expected sha256 [0-9a-f]{64} of .* found") as e:
        read_cifar(TOY, [tmp_path])
    assert "\n" not in str(e.value)


def test_a_bad_archive_is_one_sentence(tmp_path):
    path = archive(tmp_path / TOY.archive)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"binary\.tar\.gz: cannot be read or unpacked"):
        read_cifar(TOY, [tmp_path])
    archive(path, {name: raw for name, raw in RAW.items() if name != "test_batch.bin"})
    with pytest.raises(DataError, match=r"tar\.gz: holds no test_batch\.bin: not the archive"):
        read_cifar(TOY, [tmp_path])
    archive(path, {**RAW, "test_batch.bin": bytes(3073)})
    with pytest.raises(DataError, match=r"tar\.gz: test_batch\.bin: corrupt: expected sha256"):
        read_cifar(TOY, [tmp_path])


def test_bad_sheets_are_one_sentence(tmp_path):
    path = tmp_path / TOY.sheets
    right = npz(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=rf"{TOY.sheets}: corrupt: expected sha256 {right} of the file, found"):
        read_cifar(replace(TOY, sheets_sha256=right), [tmp_path])
    # Bytes that are as published but no pictures: what a Pillow without WebP would say.
    raw = npz(path, train_webp=np.zeros(100, np.uint8), train_cuts=np.array([50]))
    with pytest.raises(DataError, match=rf"{TOY.sheets}: cannot be read \(.*\); Pillow needs its WebP support"):
        read_cifar(replace(TOY, sheets_sha256=raw), [tmp_path])


def test_a_download_that_fails_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match=r"cifar-10: the download of .*tar\.gz failed \(.*NALA_LAB_DATA") as caught:
        read_cifar(TOY, [], cache=tmp_path)
    assert "\n" not in str(caught.value)


def test_the_archive_is_downloaded_once_and_checked(tmp_path, mirror):
    folder, url = mirror
    served, cache = archive(folder / TOY.archive), tmp_path / "cache"
    toy = replace(TOY, url=url, archive_sha256=sha256(served.read_bytes()))
    good = served.read_bytes()
    served.write_bytes(good[:-1])
    with pytest.raises(DataError, match=r"download of .*tar\.gz failed \(.*does not match the known hash"):
        read_cifar(toy, [], cache=cache)
    served.write_bytes(good)
    check(read_cifar(toy, [], cache=cache))
    served.unlink()
    check(read_cifar(toy, [], cache=cache))


@pytest.mark.parametrize(("name", "classes"), [("fashion-mnist", 10), ("cifar-10", 10), ("cifar-100", 100)])
def test_generated_data_stand_in_only_when_asked_for(tmp_path, name, classes):
    data = load_pixels(name, standin=True)
    assert data.name == f"{name} (generated)" and data.classes == classes
    assert sorted(set(data.train_y.tolist())) == list(range(classes))
    for standin in (False, True):  # who says where the data are does not want others
        with pytest.raises(MissingData):
            load_pixels(name, folders=(tmp_path,), standin=standin)
    first, again = stand_in(name)[1], stand_in(name)[1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_corrupt_file_is_never_replaced_by_generated_data(tmp_path):
    (tmp_path / CIFAR_10.sheets).write_bytes(b"not an archive")
    with pytest.raises(DataError, match="corrupt"):
        load_pixels("cifar-10", folders=(tmp_path,), standin=True)


def test_the_classes_of_generated_data_can_be_told_apart():
    _, (train_x, train_y, test_x, test_y) = stand_in("cifar-10")
    centres = np.stack([train_x[train_y == c].mean(0) for c in range(10)]).reshape(10, -1)
    nearest = ((test_x.reshape(-1, 1, 3072) - centres) ** 2).sum(-1).argmin(1)
    # Half of each image is its class's pattern: even the nearest mean tells every class; guessing gives 0.1.
    assert (nearest == test_y).mean() > 0.95


@pytest.mark.data(CIFAR_10.sheets)
def test_the_sheets_of_cifar_10_hold_the_official_files():
    data = load_pixels("cifar-10", folders=data_folders())
    x, y = data.train_x.numpy(), data.train_y.numpy().astype(np.uint8)
    for i, want in enumerate(CIFAR_10.train.values()):
        part = slice(10_000 * i, 10_000 * (i + 1))
        assert sha256(records(x[part], y[part])) == want
    assert sha256(records(data.test_x.numpy(), data.test_y.numpy().astype(np.uint8))) == CIFAR_10.test["test_batch.bin"]
    # The published means and standard deviations, to their last digit.
    np.testing.assert_allclose(data.mean.flatten() / 255, [0.4914, 0.4822, 0.4465], atol=5.1e-5)
    np.testing.assert_allclose(data.sd.flatten() / 255, [0.2470, 0.2435, 0.2616], atol=5.1e-5)


@pytest.mark.data(CIFAR_100.sheets)
def test_the_sheets_of_cifar_100_are_a_part_and_say_so():
    data = load_pixels("cifar-100", folders=data_folders())
    assert data.name == "cifar-100 (part)" and data.classes == 100
    assert len(data.train_y) == 20_000 and np.bincount(data.test_y).tolist() == [100] * 100
    assert set(data.train_y.tolist()) == set(range(100))
