"""What turns images into features, between which `nala_lab.experiments.gan.fid` measures a distance.

    inception    Inception v3 with the weights of the FID paper, 2048 features: published FID. Needs the user's package
                 torch-fidelity (torchmetrics uses the same) and its file of weights; nothing is downloaded here.
    classifier   a small classifier that this module trains on CIFAR-10, once, from a fixed seed, 128 features
    random       the same network with its initial weights, which needs no data: for tests and smoke runs

FID of the last two is NOT COMPARABLE WITH PUBLISHED FID, and not with that of another extractor; every record says
which one it used, with a checksum of its weights. On one machine and number of threads the classifier comes out the
same to the last bit; elsewhere it may not, and the checksum tells.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from nala_lab.core import require, require_choice
from nala_lab.experiments import checkpoint
from nala_lab.experiments.models import initialise, torch_stream

__all__ = ["CAVEAT", "EXTRACTORS", "Extractor", "Recipe", "classifier", "get_extractor", "inception", "random_features"]

CAVEAT = "not comparable with published FID"
EXTRACTORS = ("auto", "inception", "classifier", "random")
INCEPTION_FILE = "weights-inception-2015-12-05-6726825d.pth"  # the end of the name is the start of its sha256
SEED = 0  # of the stand-ins: they belong to the measurement, not to a run
PART = 500  # images at a time


class Extractor(Protocol):
    """Turns images into features.

    Attributes
    ----------
    label : what it is, for records and captions; holds CAVEAT unless it is the published one.
    sha256 : of its weights.
    """

    label: str
    sha256: str

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Features (n, d) on the CPU of uint8 images (n, 3, height, width)."""


