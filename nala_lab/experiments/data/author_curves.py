"""The curves that the papers' authors and AdaBelief's put on the net, to be drawn beside our own. None is in the lab.

    nala_cifar_curves.csv          the four logs of the NALA authors (LeNet-5 and AlexNet on CIFAR-10 and CIFAR-100):
                                   loss and accuracy of ONE training mini-batch of 256, every 100 timesteps
    adabelief_cifar10_curves.csv   VGG11, ResNet34 and DenseNet121 with nine optimizers, accuracy in % by epoch
    adabelief_ptb_lstm_curves.csv  1, 2 and 3 LSTM layers on Penn Treebank with eight optimizers, perplexity by epoch

They are looked for in the folders of NALA_LAB_DATA, gzipped or not. The first can also be had from its authors:

    python -m nala_lab.experiments.data.author_curves FOLDER       # downloads, writes FOLDER/nala_cifar_curves.csv.gz

The other two were saved by their authors with pickle, which the lab does not open. Every file is checked to the last
digit: what the program wrote from the downloaded logs must have the checksum of the file that the lab was built with.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nala_lab.experiments.data.fetch import VARIABLE, checked, data_folders, places, read_folder, retrieve
from nala_lab.experiments.data.idx import DataError, MissingData

__all__ = ["Curve", "download_nala", "published_curves", "tidy_nala"]

FILES = {  # sha256 of the unpacked file
    "nala_cifar_curves.csv": "f94cfb347fa758be6d032bba05f7891a3485eeeb21226887fdc63305d435e4f0",
    "adabelief_cifar10_curves.csv": "d28a2549307eae52e7e3dd13f321dae3d89e7829e66de3e4f1ef341a7ec4fa98",
    "adabelief_ptb_lstm_curves.csv": "914fa1c6300761e08e8c717d85fd76edb2da7883bc42e108c08a4b63c7dda3fd",
}
NALA = "nala_cifar_curves.csv"
NALA_URL = (
    "https://raw.githubusercontent.com/guanzhongzx/OptimizerPerformance/606a85e240b562c8dd832bbad6bcd94eb8404f84/"
)
NALA_LOGS = {  # file -> network, data set, what its rows hold
    "cifar10_train_10NALA.csv": ("LeNet-5", "CIFAR-10", ("loss", "accuracy")),
    "cifar10_train_100NALA.csv": ("LeNet-5", "CIFAR-100", ("loss", "accuracy")),
    "cifar10_train_10NALAAlex.csv": ("AlexNet", "CIFAR-10", ("loss", "accuracy", "convergence_rate")),
    "cifar10_train_100NALAAlex.csv": ("AlexNet", "CIFAR-100", ("loss", "accuracy", "convergence_rate")),
}
HEAD = ("network", "dataset", "timestep", "metric", "value")


@dataclass(frozen=True)
class Curve:
    """One published curve.

    Attributes
    ----------
    source : the file it is from. network, dataset, optimizer : as the file has them; optimizer is "NALA" in its logs.
    settings : hyperparameters as the authors named the run, which is not always what their program used.
    split : ``"train"`` or ``"test"``. metric : loss, accuracy (share), accuracy_percent, perplexity, convergence_rate.
    axis : what x counts, ``"timestep"`` or ``"epoch"``. x, y : (n,) arrays.
    """

    source: str
    network: str
    dataset: str
    optimizer: str
    settings: str
    split: str
    metric: str
    axis: str
    x: np.ndarray
    y: np.ndarray


def published_curves(
    folders: Sequence[Path] | None = None, *, files: Sequence[str] = tuple(FILES), **wanted: str
) -> list[Curve]:
    """Read curves; keywords such as ``network="VGG11", optimizer="Adam", split="test"`` pick some of them.

    Raises MissingData when no folder holds a file, saying how to get it; DataError for a file with another checksum.

    Parameters
    ----------
    folders : where to look; None means the folders of NALA_LAB_DATA.
    files : names in FILES.
    """
    where = data_folders() if folders is None else list(folders)
    found: list[Curve] = []
    for file in files:
        text = _read(file, where)
        found += _from_nala(text) if file == NALA else _from_adabelief(file, text)
    return [curve for curve in found if all(getattr(curve, key) == value for key, value in wanted.items())]


def _read(file: str, folders: Sequence[Path]) -> str:
    for place in places(folders):
        content = read_folder("published curves", place, {file: FILES[file]})
        if content is not None:
            return content[file].decode()
    how = f"; python -m {__spec__.name if __spec__ else __name__} FOLDER downloads it" if file == NALA else ""
    raise MissingData(f"published curves: no {file}[.gz] in {' or '.join(map(str, folders)) or VARIABLE}{how}")


def _from_nala(text: str) -> list[Curve]:
    found = _grouped(text, ("network", "dataset", "metric"), "timestep")
    return [
        Curve(NALA, network, dataset, "NALA", "", "train", metric, "timestep", *xy)
        for (network, dataset, metric), xy in found.items()
    ]


def _from_adabelief(file: str, text: str) -> list[Curve]:
    found = _grouped(text, ("model", "dataset", "optimizer", "hyperparameters", "split", "metric"), "epoch")
    return [Curve(file, *key, "epoch", *xy) for key, xy in found.items()]


def _grouped(text: str, names: Sequence[str], axis: str) -> dict[tuple[str, ...], tuple[np.ndarray, np.ndarray]]:
    """The columns `names` -> axis and values; a row without a place on the axis is the best of the others."""
    points: dict[tuple[str, ...], list[tuple[int, float]]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        if row[axis]:
            points.setdefault(tuple(row[name] for name in names), []).append((int(row[axis]), float(row["value"])))
    return {key: (np.array([x for x, _ in pairs]), np.array([y for _, y in pairs])) for key, pairs in points.items()}


# ---- from the authors' logs ----------------------------------------------------------------------------------------


def tidy_nala(logs: Mapping[str, str]) -> str:
    """Turn the four logs into one file with a row per number, every digit as it was.

    A log has its timesteps in the first line; each further line is one metric, and one number more at its end, the
    best of them, for loss and accuracy.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for file, (network, dataset, metrics) in NALA_LOGS.items():
        head, *lines = (line.rstrip(",").split(",") for line in logs[file].splitlines() if line.strip(", "))
        for metric, values in zip(metrics, lines, strict=True):
            writer.writerows((network, dataset, t, metric, x) for t, x in zip(head, values, strict=False))
            for best in values[len(head) :]:
                writer.writerow((network, dataset, "", f"reported_best_{metric}", best))
    return out.getvalue()


