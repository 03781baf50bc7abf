"""Records of training runs: JSON-lines files that hold numbers and hashes, small enough to commit.

One run is one file of one JSON object a line: a *header* (what was run), *rows* (what happened), a *footer*
(how it ended). It is written under the name ``*.jsonl.partial`` and renamed at the end, so a name ending in
``.jsonl`` is always a whole run, and what a kill leaves behind is a readable prefix. JSON has no NaN and no
infinity: they are written as the strings ``"nan"``, ``"inf"``, ``"-inf"`` and read back as floats.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import numpy as np

from nala_lab.core import Real

__all__ = ["DIVERGED", "FINISHED", "LIMIT", "QUIET", "SCHEMA", "UNFINISHED", "Record", "RecordError", "RecordWriter",
           "config_hash", "load_records", "read_record"]  # fmt: skip

SCHEMA = 1
LIMIT = 200_000  # bytes, a run of 230 epochs; a larger record does not belong into a repository
QUIET = 0.1  # cores: what an idle system does for itself stays below; a convention of this lab
FINISHED, DIVERGED, UNFINISHED = "finished", "diverged", "unfinished"

_HEADER_KEYS = {"schema": int, "task": str, "optimizer": str, "seed": int, "config": dict, "config_hash": str,
                "data": dict, "versions": dict, "platform": dict}  # fmt: skip
_FOOTER_KEYS = {"outcome": str, "rows": int, "totals": dict}
_SPOKEN = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class RecordError(ValueError):
    """A record that cannot be read or written, in one sentence that names the file."""


@dataclass(frozen=True)
class Record:
    """One run as read from its file.

    Attributes
    ----------
    path : the file.
    header : task, optimizer, seed, config, config_hash, data, versions, platform ...
    rows : the rows in order, each with its ``kind``.
    footer : outcome, totals ...; None when the run was stopped before its end.
    """

    path: Path
    header: dict[str, Any]
    rows: tuple[dict[str, Any], ...]
    footer: dict[str, Any] | None

    @property
    def task(self) -> str:
        """Name of the task."""
        return str(self.header["task"])

    @property
    def optimizer(self) -> str:
        """Name of the optimizer."""
        return str(self.header["optimizer"])

    @property
    def seed(self) -> int:
        """Seed of the run."""
        return int(self.header["seed"])

    @property
    def outcome(self) -> str:
        """``"finished"``, ``"diverged"``, or ``"unfinished"`` for the prefix that a kill left."""
        return str(self.footer["outcome"]) if self.footer else UNFINISHED

    @property
    def generated(self) -> bool:
        """Whether it was trained on generated data, which stand in for the real ones."""
        return str(self.header["data"].get("name", "")).endswith("(generated)")

    @property
    def machine(self) -> str:
        """Whether the machine was the run's alone: ``"quiet"``, ``"shared"``, or ``""`` where the record does not say.

        It tells what the seconds are worth. Shared means that other processes kept more than QUIET cores busy, on
        average over the training; runs that are trained at the same time are such processes to each other.
        """
        others = self.number(self.totals, "other_cores") if "other_cores" in self.totals else math.nan
        return "" if math.isnan(others) else "quiet" if others <= QUIET else "shared"

    def column(self, kind: str, name: str) -> Real:
        """The numbers called `name` in the rows of one `kind`, as (rows,) floats; empty when none.

        Raises RecordError where a row of that kind has no such number.
        """
        return np.array([self.number(row, name) for row in self.rows if row["kind"] == kind], dtype=float)

    def number(self, row: Mapping[str, Any], name: str) -> float:
        """The number called `name` in one of the rows, or in the footer's totals.

        Raises RecordError, one sentence with the file and the line, where there is no such number.
        """
        value = row.get(name)
        try:
            if isinstance(value, int | float):
                return float(value)
        except OverflowError:  # an integer that no float holds
            pass
        line = next((line for line, one in enumerate(self.rows, 2) if one is row), len(self.rows) + 2)
        kind = row.get("kind", "footer")
        raise RecordError(f"{self.path}, line {line}: a {kind} row has no number called {name}")

    @property
    def totals(self) -> Mapping[str, Any]:
        """What the run cost, as the footer has it; empty without a footer."""
        return (self.footer or {}).get("totals", {})


def config_hash(config: Mapping[str, Any]) -> str:
    """Name a configuration: 16 hexadecimal digits that do not depend on the order of its keys.

    Examples
    --------
    >>> config_hash({"lr": 0.1, "k": 5}) == config_hash({"k": 5, "lr": 0.1})
    True
    """
    return hashlib.sha256(_dumps(dict(config), sort_keys=True).encode()).hexdigest()[:16]


class RecordWriter:
    """Write one record row by row; the file gets its final name only when the run has ended.

    Use it as a context manager. Each row is flushed, so a kill loses at most the line being written.
    Leaving the block without ``finish`` (an exception, Ctrl-C) leaves the prefix under ``partial``.

    Parameters
    ----------
    path : the final name, ending in ``.jsonl``; folders are made.
    header : everything the run needs to be named again, without ``kind``, ``schema`` and ``config_hash``.

    Raises RecordError for what could not be read again, before it is written.

    Examples
    --------
    >>> import tempfile
    >>> header = dict(task="t", optimizer="sgd", seed=0, config={"lr": 0.1},
    ...               data={}, versions={}, platform={})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with RecordWriter(Path(folder) / "run.jsonl", header) as writer:
    ...         writer.row("train", timestep=0, loss=float("inf"))
    ...         path = writer.finish("diverged", totals={"timesteps": 1})
    ...     record = read_record(path)
    >>> record.outcome, record.column("train", "loss")
    ('diverged', array([inf]))
    """

    def __init__(self, path: Path | str, header: Mapping[str, Any]) -> None:
        path = Path(path)
        if path.suffix != ".jsonl":
            raise RecordError(f"{path}: the name of a record ends in .jsonl")
        config = header.get("config", {})
        if not isinstance(config, Mapping):
            raise RecordError(f"{path}: the header has config {config!r}, which is no table")
        first = {"kind": "header", "schema": SCHEMA, **header, "config_hash": config_hash(config)}
        _check_header(path, _decode(json.loads(_dumps(first))))
        self.path = path
        self.partial = path.with_name(path.name + ".partial")
        self.rows = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = self.partial.open("w", encoding="utf-8", newline="\n")
        try:
            self._write(first)
        except OSError:
            with suppress(OSError):  # what is buffered does not fit either
                self._file.close()
            raise

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._file.close()

    def row(self, kind: str, **values: Any) -> None:
        """Append one row of one `kind`.

        Raises RecordError for the kinds ``header`` and ``footer``, and for what is no number, word, list or table.
        """
        if not isinstance(kind, str):
            raise RecordError(f"{self.path}, line {self.rows + 2}: the kind of a row is a word, got {kind!r}")
        if kind in ("header", "footer"):
            raise RecordError(f"{self.path}, line {self.rows + 2}: a {kind} in the middle of the rows")
        self._write({"kind": kind, **values})
        self.rows += 1

    def finish(self, outcome: str, **footer: Any) -> Path:
        """Append the footer, move the file to its final name in one step, and return that name.

        Raises RecordError for another outcome, or totals that are missing or no numbers: the prefix is left.
        """
        last = _encode({"kind": "footer", "outcome": outcome, "rows": self.rows, **footer})
        _check_footer(self.path, self.rows + 2, _decode(last), rows=self.rows)
        self._write(last)
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self.partial, self.path)
        return self.path

    def _write(self, entry: dict[str, Any]) -> None:
        self._file.write(_dumps(entry) + "\n")
        self._file.flush()


def read_record(path: Path) -> Record:
    """Read one record and check it; a ``.partial`` file may lack its end.

    Raises RecordError, one sentence with the file and the line, when it is not what a writer writes.
    """
    partial = path.name.endswith(".partial")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path}: cannot be read ({error})") from error
    lines = text.split("\n")
    whole = lines.pop() == ""
    if not whole and not partial:
        raise RecordError(f"{path}, line {len(lines) + 1}: the line is cut off")
    entries = [_parse(path, number, line) for number, line in enumerate(lines, 1)]
    if not entries:
        raise RecordError(f"{path}, line 1: the file is empty, a header was expected")
    _check_header(path, entries[0])
    footer = entries.pop() if len(entries) > 1 and entries[-1]["kind"] == "footer" else None
    for number, entry in enumerate(entries[1:], 2):
        if entry["kind"] in ("header", "footer"):
            raise RecordError(f"{path}, line {number}: a {entry['kind']} in the middle of the rows")
    if footer is not None:
        _check_footer(path, len(lines), footer, rows=len(entries) - 1)
    elif not partial:
        raise RecordError(f"{path}, line {len(lines)}: the last line must be a footer")
    return Record(path=path, header=entries[0], rows=tuple(entries[1:]), footer=footer)


def load_records(folder: Path | str) -> list[Record]:
    """Read every whole record (``*.jsonl``) in `folder` and the folders below it, in the order of names.

    Raises RecordError when there is none, or one is broken.
    """
    paths = sorted(Path(folder).rglob("*.jsonl"))
    if not paths:
        raise RecordError(f"{folder}: no record (*.jsonl) here; `nala-lab train TASK --out DIR` writes into DIR/TASK")
    return [read_record(path) for path in paths]


def _dumps(entry: dict[str, Any], *, sort_keys: bool = False) -> str:
    try:
        return json.dumps(_encode(entry), allow_nan=False, sort_keys=sort_keys, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise RecordError(f"a record holds numbers, words, lists and tables of them; got: {error}") from error


def _encode(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    if isinstance(value, np.generic):
        return _encode(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return str(float(value))
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _decode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decode(item) for item in value]
    return _SPOKEN.get(value, value) if isinstance(value, str) else value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON; it is written as a string")


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path}, line {number}: not valid JSON ({error})") from error
    if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str):
        raise RecordError(f'{path}, line {number}: not an object with a "kind"')
    return dict(_decode(entry))


def _check_header(path: Path, header: dict[str, Any]) -> None:
    if header["kind"] != "header":
        raise RecordError(f"{path}, line 1: a header was expected, found a {header['kind']} row")
    schema = header.get("schema")
    if schema != SCHEMA:
        raise RecordError(f"{path}, line 1: schema {schema} cannot be read, this version reads {SCHEMA}")
    _check_keys(f"{path}, line 1: the header", header, _HEADER_KEYS)
    found = config_hash(header["config"])
    if found != header["config_hash"]:
        raise RecordError(f"{path}, line 1: config_hash is {header['config_hash']}, the config gives {found}")
    for key in ("task", "optimizer", "seed"):
        told = header["config"].get(key, header[key])
        told = told.get("name", header[key]) if isinstance(told, dict) else told
        if told != header[key]:
            raise RecordError(f"{path}, line 1: {key} is {header[key]!r} of a run whose config says {told!r}")


def _check_keys(what: str, entry: Mapping[str, Any], kinds: Mapping[str, type]) -> None:
    missing = [key for key in kinds if key not in entry]
    if missing:
        raise RecordError(f"{what} lacks {', '.join(missing)}")
    for key, kind in kinds.items():
        if not isinstance(entry[key], kind):
            raise RecordError(f"{what} has {key} {entry[key]!r}, which is not of type {kind.__name__}")


def _check_footer(path: Path, number: int, footer: dict[str, Any], *, rows: int) -> None:
    _check_keys(f"{path}, line {number}: the footer", footer, _FOOTER_KEYS)
    if footer["outcome"] not in (FINISHED, DIVERGED):
        raise RecordError(f"{path}, line {number}: unknown outcome {footer['outcome']!r}")
    for name, value in footer["totals"].items():
        whole = name in ("timesteps", "grad_evals")
        if not isinstance(value, int if whole else int | float):
            rule = "an integer" if whole else "a number"
            raise RecordError(f"{path}, line {number}: the footer's total {name} is {value!r}, which is not {rule}")
    counted = footer["rows"]
    if counted != rows:
        raise RecordError(f"{path}, line {number}: the footer counts {counted} rows, the file has {rows}")