@dataclass
class _Network:
    """An extractor that is a torch module; `call` maps uint8 images to features."""

    label: str
    sha256: str
    call: Any

    @torch.no_grad()
    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Features of the images, PART at a time."""
        require("images.dtype", images.dtype, images.dtype == torch.uint8, "torch.uint8", "0 to 255")
        shape = tuple(images.shape)
        require("images", shape, len(shape) == 4 and shape[1] == 3 and shape[0] > 0, "shape (n, 3, height, width)")
        return torch.cat([self.call(part).float().cpu() for part in images.split(PART)])


@dataclass(frozen=True)
class Recipe:
    """How the stand-in classifier is trained: Adam, the rate falling linearly to 0.

    Attributes
    ----------
    epochs, batch_size, lr : passes, images in a mini-batch, first learning rate.
    channels : of its three convolutions of 3 x 3 with stride 2; the last number is that of the features.
    """

    epochs: int = 3
    batch_size: int = 100
    lr: float = 2e-3
    channels: tuple[int, int, int] = (32, 64, 128)

    def network(self) -> nn.Sequential:
        """Features of 32 x 32 images: the mean over pixels of the last convolution, after its ReLU."""
        with torch.device("meta"):
            layers: list[nn.Module] = []
            for before, after in zip((3, *self.channels), self.channels, strict=False):
                layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ReLU()]
            net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        return initialise(net, torch_stream(SEED, "fid extractor"), "he")


def random_features(device: str | torch.device = "cpu") -> Extractor:
    """The stand-in with its initial weights.

    Examples
    --------
    >>> random_features().features(torch.zeros(2, 3, 32, 32, dtype=torch.uint8)).shape
    torch.Size([2, 128])
    """
    return _stand_in(Recipe().network(), f"random features ({CAVEAT})", device)


def classifier(data: Any, *, recipe: Recipe | None = None, cache: Path | None = None,
               device: str | torch.device = "cpu") -> Extractor:  # fmt: skip
    """A classifier of `data`, from the cache if it was trained before.

    Parameters
    ----------
    data : has ``train_x`` (n, 3, 32, 32) uint8, ``train_y``, ``test_x``, ``test_y``, ``name``, ``sha256``, ``classes``.
    recipe : how it is trained; None for the usual way, which takes 40 seconds of one core.
    cache : folder for its weights; None for the user's cache folder. A file that is damaged, or holds weights whose
        checksum is not the one beside them, is replaced by training again.
    """
    recipe = recipe or Recipe()
    mine = hashlib.sha256(f"{recipe} {data.sha256} {len(data.train_y)} {len(data.test_y)}".encode()).hexdigest()
    path = _folder(cache) / f"fid-classifier-{mine[:12]}.pt"
    net = recipe.network()
    accuracy = _recall(path, net, mine)
    if accuracy is None:
        net = recipe.network()  # the one above may hold the weights of a damaged file
        accuracy = _train(net, data, recipe)
        _keep(path, net, mine, accuracy)
    return _stand_in(net, f"classifier of {data.name}, {accuracy:.1%} right on its test images ({CAVEAT})", device)


def inception(folders: Sequence[Path] = (), device: str | torch.device = "cpu") -> Extractor:
    """Inception v3 as in published FID, with the weights that the user has.

    Raises ValueError when the package or the file is not there, or the file is not the published one.

    Parameters
    ----------
    folders : where the file of weights may be, beside the folder to which torch.hub downloads.
    """
    path = _inception_file(folders)
    try:
        module = import_module("torch_fidelity.feature_extractor_inceptionv3")
    except ImportError as error:
        raise ValueError(f"extractor 'inception' needs the package torch-fidelity ({error}); 'classifier' does "
                         f"without, but is {CAVEAT}") from error  # fmt: skip
    require("extractor", "inception", path is not None, f"{INCEPTION_FILE} in torch.hub's cache or a data folder",
            "torch-fidelity and torchmetrics download it at their first use")  # fmt: skip
    assert path is not None
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    known = sha256.startswith(path.stem.rpartition("-")[2])
    require(str(path), sha256, known, "the published weights, by their sha256", "the file is another one or damaged")
    _require_tensors(path)  # the package reads the file in a way that would run what it holds
    net = module.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(path))
    net = net.to(device).eval()
    return _Network("Inception v3, 2048 features, as in published FID", sha256, lambda x: net(x.to(device))[0])


def get_extractor(name: str, data: Any, *, folders: Sequence[Path] = (), device: str | torch.device = "cpu",
                  cache: Path | None = None) -> Extractor:  # fmt: skip
    """The extractor called `name`; ``"auto"`` is Inception where it can be had, and else the classifier of `data`.

    Raises ValueError for another name, or one that cannot be had.
    """
    require_choice("extractor", name, EXTRACTORS)
    if name == "auto":
        there = find_spec("torch_fidelity") is not None and _inception_file(folders) is not None
        name = "inception" if there else "classifier"
    if name == "inception":
        return inception(folders, device)
    return random_features(device) if name == "random" else classifier(data, cache=cache, device=device)


def _require_tensors(path: Path) -> None:
    try:
        torch.load(path, weights_only=True)
    except Exception as error:  # torch raises several kinds, RuntimeError and UnpicklingError among them
        raise ValueError(f"{path}: holds more than tensors, or is damaged ({type(error).__name__})") from error


def _inception_file(folders: Sequence[Path]) -> Path | None:
    places = [*folders, Path(torch.hub.get_dir()) / "checkpoints"]
    return next((place / INCEPTION_FILE for place in places if (place / INCEPTION_FILE).is_file()), None)


# ---- the stand-in ---------------------------------------------------------------------------------------------------


def _stand_in(net: nn.Sequential, label: str, device: str | torch.device) -> Extractor:
    sha256 = _checksum(net)
    net = net.to(device).eval().requires_grad_(False)
    return _Network(label, sha256, lambda x: net(_ready(x.to(device))))


def _ready(images: torch.Tensor) -> torch.Tensor:
    """Bytes to about -2 ... 2, at 32 x 32 pixels."""
    x = (images.float() - 127.5) / 64
    return x if x.shape[-1] == 32 else F.interpolate(x, (32, 32), mode="area")


def _train(net: nn.Sequential, data: Any, recipe: Recipe) -> float:
    """Train in place; return the share of right answers on the test images."""
    images, labels = data.train_x.cpu(), data.train_y.cpu()
    with torch.device("meta"):
        head = nn.Sequential(nn.Linear(recipe.channels[-1], data.classes))
    initialise(head, torch_stream(SEED, "fid extractor", "head"))
    model, order = nn.Sequential(net, head), torch_stream(SEED, "fid extractor", "order")
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.lr)
    per_epoch = len(labels) // recipe.batch_size
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1e-3, recipe.epochs * per_epoch)
    with torch.enable_grad(), tqdm(total=recipe.epochs * per_epoch, desc="FID's stand-in extractor, once",
                                   disable=None, leave=False) as bar:  # fmt: skip
        for _ in range(recipe.epochs):
            for index in torch.randperm(len(labels), generator=order).split(recipe.batch_size)[:per_epoch]:
                optimizer.zero_grad(set_to_none=True)
                F.cross_entropy(model(_ready(images[index])), labels[index]).backward()
                optimizer.step()
                falling.step()
                bar.update()
    with torch.no_grad():
        parts = zip(data.test_x.cpu().split(PART), data.test_y.cpu().split(PART), strict=True)
        right = sum(int((model(_ready(x)).argmax(1) == y).sum()) for x, y in parts)
    return right / len(data.test_y)


def _checksum(net: nn.Module) -> str:
    total = hashlib.sha256()
    for name, value in net.state_dict().items():
        total.update(name.encode())
        total.update(value.detach().cpu().contiguous().numpy().tobytes())
    return total.hexdigest()


def _folder(cache: Path | None) -> Path:
    if cache is not None:
        return cache
    import pooch

    return Path(pooch.os_cache("nala_lab"))


def _recall(path: Path, net: nn.Sequential, recipe: str) -> float | None:
    """Load the weights; the accuracy that came with them, or None where they must be trained."""
    try:
        kept = checkpoint.load(path, model=net)
    except checkpoint.CheckpointError:
        return None
    fits = kept.get("recipe") == recipe and kept.get("sha256") == _checksum(net)
    return float(kept["accuracy"]) if fits else None


def _keep(path: Path, net: nn.Sequential, recipe: str, accuracy: float) -> None:
    try:
        checkpoint.save(path, model=net, recipe=recipe, sha256=_checksum(net), accuracy=accuracy)
    except (checkpoint.CheckpointError, OSError) as error:
        tqdm.write(f"warning: {error}; the stand-in extractor will be trained again", file=sys.stderr)
