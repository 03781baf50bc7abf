"""Find published data files on this machine, or download them; either way every byte is checked.

The checksum is that of the *unpacked* file: gzip headers hold a name and a time, so repacked copies (Debian's package
``dataset-fashion-mnist``, for one) differ from the published archives although the data are the same.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from nala_lab.core import require
from nala_lab.experiments.data.idx import DataError, MissingData

__all__ = ["FASHION_MNIST", "FASHION_MNIST_URL", "VARIABLE", "checked", "data_folders", "download", "places",
           "read_all", "read_folder", "retrieve", "verified"]  # fmt: skip

VARIABLE = "NALA_LAB_DATA"
FASHION_MNIST_URL = "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"
# sha256 of the unpacked IDX files.
FASHION_MNIST = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def data_folders(given: str | None = None) -> list[Path]:
    """Folders to search: those of `given`, else those of the variable NALA_LAB_DATA (separated as in PATH).

    Raises ValueError for a folder of `given` that is not there.
    """
    text = os.environ.get(VARIABLE, "") if given is None else given
    folders = [Path(part).expanduser() for part in text.split(os.pathsep) if part]
    if given is not None:
        require("--data-dir", given, bool(folders), "the name of a folder", "without it, NALA_LAB_DATA names them")
        for folder in folders:
            require("--data-dir", str(folder), folder.is_dir(), "a folder that exists")
    return folders


def read_all(
    name: str, files: Mapping[str, str], folders: Sequence[Path], url: str, cache: Path | None = None
) -> dict[str, bytes]:
    """Read the unpacked contents of all `files` of a data set.

    With `folders`, the files are taken from the first of them that holds one, itself or in a subfolder called
    `name` or as torchvision calls it; nothing is downloaded, since someone said where the data are. Without, they are
    downloaded from `url`.

    Raises MissingData when no folder holds any of the files; DataError when a folder holds a part of them, for a
    corrupt file, or for a download that fails.

    Parameters
    ----------
    name : name of the data set.
    files : file name without ``.gz`` -> sha256 of the unpacked file.
    folders : where to look; files may be gzipped (``.gz``) or not.
    url : folder of the ``.gz`` files, ending in ``/``.
    cache : where downloads are kept; None means pooch's cache folder of this user.
    """
    if not folders:
        return {file: download(name, file, sha256, url, cache) for file, sha256 in files.items()}
    torchvision = name.title().replace("-Mnist", "MNIST")
    for place in places(folders, name, f"{torchvision}/raw", torchvision, "raw"):
        found = read_folder(name, place, files)
        if found is not None:
            return found
    raise MissingData(f"{name}: no {next(iter(files))}[.gz] in {_listed(folders)} or a subfolder {name} of it: "
                      f"put {', '.join(files)} there, or name no folder, in --data-dir and {VARIABLE}, to download "
                      "them")  # fmt: skip


def places(folders: Sequence[Path], *names: str) -> list[Path]:
    """Each folder, followed by its subfolders called `names`, in the order in which they are searched."""
    return [place for folder in folders for place in (folder, *(folder / name for name in names))]


def read_folder(name: str, home: Path, files: Mapping[str, str]) -> dict[str, bytes] | None:
    """Read the unpacked contents of all `files` from one folder; None when it holds none of them.

    Raises DataError when the folder holds a part of the files, or a corrupt one.
    """
    if not any(_candidates(home, file) for file in files):
        return None
    for file in files:
        if not _candidates(home, file):
            raise DataError(f"{name}: {file}[.gz] is expected in {home}, which holds only a part of the files")
    return {file: verified(_candidates(home, file)[0], sha256) for file, sha256 in files.items()}


def verified(path: Path, sha256: str) -> bytes:
    """Read a file, unpack it if its name ends in ``.gz``, and check the unpacked bytes.

    Raises DataError with the file, the expected and the found checksum, when they differ.
    """
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read or unpacked ({error})") from error
    return checked(raw, sha256, str(path), "the unpacked file")


def checked(raw: bytes, sha256: str, name: str, what: str) -> bytes:
    """Return `raw` if its checksum is `sha256`.

    Raises DataError with the name, the expected and the found checksum, when they differ.
    """
    found = hashlib.sha256(raw).hexdigest()
    if found != sha256:
        raise DataError(f"{name}: corrupt: expected sha256 {sha256} of {what}, found {found}")
    return raw


def download(name: str, file: str, sha256: str, url: str, cache: Path | None = None) -> bytes:
    """Download one ``.gz`` file with a progress bar, or take it from the cache, and check the unpacked bytes.

    A file that fails the check is deleted, so that the next attempt downloads it again.

    Raises DataError when the download fails, or what came is not the file.
    """
    # No checksum yet: pooch would check the packed bytes, which mirrors may repack; `verified` checks the data.
    got = retrieve(name, url, f"{file}.gz", cache)
    try:
        return verified(got, sha256)
    except DataError:
        got.unlink(missing_ok=True)
        raise


def retrieve(name: str, url: str, file: str, cache: Path | None = None, sha256: str | None = None) -> Path:
    """Download ``url + file`` with a progress bar, unless the cache has it, and say where it is.

    Raises DataError when the download fails, or what came has another checksum.

    Parameters
    ----------
    sha256 : of the file as it is served, where that is known; a cached copy that differs is downloaded again.
    """
    import pooch

    known = None if sha256 is None else f"sha256:{sha256}"
    try:
        folder = Path(pooch.os_cache("nala_lab")) if cache is None else cache
        pooch.get_logger().setLevel("WARNING")
        return Path(pooch.retrieve(url + file, known_hash=known, fname=file, path=folder / name, progressbar=True))
    except Exception as error:  # requests, urllib3 and ftplib share no base class below Exception
        raise DataError(f"{name}: the download of {url}{file} failed ({_first_line(error)}); "
                        f"a folder that holds the file can be named in {VARIABLE}") from error  # fmt: skip


def _candidates(folder: Path, file: str) -> list[Path]:
    names = (file, file.replace("-idx", ".idx"))  # the second as many archives are unpacked by hand
    return [path for one in names for path in (folder / one, folder / f"{one}.gz") if path.is_file()]


def _listed(folders: Sequence[Path]) -> str:
    return " or ".join(map(str, folders))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
