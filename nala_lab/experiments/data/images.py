"""Image data wholly in memory on the device, as the bytes that were published.

digits         scikit-learn's 1797 digits of 8 x 8 pixels, no download; each pixel is repeated three times in both
               directions and a border of two zeros is added (3 * 8 + 2 * 2 = 28); split once and for all by a named
               stream into 1536 training images (six mini-batches of 256) and 261 test images.
fashion-mnist  the 60,000 + 10,000 images of Xiao, Rasul and Vollgraf (2017), 28 x 28, in the official order.
cifar-10       the 50,000 + 10,000 images of Krizhevsky (2009), 3 x 32 x 32, in the official order.
cifar-100      the same with 100 fine classes; from sheets only a part of it: see `nala_lab.experiments.data.cifar`.

Where no folder is named, a run at smoke scale may have a generated stand-in of the same shape; its output says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import torch

from nala_lab.core import require_choice, stream
from nala_lab.experiments.data.cifar import CIFAR_10, CIFAR_100, Pixels, read_cifar
from nala_lab.experiments.data.fetch import FASHION_MNIST, FASHION_MNIST_URL, read_all
from nala_lab.experiments.data.idx import DataError, parse_idx

__all__ = ["DATASETS", "Data", "DataError", "digits", "fashion_mnist", "load_data", "load_pixels", "stand_in"]

DIGITS_TRAIN = 1536
STAND_IN = (1024, 256)  # training and test images of generated data


@dataclass(frozen=True)
class Data:
    """A classification data set on one device.

    Attributes
    ----------
    name : name of the data set.
    sha256 : of the published pixels and labels, so that a record says what was learned from.
    train_x, test_x : (n, channels, height, width) uint8 as published, or float32 once `standardised`.
    train_y, test_y : (n,) int64, class numbers.
    mean, sd : (channels, 1, 1) float32, of the pixels of all training images, 0 to 255.
    classes : number of classes.
    """

    name: str
    sha256: str
    train_x: torch.Tensor
    train_y: torch.Tensor
    test_x: torch.Tensor
    test_y: torch.Tensor
    mean: torch.Tensor
    sd: torch.Tensor
    classes: int = 10

    def first(self, train: int | None, test: int | None) -> Data:
        """Keep the first `train` and `test` images; None keeps all."""
        return replace(self, train_x=self.train_x[:train], train_y=self.train_y[:train],
                       test_x=self.test_x[:test], test_y=self.test_y[:test])  # fmt: skip

    def held_out(self, share: int) -> Data:
        """Test on the last 1/`share` of the training images, on one at least, and train on the others: for tuning."""
        n = max(1, len(self.train_y) // share)
        return replace(self, train_x=self.train_x[:-n], train_y=self.train_y[:-n],
                       test_x=self.train_x[-n:], test_y=self.train_y[-n:])  # fmt: skip

    def standardised(self) -> Data:
        """Pixels as float32 with mean 0 and standard deviation 1 over the training images, channel by channel."""
        train_x, test_x = ((x.float().sub_(self.mean).div_(self.sd)) for x in (self.train_x, self.test_x))
        return replace(self, train_x=train_x, test_x=test_x)


def digits(folders: Sequence[Path] = ()) -> tuple[str, Pixels]:
    """scikit-learn's digits as 28 x 28 bytes; `folders` is not needed."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    # 0..16 becomes 0..255 or less by a factor of 15, in exact integers.
    small = (bunch.images * 15).astype(np.uint8)
    x = np.pad(small.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2)))[:, None]
    y = bunch.target.astype(np.uint8)
    # The split is part of the data set: the same for every seed of a run.
    order = stream(0, "digits", "split").permutation(len(y))
    train, test = order[:DIGITS_TRAIN], order[DIGITS_TRAIN:]
    return "digits", (x[train], y[train], x[test], y[test])


def fashion_mnist(folders: Sequence[Path] = ()) -> tuple[str, Pixels]:
    """Fashion-MNIST from its four IDX files, found in `folders` or downloaded when `folders` is empty.

    Raises DataError for a missing or corrupt file, or a download that fails.
    """
    raw = read_all("fashion-mnist", FASHION_MNIST, folders, FASHION_MNIST_URL)
    train_x, train_y, test_x, test_y = (parse_idx(raw[file], file) for file in FASHION_MNIST)
    return "fashion-mnist", (train_x[:, None], train_y, test_x[:, None], test_y)


@dataclass(frozen=True)
class _Source:
    """How a data set is read, and the shape of its stand-in."""

    read: Callable[[Sequence[Path]], tuple[str, Pixels]]
    shape: tuple[int, int, int]
    classes: int
    needs_files: bool = True


