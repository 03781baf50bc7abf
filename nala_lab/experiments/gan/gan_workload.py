"""The GAN workload: a critic and a generator of CIFAR-10 images, trained by one optimizer (AdaLA paper, section 5.3).

    W(real, fake) ~ max over critics c of  E c(real) - E c(fake)     Kantorovich-Rubinstein, up to c's Lipschitz factor

    critic      minimises  mean c(G(z)) - mean c(x)  [+ 10 mean (|grad c(x_i)| - 1)^2,  x_i = u x + (1 - u) G(z)]
    generator   minimises  -mean c(G(z))
    WGAN        after each step the critic's weights are clipped to [-0.01, 0.01]     Arjovsky et al. 2017
    WGAN-GP     the penalty in brackets, on points between real and generated images  Gulrajani et al. 2017

What falls? Not the loss. The critic's loss is minus its estimate of the distance: first it falls, because the critic
learns to tell the images apart, and later it rises towards 0 where the generator learns too; the generator's loss is a
score on a scale that the critic moves. `evaluate` returns ``gap``, E c(real) - E c(fake) on held-out images, which is
comparable along one run only, and ``fid``, the one number that can be compared between runs with the same extractor.

Every mini-batch is one gradient of the player whose turn it is; see `turns`. An epoch is as many as the published
programs spend on one pass over the images: one for the critic a mini-batch of images, and one for the generator after
every n_critic of these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from nala_lab.core import require, require_int, require_number
from nala_lab.experiments.gan.extractors import Extractor
from nala_lab.experiments.gan.fid import Cloud, cloud_of
from nala_lab.experiments.gan.sample_sheet import page, png_text
from nala_lab.experiments.gan.turns import BOTH, CRITIC, GENERATOR, Turns
from nala_lab.experiments.models import torch_stream
from nala_lab.experiments.models.wgan import critic, generator
from nala_lab.optim import bn_statistics

__all__ = ["GanWorkload", "Game", "gradient_penalty", "samples"]

PART = 500  # images that are generated at a time
BN_BATCHES = 20  # mini-batches of latent vectors for estimating the generator's BatchNorm anew
PAGE = 256  # pixels on a side of the page of samples in a record
PLAYER = {CRITIC: 0.0, GENERATOR: 1.0, BOTH: 2.0}  # the column "player" of a train row


@dataclass(frozen=True)
class Game:
    """The rules.

    Raises ValueError for a clip that leaves no weights, or a penalty below 0.

    Attributes
    ----------
    clip : the critic's weights are kept in [-clip, clip]; None does not clip.
    penalty : weight of the gradient penalty; 0 for none.
    n_critic : turns of the critic before each of the generator.
    latent, width, size, norm, bounded : sizes and kinds of the networks, see `nala_lab.experiments.models.wgan`.
        Images of another size than the data's are enlarged, bilinearly, as they go into the critic.
    """

    clip: float | None = None
    penalty: float = 0.0
    n_critic: int = 5
    latent: int = 100
    width: int = 64
    size: int = 32
    norm: bool = True
    bounded: bool = False

    def __post_init__(self) -> None:
        if self.clip is not None:
            require_number("clip", self.clip, low=0, open_low=True)
        require_number("penalty", self.penalty, low=0)


class GanWorkload:
    """A generative adversarial game; an implementation of `nala_lab.experiments.tasks.workload.Workload`.

    Raises ValueError for fewer images than one mini-batch, or fewer than 2 for FID.

    Parameters
    ----------
    data : has ``train_x`` and ``test_x`` (n, 3, 32, 32) uint8 on one device, ``name`` and ``sha256``.
    game : the rules.
    batch_size : images in a mini-batch, real and generated.
    seed : names the streams of the initial weights, "data order", "latent noise" and "interpolation".
    extractor : whose features FID is measured between.
    samples : generated images for FID.
    real : training images for FID, from the first on; None means all.
    held_out : test images for the gap, at most; whole mini-batches of them.
    batches : gradients in an epoch at most; None means those of one pass.
    """

    unit = "img"
    takes_turns = True

    def __init__(self, data: Any, game: Game, *, batch_size: int, seed: int, extractor: Extractor, samples: int,
                 real: int | None = None, held_out: int = 1000, batches: int | None = None) -> None:  # fmt: skip
        images = min(len(data.train_x), len(data.test_x))
        whole = isinstance(batch_size, Integral) and not isinstance(batch_size, bool)
        rule = f"integer 1 <= batch_size <= {images}"
        require("batch_size", batch_size, whole and 1 <= batch_size <= images, rule, "the images at hand")
        require_int("samples", samples, low=2)
        if batches is not None:
            require_int("batches", batches, low=1)
        self.data, self.game, self.seed, self.extractor = data, game, seed, extractor
        self.device = data.train_x.device
        draw = torch_stream(seed, "initial weights")
        sizes = {"width": game.width, "size": game.size, "draw": draw}
        players = {"critic": critic(norm=game.norm, bounded=game.bounded, **sizes),
                   "generator": generator(latent=game.latent, **sizes)}  # fmt: skip
        self.model = nn.ModuleDict(players).to(self.device)
        self.turns = Turns(game.n_critic)
        self.examples = batch_size
        one_pass = len(data.train_x) // batch_size * (game.n_critic + 1) // game.n_critic
        self.batches = min(one_pass, batches or one_pass)
        names = ("data order", "latent noise", "interpolation")
        self.streams = {name: torch_stream(seed, name) for name in names}
        self.samples = samples
        self._real_images = data.train_x[:real]
        self._held_out = min(held_out, len(data.test_x))
        self._order = torch.empty(0, dtype=torch.int64)
        self._used = 0  # real images of the order that have been shown
        self._gap = torch.zeros((), device=self.device)  # of the last mini-batch that the critic saw
        self._cloud: Cloud | None = None
        fid = {"extractor": extractor.label, "extractor_sha256": extractor.sha256, "samples": samples,
               "real": len(self._real_images)}  # fmt: skip
        self.fingerprint = {"name": data.name, "sha256": data.sha256, "train": len(data.train_x),
                            "test": len(data.test_x), "game": asdict(game), "fid": fid}  # fmt: skip

    # ---- training ----------------------------------------------------------------------------------------------

    def groups(self) -> list[dict[str, Any]]:
        """One group a player, the critic first: one optimizer, one clock."""
        return [{"params": list(self.model[name].parameters())} for name in BOTH]

    def bind(self, optimizer: torch.optim.Optimizer) -> None:
        """Let the turns follow the steps of this optimizer; called once, before training."""
        self.turns.bind(optimizer)

    def start_epoch(self, epoch: int) -> None:
        """Draw the order of the images."""
        self._order = torch.randperm(len(self.data.train_x), generator=self.streams["data order"])
        self._used = 0

    def loss(self, batch: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Loss of the player whose turn it is; of both, where both get a gradient."""
        now = self.turns.now
        self.turns.begin()
        for name, player in self.model.items():
            player.requires_grad_(name in now)
        z = self._noise(self.examples, self.streams["latent noise"])
        fake = self.model["generator"](z)
        if now == GENERATOR:
            loss = -self.model["critic"](fake).mean()
        else:
            loss = self._critic_loss(self._next_real(), fake.detach())
            if now == BOTH:
                loss = loss - self._frozen_critic(fake).mean()
        return loss, {"gap": self._gap, "player": torch.tensor(PLAYER[now])}

    def _critic_loss(self, x: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        judge = self.model["critic"]
        gap = judge(x).mean() - judge(fake).mean()
        self._gap = gap.detach()
        if not self.game.penalty:
            return -gap
        u = torch.rand(len(x), 1, 1, 1, generator=self.streams["interpolation"]).to(self.device)
        # `forward` is never the compiled program, which cannot be differentiated twice.
        return -gap + self.game.penalty * gradient_penalty(judge.forward, u * x + (1 - u) * fake)

    def _frozen_critic(self, images: torch.Tensor) -> torch.Tensor:
        """Scores through which a gradient reaches the images but not the critic's weights."""
        judge = self.model["critic"]
        weights = {name: p.detach() for name, p in judge.named_parameters()}
        return functional_call(judge, weights, (images,))  # type: ignore[no-any-return]

    def _next_real(self) -> torch.Tensor:
        """The next mini-batch of real images; a second pass over them begins where an epoch needs one."""
        if self._used + self.examples > len(self._order):
            self.start_epoch(0)
        index = self._order[self._used : self._used + self.examples].to(self.device)
        self._used += self.examples
        return self._to_critic(self.data.train_x.index_select(0, index))

    def _to_critic(self, images: torch.Tensor) -> torch.Tensor:
        """Bytes to [-1, 1], at the size of the networks."""
        x = images.float() / 127.5 - 1
        if x.shape[-1] == self.game.size:
            return x
        return F.interpolate(x, (self.game.size, self.game.size), mode="bilinear", align_corners=False)

    def _noise(self, n: int, stream: torch.Generator) -> torch.Tensor:
        return torch.randn(n, self.game.latent, generator=stream).to(self.device)

    @torch.no_grad()
    def after(self, batch: int) -> None:
        """Clip the critic's weights, so that its gradient is never taken outside the box, and pass the turn on.

        This follows every call of the optimizer, AdaLA's probe and NALA's y_t included: both are points at which the
        next gradient is taken.
        """
        self.turns.done()
        if self.game.clip is not None:
            weights = list(self.model["critic"].parameters())
            torch._foreach_clamp_min_(weights, -self.game.clip)
            torch._foreach_clamp_max_(weights, self.game.clip)

    # ---- measuring ---------------------------------------------------------------------------------------------

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """FID, NaN where images are not finite, and the gap on held-out images; the same latent vectors at every call.
        """
        self.model.eval()
        with self._steady_generator():
            fake = self._fake_cloud()
            fid = math.nan if fake is None else fake.distance(self._real_cloud())
            return {"fid": fid, "gap": self._held_out_gap()}

    def _steady_generator(self) -> AbstractContextManager[None]:
        """Give the generator's BatchNorm the statistics of its weights as they stand, for the duration of a block.

        The running ones lag behind the weights, and belong to no iterate that a look-ahead method calls its own: with
        them for some methods and fresh ones for others, FID would tell the two apart before it told anything else.
        """
        noise = torch_stream(self.seed, "evaluation", "batchnorm")
        latent = (self._noise(self.examples, noise) for _ in range(BN_BATCHES))
        return bn_statistics(self.model["generator"], latent)

    def _held_out_gap(self) -> float:
        """In mini-batches like those of training: a critic with BatchNorm scores an image among others."""
        noise, judge = torch_stream(self.seed, "evaluation", "gap"), self.model["critic"]
        whole = self._held_out // self.examples
        gap = torch.zeros((), device=self.device)
        for images in self.data.test_x[: max(whole, 1) * self.examples].split(self.examples):
            fake = self.model["generator"](self._noise(len(images), noise))
            gap += judge(self._to_critic(images)).mean() - judge(fake).mean()
        return gap.item() / max(whole, 1)

    def _fake_cloud(self) -> Cloud | None:
        """None where an image is not finite: as bytes NaN would be black, and black images have a distance."""
        finite = True

        def features() -> Iterator[np.ndarray]:
            nonlocal finite
            for part in self._generated(self.samples, torch_stream(self.seed, "evaluation", "fid")):
                finite = finite and bool(torch.isfinite(part).all())
                yield self.extractor.features(_bytes(part)).numpy()

        cloud = cloud_of(features())
        return cloud if finite else None

    def _real_cloud(self) -> Cloud:
        if self._cloud is None:
            parts = (_bytes(self._to_critic(part)) for part in self._real_images.split(PART))
            self._cloud = cloud_of(self.extractor.features(part).numpy() for part in parts)
        return self._cloud

    def _generated(self, n: int, noise: torch.Generator) -> Iterator[torch.Tensor]:
        """`n` generated images (m, 3, size, size), PART at a time."""
        for first in range(0, n, PART):
            yield self.model["generator"](self._noise(min(PART, n - first), noise))

    def bn_batches(self) -> Iterable[torch.Tensor] | None:
        """None: `evaluate` estimates BatchNorm anew by itself, for every optimizer."""
        return None

    def closing_rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Rows for the end of a record: a page of samples, 256 pixels on a side, as a PNG in base64."""
        size = self.game.size
        side = PAGE // size
        text, colours = png_text(page(samples(self, side * side), side))
        yield "samples", {"rows": side, "columns": side, "size": size, "colours": colours, "png": text}

    # ---- where a run stands ------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the order of the images, how far it was shown, and whose turn it is."""
        return {"order": self._order, "used": self._used, "turns": self.turns.whole, "gap": self._gap.cpu()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on in the saved round, with the saved order of the images."""
        self._order, self._used, self.turns.whole = state["order"], state["used"], state["turns"]
        self._gap = state["gap"].to(self.device)


def gradient_penalty(judge: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """mean (|grad_x judge(x)| - 1)^2, differentiable in the weights of the judge.

    Examples
    --------
    A judge with the gradient (3, 4) everywhere, of length 5:

    >>> slope = torch.tensor([3.0, 4.0])
    >>> gradient_penalty(lambda x: x @ slope, torch.zeros(7, 2)).item()
    16.0
    """
    x = x.detach().requires_grad_()
    (grad,) = torch.autograd.grad(judge(x).sum(), x, create_graph=True)
    return (grad.flatten(1).norm(dim=1) - 1).square().mean()


@torch.no_grad()
def samples(workload: GanWorkload, n: int) -> np.ndarray:
    """Generated images (n, size, size, 3) uint8 for a picture, the same latent vectors at every call.

    Whether the model was in training mode is left as it was. Raises ValueError when n is not a positive integer.
    """
    require_int("n", n, low=1)
    training = workload.model.training
    try:
        workload.model.eval()
        with workload._steady_generator():
            parts = [_bytes(part) for part in workload._generated(n, torch_stream(workload.seed, "samples"))]
    finally:
        workload.model.train(training)
    return torch.cat(parts).permute(0, 2, 3, 1).cpu().numpy()


def _bytes(x: torch.Tensor) -> torch.Tensor:
    """[-1, 1] to 0 ... 255."""
    return ((x + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