def download_nala(folder: Path, *, url: str = NALA_URL, cache: Path | None = None) -> Path:
    """Download the NALA authors' logs and write ``nala_cifar_curves.csv.gz`` into `folder`.

    Raises DataError when a download fails, the logs are not those the lab knows, or the folder cannot be written. Logs
    that are not the known ones leave the cache, so that the next attempt downloads them again.
    """
    paths = {file: retrieve("nala-curves", url, file, cache) for file in NALA_LOGS}
    try:
        texts = {file: path.read_text(encoding="utf-8-sig") for file, path in paths.items()}
        tidy = checked(tidy_nala(texts).encode(), FILES[NALA], NALA, "the file made from the downloaded logs")
    except ValueError as error:
        for path in paths.values():
            path.unlink(missing_ok=True)
        raise DataError(str(error)) from error
    path = folder / f"{NALA}.gz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        partial.write_bytes(gzip.compress(tidy, mtime=0))
        os.replace(partial, path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error})") from error
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m nala_lab.experiments.data.author_curves FOLDER``."""
    parser = argparse.ArgumentParser(prog="python -m nala_lab.experiments.data.author_curves", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="where to write; name it in NALA_LAB_DATA to have it found")
    try:
        print(download_nala(parser.parse_args(arguments).folder))
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
