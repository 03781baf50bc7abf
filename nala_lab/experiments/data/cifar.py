"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009) from their official binary files, or from sheets of WebP pictures.

An official record is one label byte (CIFAR-100: a coarse label byte, then the fine one) and 3072 pixel bytes: 1024 red
ones row by row, then green, then blue. The archives are downloaded where no folder is named. No pickle is read.

Sheets are a ``.npz`` of lossless WebP pictures, each of 10 x 10 images, for places where the archives cannot be had.
Those of CIFAR-10 hold the official bytes in the official order. Those of CIFAR-100 hold 20,000 of the 50,000 training
images, with pixels rounded to within 3 of 255, and all test images: that data set is called ``cifar-100 (part)``.

The checksums of the six files of CIFAR-10 were computed from such sheets and are also those that the Ruby port of
torchvision publishes; those of CIFAR-100, and of both archives, are from there and from TensorFlow Datasets.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nala_lab.experiments.data.fetch import VARIABLE, checked, places, read_folder, retrieve
from nala_lab.experiments.data.idx import DataError, MissingData

__all__ = ["CIFAR_10", "CIFAR_100", "Cifar", "Pixels", "decode_sheets", "parse_records", "read_cifar"]

Pixels = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # train x, train y, test x, test y, all uint8
SIDE, CHANNELS = 32, 3
TILES = 10  # a sheet is 10 x 10 images


@dataclass(frozen=True)
class Cifar:
    """One of the two data sets as it is distributed.

    Attributes
    ----------
    name : what the lab calls it.
    classes : number of fine classes.
    label_bytes : bytes before the pixels of a record; the last of them is the label.
    url, archive, archive_sha256 : where the official archive is, its file name and checksum.
    inside : folder in the archive.
    train, test : official file name -> sha256, in the order of the images.
    sheets, sheets_sha256 : file name and checksum of the ``.npz``.
    sheets_name : what the lab calls the data of the ``.npz``.
    """

    name: str
    classes: int
    label_bytes: int
    url: str
    archive: str
    archive_sha256: str
    inside: str
    train: Mapping[str, str]
    test: Mapping[str, str]
    sheets: str
    sheets_sha256: str
    sheets_name: str


