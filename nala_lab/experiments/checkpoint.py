"""Checkpoints of a training run that are whole or absent, whatever moment the process dies at.

A file is written under the name ``*.partial``, forced to the disk, and renamed in one step; the folder is forced to the
disk too. So the name that is asked for always holds the previous checkpoint or the new one. It holds tensors and plain
Python only and is read with ``weights_only=True``: reading it runs no code.

One process writes one name. Where several train together, one of them saves.
"""

from __future__ import annotations

import os
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

__all__ = ["FORMAT", "VERSION", "CheckpointError", "load", "save"]

FORMAT, VERSION = "nala_lab checkpoint", 1
# What weights_only=True reads, and no subclass of it; of defaultdict it reads none.
_PLAIN = {str, bytes, bool, int, float, type(None), torch.dtype, torch.device}
_HOLDERS = {dict, OrderedDict, Counter}
_ROWS = {list, tuple, torch.Size}
_TENSORS = {torch.Tensor, torch.nn.Parameter}

Streams = Mapping[str, torch.Generator | np.random.Generator]


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, written or used, in one sentence that names the file."""


def save(path: Path | str, *, model: Any = None, optimizer: Any = None, scheduler: Any = None, scaler: Any = None,
         streams: Streams | None = None, **progress: Any) -> Path:  # fmt: skip
    """Write the state of a run, and return the path.

    Raises CheckpointError when something in it is neither a tensor nor plain Python, or the file cannot be written.
    What stood under `path` is then still there.

    Parameters
    ----------
    path : the name of the file; its folder is made. What stood under that name is replaced.
    model, optimizer, scheduler, scaler : anything with ``state_dict()``, or None. Taken inside ``opt.slow_weights()``
        model and optimizer describe a run that stands at its slow weights.
    streams : random generators by name, of torch or NumPy; where each of them stands is saved.
    progress : plain values to be given back by `load`: ``step=120, epoch=3, best=0.91``.
    """
    path = Path(path)
    given = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "scaler": scaler}
    parts: dict[str, Any] = {name: part.state_dict() for name, part in given.items() if part is not None}
    parts["streams"] = {name: _position(stream) for name, stream in (streams or {}).items()}
    parts["progress"] = progress
    _require_plain(path, parts, "")
    try:
        _write(path, {"format": FORMAT, "version": VERSION, "torch": str(torch.__version__), **parts})
    except (OSError, RuntimeError) as error:  # where a disk is full in mid-file, torch buries the OSError in its own
        why = error if isinstance(error, OSError) else error.__context__ or error
        raise CheckpointError(f"{path}: cannot be written ({why})") from error
    return path


def load(path: Path | str, *, model: Any = None, optimizer: Any = None, scheduler: Any = None, scaler: Any = None,
         streams: Streams | None = None, map_location: Any = "cpu") -> dict[str, Any]:  # fmt: skip
    """Put the saved state into the objects given, and return the progress that was saved.

    The file is read and checked as a whole before the first object is changed. An object that is left out is not
    restored; one that is given must be in the file.

    Raises CheckpointError when the file is missing, broken, from another program or a newer version, lacks a part that
    is asked for, or holds a state that does not fit.

    Examples
    --------
    >>> import tempfile
    >>> w = torch.nn.Linear(1, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save(Path(folder) / "run.pt", model=w, step=7)
    ...     load(path, model=torch.nn.Linear(1, 1))
    {'step': 7}
    """
    path = Path(path)
    parts = _read(path, map_location)
    given = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "scaler": scaler}
    wanted = {name: part for name, part in given.items() if part is not None}
    missing = [name for name in wanted if name not in parts]
    missing += [f"stream {name!r}" for name in streams or {} if name not in parts["streams"]]
    if missing:
        raise CheckpointError(f"{path}: holds no {', no '.join(missing)}")
    for name, part in wanted.items():
        try:
            part.load_state_dict(parts[name])
        except (ValueError, RuntimeError, KeyError, TypeError) as error:
            reason = " ".join(str(error).split())
            raise CheckpointError(f"{path}: its {name} does not fit ({reason})") from error
    for name, stream in (streams or {}).items():
        _go_to(stream, parts["streams"][name], f"{path}: stream {name!r}")
    return dict(parts["progress"])


# ---- the file -------------------------------------------------------------------------------------------------------


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _force_folder(path.parent)


def _force_folder(folder: Path) -> None:
    """The new name must survive a power failure too: it is the folder's content."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path, map_location: Any) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()  # torch does not compare the checksums that it writes
        if damaged is not None:
            raise CheckpointError(f"{path}: is damaged (the checksum of {damaged} is wrong)")
        content = torch.load(path, weights_only=True, map_location=map_location)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: there is no such file") from error
    except CheckpointError:
        raise
    except zipfile.BadZipFile as error:
        raise CheckpointError(f"{path}: is cut off, damaged, or no checkpoint at all ({error})") from error
    except Exception as error:  # torch raises several kinds, RuntimeError and UnpicklingError among them
        raise CheckpointError(f"{path}: cannot be read ({type(error).__name__})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path}: was not written by nala_lab.experiments.checkpoint.save")
    if content["version"] > VERSION:
        raise CheckpointError(f"{path}: is of version {content['version']}, this program reads up to {VERSION}")
    return content


def _require_plain(path: Path, value: Any, where: str) -> None:
    if type(value) in _HOLDERS:
        for key, item in value.items():
            _require_plain(path, key, where)
            _require_plain(path, item, f"{where}.{key}" if where else str(key))
    elif type(value) in _ROWS:
        for i, item in enumerate(value):
            _require_plain(path, item, f"{where}[{i}]")
    elif type(value) in _TENSORS:
        _require_plain(path, vars(value), where)  # attributes that somebody gave it are saved with it
    elif type(value) not in _PLAIN:
        kind = type(value).__name__
        raise CheckpointError(f"{path}: {where} is a {kind}; only tensors and plain Python can be saved")


# ---- random streams -------------------------------------------------------------------------------------------------


def _position(stream: torch.Generator | np.random.Generator) -> Any:
    if isinstance(stream, torch.Generator):
        return stream.get_state()
    if isinstance(stream, np.random.Generator):
        return _plain(stream.bit_generator.state)
    raise CheckpointError(f"a stream is a torch.Generator or a numpy.random.Generator, not a {type(stream).__name__}")


def _plain(state: Any) -> Any:
    """NumPy's bit generators keep small arrays and NumPy integers in their state; those become lists and integers."""
    if isinstance(state, dict):
        return {key: _plain(value) for key, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray | np.generic) else state


def _go_to(stream: torch.Generator | np.random.Generator, position: Any, what: str) -> None:
    kind = torch.Tensor if isinstance(stream, torch.Generator) else dict
    if not isinstance(position, kind):
        raise CheckpointError(f"{what} belongs to another library than the {type(stream).__module__} generator given")
    try:
        if isinstance(stream, torch.Generator):
            stream.set_state(position.cpu())
        else:
            stream.bit_generator.state = position
    except (ValueError, RuntimeError) as error:
        raise CheckpointError(f"{what} does not fit ({error})") from error