DATASETS: dict[str, _Source] = {
    "digits": _Source(digits, (1, 28, 28), 10, needs_files=False),
    "fashion-mnist": _Source(fashion_mnist, (1, 28, 28), 10),
    "cifar-10": _Source(partial(read_cifar, CIFAR_10), (3, 32, 32), 10),
    "cifar-100": _Source(partial(read_cifar, CIFAR_100), (3, 32, 32), 100),
}


def load_pixels(
    name: str, *, folders: Sequence[Path] = (), device: str | torch.device = "cpu", standin: bool = False
) -> Data:
    """Load a data set by name and put its bytes on the device; a second call in the same process gives the same Data.

    Raises ValueError for a name that is not in DATASETS; as DataError, for files that are missing or corrupt.

    Parameters
    ----------
    name : in DATASETS.
    folders : where the files are; without any, they are downloaded.
    standin : where no folder is named, generate data of the same shape, called ``NAME (generated)``, and download
        nothing.

    Examples
    --------
    >>> data = load_pixels("digits")
    >>> data.train_x.shape, data.train_x.dtype, data.test_x.shape
    (torch.Size([1536, 1, 28, 28]), torch.uint8, torch.Size([261, 1, 28, 28]))
    >>> load_pixels("cifar-10", standin=True).name
    'cifar-10 (generated)'
    """
    require_choice("data", name, DATASETS)
    return _loaded(name, tuple(map(Path, folders)), str(device), standin)


def load_data(name: str, *, folders: Sequence[Path] = (), device: str | torch.device = "cpu") -> Data:
    """Load a data set and standardise it once and for all, for training without augmentation.

    Raises as `load_pixels` does.

    Examples
    --------
    >>> load_data("digits").train_x.dtype
    torch.float32
    """
    return load_pixels(name, folders=folders, device=device).standardised()


def stand_in(name: str) -> tuple[str, Pixels]:
    """Generated pictures of the shape of a data set, the same at every call, from which its classes can be learned.

    Each class has a pattern of 4 x 4 grey or coloured squares; an image is its class's pattern and noise, half each.

    Examples
    --------
    >>> title, (train_x, train_y, test_x, test_y) = stand_in("fashion-mnist")
    >>> title, train_x.shape, test_y.shape
    ('fashion-mnist (generated)', (1024, 1, 28, 28), (256,))
    """
    channels, height, width = DATASETS[name].shape
    classes = DATASETS[name].classes
    draw = stream(0, "stand-in", name)
    coarse = draw.integers(256, size=(classes, channels, 4, 4))
    pattern = coarse.repeat(height // 4, axis=2).repeat(width // 4, axis=3)
    parts = []
    for n in STAND_IN:
        # Every class comes as often as any other, to within one.
        y = draw.permutation(np.arange(n) % classes)
        noise = draw.integers(256, size=(n, channels, height, width))
        parts += [((pattern[y] + noise) // 2).astype(np.uint8), y.astype(np.uint8)]
    return f"{name} (generated)", tuple(parts)  # type: ignore[return-value]


@lru_cache(maxsize=3)  # CIFAR-10 takes two seconds to decode, and a table of runs loads it for each of them
def _loaded(name: str, folders: tuple[Path, ...], device: str, standin: bool) -> Data:
    title, pixels = _found(name, folders, standin)
    train_x, train_y, test_x, test_y = pixels
    mean, sd = _moments(train_x)
    return Data(
        name=title,
        sha256=_fingerprint(pixels),
        train_x=torch.tensor(train_x, device=device),
        train_y=torch.tensor(train_y, dtype=torch.int64, device=device),
        test_x=torch.tensor(test_x, device=device),
        test_y=torch.tensor(test_y, dtype=torch.int64, device=device),
        mean=torch.tensor(mean, dtype=torch.float32, device=device)[:, None, None],
        sd=torch.tensor(sd, dtype=torch.float32, device=device)[:, None, None],
        classes=DATASETS[name].classes,
    )


def _found(name: str, folders: tuple[Path, ...], standin: bool) -> tuple[str, Pixels]:
    """A stand-in only where nobody said where the data are: its numbers would pass for those of the real ones."""
    generate = standin and not folders and DATASETS[name].needs_files
    return stand_in(name) if generate else DATASETS[name].read(folders)


def _moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel of (n, c, h, w) bytes, from exact counts of the 256 values."""
    counts = np.stack([np.bincount(x[:, c].ravel(), minlength=256) for c in range(x.shape[1])])
    values, n = np.arange(256), counts.sum(1)
    mean = counts @ values / n
    return mean, np.sqrt(counts @ values**2 / n - mean**2)


def _fingerprint(pixels: Pixels) -> str:
    total = hashlib.sha256()
    for part in pixels:
        total.update(np.ascontiguousarray(part))
    return total.hexdigest()
