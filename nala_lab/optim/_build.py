"""Compile ``_kernels.c`` once per machine and type, keep the library on disk, and load it; or say once why not.

The C compiler of the machine is asked for (``CC``, else cc, gcc or clang); it takes about half a second for each of
float32 and float64, and nothing but the standard C headers. The library is kept in ``NALA_LAB_CACHE``, else in the
user's cache directory, under a name that depends on source, compiler, flags and processor, so that it is compiled
again where it would not fit. ``NALA_LAB_KERNELS=0`` switches all of it off.

Without a compiler, or where it fails or takes too long, the optimizers run on torch operations: same results to
rounding, slower. The logger ``nala_lab.optim`` says so once in a process.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["PATIENCE", "Rule", "kernels"]

PATIENCE = 6.0  # seconds that a first step may wait for the compiler
_SOURCE = Path(__file__).with_name("_kernels.c")
_FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared")
_log = logging.getLogger("nala_lab.optim")


class Rule(ctypes.Structure):
    """The C structure of the same name: what to compute, with which numbers."""

    _fields_ = (
        ("what", ctypes.c_int),
        ("flags", ctypes.c_int),
        ("lr", ctypes.c_double),
        ("beta1", ctypes.c_double),
        ("beta2", ctypes.c_double),
        ("eps", ctypes.c_double),
        ("decay", ctypes.c_double),
        ("weight", ctypes.c_double),
    )


@cache
def kernels(kind: str) -> Any:
    """Return the C function ``update`` for ``"float"`` or ``"double"``, or None where it cannot be had."""
    if os.environ.get("NALA_LAB_KERNELS") == "0":
        return None
    try:
        update = ctypes.CDLL(str(_built(kind))).update
    except (OSError, subprocess.SubprocessError, AttributeError) as trouble:
        _say(f"{type(trouble).__name__}: {trouble}")
        return None
    update.argtypes = [ctypes.c_void_p, ctypes.c_longlong, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    update.restype = ctypes.c_int
    return update


@cache
def _say(why: str) -> None:
    _log.warning("the optimizers run unfused, on torch operations, because no kernel could be compiled (%s)", why)


def _built(kind: str) -> Path:
    """Path of the library; compiled now if it is not there."""
    compiler = _compiler()
    flags = [*_FLAGS, "-pthread", f"-DT={kind}", _for_this_processor()]
    parts = [_SOURCE.read_text(encoding="utf-8"), compiler, *flags, _processor(), sys.platform, platform.machine()]
    name = f"kernels-{kind}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:20]}.so"
    folder = _folder()
    kept = folder / name
    if not _is_ours(kept):
        handle, made = tempfile.mkstemp(suffix=".so", dir=folder)
        os.close(handle)
        try:
            command = [compiler, *flags, str(_SOURCE), "-o", made, "-lm"]
            subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE / 2)  # two types in one model
            os.chmod(made, 0o700)
            os.replace(made, kept)  # another process sees the whole library or none
        finally:
            Path(made).unlink(missing_ok=True)
    return kept


def _compiler() -> str:
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        if name and (found := shutil.which(name)):
            return found
    raise OSError("no C compiler among CC, cc, gcc and clang")


def _for_this_processor() -> str:
    return "-march=native" if platform.machine() in ("x86_64", "AMD64", "i686") else "-mcpu=native"


def _processor() -> str:
    """What decides which instructions there are; the cache may be on a disk that several machines share."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() + platform.node()
    return "\n".join(sorted({x for x in lines if x.startswith(("flags", "Features", "model name"))}))


def _folder() -> Path:
    """Folder for the libraries; a private one for this process where the cache cannot be written."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("NALA_LAB_CACHE") or Path(base) / "nala_lab")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(_private().name)


@cache
def _private() -> tempfile.TemporaryDirectory[str]:
    """Held by the cache until the process ends, and deleted then."""
    return tempfile.TemporaryDirectory(prefix="nala_lab-")


def _is_ours(path: Path) -> bool:
    """True for a library that exists and that no other user could have written."""
    if not path.is_file():
        return False
    about = path.stat()
    return not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o022)
