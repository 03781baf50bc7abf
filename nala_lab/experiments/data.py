"""Image data as tensors, wholly in memory on the device.

Both data sets are 28 x 28 pixels and ten classes, so that one LeNet-5 takes either:

digits         scikit-learn's 1797 digits of 8 x 8 pixels, no download; each pixel is repeated three times in both
               directions and a border of two zeros is added (3 * 8 + 2 * 2 = 28); split once and for all by a named
               stream into 1536 training images (six mini-batches of 256) and 261 test images.
fashion-mnist  the 60,000 + 10,000 images of Xiao, Rasul and Vollgraf (2017), in the official order.

Pixels are standardised with the mean and standard deviation of the training images. No augmentation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nala_lab.core import require_choice, stream
from nala_lab.experiments.fetch import FASHION_MNIST, FASHION_MNIST_URL, read_all
from nala_lab.experiments.idx import DataError, parse_idx

__all__ = ["DATASETS", "Data", "DataError", "digits", "fashion_mnist", "load_data"]

DIGITS_TRAIN = 1536
Pixels = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # train x, train y, test x, test y, all uint8


@dataclass(frozen=True)
class Data:
    """A classification data set on one device.

    Attributes
    ----------
    name : name of the data set.
    sha256 : of the pixels and labels, so that a record says what was learned from.
    train_x, test_x : (n, 1, 28, 28) float32, standardised.
    train_y, test_y : (n,) int64, class numbers.
    classes : number of classes.
    """

    name: str
    sha256: str
    train_x: torch.Tensor
    train_y: torch.Tensor
    test_x: torch.Tensor
    test_y: torch.Tensor
    classes: int = 10

    def first(self, train: int | None, test: int | None) -> Data:
        """Keep the first `train` and `test` images; None keeps all."""
        return Data(self.name, self.sha256, self.train_x[:train], self.train_y[:train], self.test_x[:test],
                    self.test_y[:test], self.classes)  # fmt: skip


def digits(folders: Sequence[Path] = ()) -> Pixels:
    """scikit-learn's digits as 28 x 28 bytes; `folders` is not needed."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    # 0..16 becomes 0..255 or less by a factor of 15, in exact integers.
    small = (bunch.images * 15).astype(np.uint8)
    x = np.pad(small.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2)))
    y = bunch.target.astype(np.uint8)
    # The split is part of the data set: the same for every seed of a run.
    order = stream(0, "digits", "split").permutation(len(y))
    train, test = order[:DIGITS_TRAIN], order[DIGITS_TRAIN:]
    return x[train], y[train], x[test], y[test]


def fashion_mnist(folders: Sequence[Path] = ()) -> Pixels:
    """Fashion-MNIST from its four IDX files, found in `folders` or downloaded when `folders` is empty.

    Raises
    ------
    DataError
        For a missing or corrupt file, or a download that fails.
    """
    raw = read_all("fashion-mnist", FASHION_MNIST, folders, FASHION_MNIST_URL)
    parts = {file: parse_idx(content, file) for file, content in raw.items()}
    return tuple(parts[file] for file in FASHION_MNIST)  # type: ignore[return-value]


DATASETS: dict[str, Callable[[Sequence[Path]], Pixels]] = {"digits": digits, "fashion-mnist": fashion_mnist}


def load_data(name: str, *, folders: Sequence[Path] = (), device: str | torch.device = "cpu") -> Data:
    """Load a data set by name and put it on the device, standardised.

    Raises
    ------
    ValueError
        For a name that is not in DATASETS; as DataError, for files that are missing or corrupt.

    Examples
    --------
    >>> data = load_data("digits")
    >>> data.train_x.shape, data.test_x.shape
    (torch.Size([1536, 1, 28, 28]), torch.Size([261, 1, 28, 28]))
    """
    require_choice("data", name, DATASETS)
    pixels = DATASETS[name](folders)
    train_x, train_y, test_x, test_y = pixels
    mean, sd = train_x.mean(dtype=np.float64), train_x.std(dtype=np.float64)
    return Data(
        name=name,
        sha256=_fingerprint(pixels),
        train_x=_standardised(train_x, mean, sd, device),
        train_y=torch.tensor(train_y, dtype=torch.int64, device=device),
        test_x=_standardised(test_x, mean, sd, device),
        test_y=torch.tensor(test_y, dtype=torch.int64, device=device),
    )


def _standardised(x: np.ndarray, mean: float, sd: float, device: str | torch.device) -> torch.Tensor:
    pixels = torch.tensor(x, dtype=torch.float32, device=device)
    return pixels.sub_(float(mean)).div_(float(sd)).unsqueeze(1)


def _fingerprint(pixels: Pixels) -> str:
    total = hashlib.sha256()
    for part in pixels:
        total.update(np.ascontiguousarray(part).tobytes())
    return total.hexdigest()
