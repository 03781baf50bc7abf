"""Wheels made of what is here: the checkout, and pure packages that are installed. No index is asked.

A wheel made twice has the same bytes, so that a browser keeps it.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import nala_lab

OWN = ("nala_lab", "problems", "paper_figs")
# Built or drawn, or runs: the tuned ones, and those of GANs, whose samples hardly compress.
LEFT_OUT = {"__pycache__", "out", "readme", "tuned", "wgan-cifar10", "wgan-gp-cifar10"}


@dataclass(frozen=True)
class Wheel:
    """A wheel on disk."""

    name: str
    version: str
    path: Path


def _write(name: str, version: str, files: Iterator[tuple[str, bytes]], folder: Path) -> Wheel:
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    content = dict(files)
    content[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    content[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: nala_lab\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in sorted(content.items()))
    content[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, data in sorted(content.items()):
            entry = zipfile.ZipInfo(inside, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return Wheel(name, version, path)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def checkout_wheel(root: Path, folder: Path) -> Wheel:
    """The lab as in the checkout, without what was built or drawn, and the runs that no lesson there reads."""

    def files() -> Iterator[tuple[str, bytes]]:
        for package in OWN:
            for path in sorted((root / package).rglob("*")):
                parts = path.relative_to(root).parts
                if path.is_file() and not LEFT_OUT & set(parts):
                    yield "/".join(parts), path.read_bytes()

    return _write("nala-lab", nala_lab.__version__, files(), folder)


def installed_wheel(name: str, folder: Path) -> Wheel:
    """A pure package of this environment, from its installed files without its tests.

    Raises
    ------
    ValueError
        When the package holds compiled code, which a browser cannot run.
    """
    found = distribution(name)

    def files() -> Iterator[tuple[str, bytes]]:
        for entry in found.files or ():
            inside = entry.as_posix()
            if inside.startswith("..") or ".dist-info/" in inside or "__pycache__" in inside or "/tests/" in inside:
                continue
            if entry.suffix in (".so", ".pyd", ".dylib"):
                raise ValueError(f"package must satisfy pure Python, got {name} with {inside}")
            yield inside, Path(str(entry.locate())).read_bytes()

    return _write(name, found.version, files(), folder)