TORONTO = "https://www.cs.toronto.edu/~kriz/"
CIFAR_10 = Cifar(
    name="cifar-10",
    classes=10,
    label_bytes=1,
    url=TORONTO,
    archive="cifar-10-binary.tar.gz",
    archive_sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    inside="cifar-10-batches-bin",
    train={
        "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    },
    test={"test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
    sheets="cifar10_lossless.npz",
    sheets_sha256="e14dbcceb9991cb8a6d3436c97117dab1f560b83eefaab8044159c9b5965b322",
    sheets_name="cifar-10",
)
CIFAR_100 = Cifar(
    name="cifar-100",
    classes=100,
    label_bytes=2,
    url=TORONTO,
    archive="cifar-100-binary.tar.gz",
    archive_sha256="58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    inside="cifar-100-binary",
    train={"train.bin": "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29"},
    test={"test.bin": "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"},
    sheets="cifar100_part.npz",
    sheets_sha256="0b76fa8c43e9bc52257fbdba05bf1e6db2c740c58789379b2e229601773a2bdf",
    sheets_name="cifar-100 (part)",
)


def read_cifar(source: Cifar, folders: Sequence[Path] = (), cache: Path | None = None) -> tuple[str, Pixels]:
    """Find a data set in `folders`, or download it when none is named; either way its bytes are checked.

    Searched in each folder, and in its subfolders named as the data set or as the archive unpacks: first the official
    files (``.gz`` or not), then the official archive, then the sheets.

    Returns (name, pixels): what the data are called, and images (n, 3, 32, 32) and labels (n,) of both splits, uint8.

    Raises MissingData when no folder holds any of the files; DataError for a corrupt, truncated or incomplete file, or
    a download that fails.
    """
    if not folders:
        archive = retrieve(source.name, source.url, source.archive, cache, source.archive_sha256)
        return source.name, _official(source, _unpacked(source, archive))
    searched = places(folders, source.name, source.inside)
    for place in searched:
        raw = read_folder(source.name, place, {**source.train, **source.test})
        if raw is not None:
            return source.name, _official(source, raw)
        if (place / source.archive).is_file():
            return source.name, _official(source, _unpacked(source, place / source.archive))
        if (place / source.sheets).is_file():
            return source.sheets_name, _from_sheets(source, place / source.sheets)
    for place in searched:  # only now: what can be read may lie beside them, or in the next folder
        _refuse_pickles(source, place)
    listed = " or ".join(map(str, folders))
    raise MissingData(f"{source.name}: neither {next(iter(source.train))}, {source.archive} nor {source.sheets} is in "
                      f"{listed}: put one of them there, or name no folder, in --data-dir and {VARIABLE}, to download "
                      "the archive")  # fmt: skip


def _refuse_pickles(source: Cifar, place: Path) -> None:
    """Say what to take instead where the data are Python pickles, which can run any code when they are read."""
    python = f"{source.name}-python.tar.gz"
    names = (python, source.inside.replace("-bin", "-py"), f"{source.name}-python", "batches.meta", "meta")
    found = next((place / name for name in names if (place / name).exists()), None)
    if found is not None:
        raise DataError(f"{source.name}: {found} holds Python pickles, which are never loaded: "
                        f"take {source.archive} from {source.url}")  # fmt: skip


def parse_records(raw: bytes, label_bytes: int, classes: int, name: str = "records") -> tuple[np.ndarray, np.ndarray]:
    """Cut the bytes of an official file into images (n, 3, 32, 32) and labels (n,).

    Raises DataError for a length that is not a whole number of records, or a label that is not below `classes`.

    Examples
    --------
    >>> x, y = parse_records(bytes([7]) + bytes(3072), label_bytes=1, classes=10)
    >>> x.shape, y
    ((1, 3, 32, 32), array([7], dtype=uint8))
    """
    size = label_bytes + CHANNELS * SIDE * SIDE
    if not raw or len(raw) % size:
        raise DataError(f"{name}: {len(raw)} bytes are not a whole number of records of {size} bytes")
    records = np.frombuffer(raw, np.uint8).reshape(-1, size)
    y = records[:, label_bytes - 1]
    if y.max() >= classes:
        raise DataError(f"{name}: label {y.max()} in a data set of {classes} classes")
    return records[:, label_bytes:].reshape(-1, CHANNELS, SIDE, SIDE), y.copy()


def decode_sheets(webp: np.ndarray, cuts: np.ndarray, scale: int = 1) -> np.ndarray:
    """Decode sheets of 10 x 10 images to (n, 3, 32, 32) uint8.

    Parameters
    ----------
    webp : the sheets' files, one after another, as bytes.
    cuts : byte offsets between two sheets.
    scale : what the stored pixels are multiplied by.
    """
    from PIL import Image

    # A picture is read into its place in one array: a list of 500 sheets would need the memory twice.
    files = np.split(webp, cuts)
    sheets = np.empty((len(files), TILES * SIDE, TILES * SIDE, CHANNELS), np.uint8)
    for sheet, file in zip(sheets, files, strict=True):
        sheet[:] = np.asarray(Image.open(io.BytesIO(file.tobytes())).convert("RGB"))
    if scale != 1:
        sheets *= np.uint8(scale)
    tiles = sheets.reshape(-1, TILES, SIDE, TILES, SIDE, CHANNELS).transpose(0, 1, 3, 5, 2, 4)
    return tiles.reshape(-1, CHANNELS, SIDE, SIDE)


def _official(source: Cifar, raw: Mapping[str, bytes]) -> Pixels:
    parts = []
    for files in (source.train, source.test):
        pieces = [parse_records(raw[file], source.label_bytes, source.classes, file) for file in files]
        parts += [np.concatenate(part) for part in zip(*pieces, strict=True)]
    return tuple(parts)  # type: ignore[return-value]


def _unpacked(source: Cifar, path: Path) -> dict[str, bytes]:
    """The files of an archive, read without writing any of them to disk."""
    wanted = {**source.train, **source.test}
    raw: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                name = Path(member.name).name
                content = archive.extractfile(member) if name in wanted and member.isfile() else None
                if content is not None:
                    raw[name] = content.read()
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise DataError(f"{path}: cannot be read or unpacked ({error})") from error
    for name, sha256 in wanted.items():
        if name not in raw:
            raise DataError(f"{path}: holds no {name}: not the archive {source.archive} of {source.url}")
        checked(raw[name], sha256, f"{path}: {name}", "the unpacked file")
    return raw


def _from_sheets(source: Cifar, path: Path) -> Pixels:
    try:
        raw = checked(path.read_bytes(), source.sheets_sha256, str(path), "the file")
        with np.load(io.BytesIO(raw)) as z:  # NumPy's default: no pickle is loaded
            parts = []
            for split in ("train", "test"):
                scale = int(z[f"{split}_scale"]) if f"{split}_scale" in z else 1
                parts += [decode_sheets(z[f"{split}_webp"], z[f"{split}_cuts"], scale), z[f"{split}_labels"]]
    except DataError:
        raise
    except (OSError, ValueError, KeyError) as error:
        # Pillow's UnidentifiedImageError is an OSError: the bytes are right, so it cannot read WebP.
        raise DataError(f"{path}: cannot be read ({error}); Pillow needs its WebP support") from error
    return tuple(parts)  # type: ignore[return-value]
