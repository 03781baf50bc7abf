"""Which of many runs may stand in one table: one protocol, one setting an optimizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from nala_lab.core.records import Record, config_hash, read_record
from nala_lab.core.tables import ORDER

__all__ = ["comparable", "runs_of"]


def runs_of(folder: Path | str, task: str) -> list[Record]:
    """The whole runs in FOLDER/TASK that are `comparable`; an empty list where there is none.

    Raises
    ------
    RecordError
        For a record that is broken.
    """
    return comparable([read_record(path) for path in sorted((Path(folder) / task).glob("*.jsonl"))])


def comparable(records: Sequence[Record]) -> list[Record]:
    """Keep the protocol with the most runs, and in it each optimizer's hyperparameters with the most runs.

    A protocol is everything in a configuration but seed, optimizer and device. Of equally frequent ones the first is
    kept. The result is in the order of the papers' tables, then of seeds.
    """
    kept = _most(records, [config_hash(_protocol(record)) for record in records])
    names = list(dict.fromkeys(record.optimizer for record in kept))
    shown: list[Record] = []
    for name in sorted(names, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)):
        own = [record for record in kept if record.optimizer == name]
        chosen = _most(own, [config_hash(record.header["config"].get("optimizer", {})) for record in own])
        shown += sorted(chosen, key=lambda record: record.seed)
    return shown


def _protocol(record: Record) -> dict[str, object]:
    return {key: value for key, value in record.header["config"].items() if key not in ("seed", "optimizer", "device")}


def _most(records: Sequence[Record], keys: Sequence[str]) -> list[Record]:
    """The records with the most frequent key."""
    best = Counter(keys).most_common(1)
    return [record for record, key in zip(records, keys, strict=True) if key == best[0][0]]
