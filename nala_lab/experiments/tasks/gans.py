"""The GAN tasks of the AdaLA paper (section 5.3): WGAN and WGAN-GP on CIFAR-10.

The paper states: lr 2e-4 for all ten optimizers; beta1 = 0.5 and eps = 1e-12 for AdaBelief, and so for AdaLA; 100
epochs; FID of 64,000 generated images; "a vanilla CNN generator". Its repository holds no GAN program. The rest is the
protocol of AdaBelief's programs, whose FIDs it prints: batches of 64, n_critic = 5, clip 0.01, penalty 10, latent
vectors of length 100, 64 channels, beta1 = 0.5 and eps = 1e-8 for the others, SGD without momentum, AdaBound to 0.01,
FID against the 50,000 training images (the AdaLA paper speaks of 60,000 real images). Neither program decays weights;
that the 5e-4 of the paper's section 4 is meant for GANs as well is not said, and it is left out here.

Where the tasks depart from those programs: images stay 32 x 32, the critic of WGAN has no sigmoid, that of WGAN-GP no
BatchNorm, as the two methods' own papers have it; ``...-released`` enlarges to 64 x 64 and has both. A round is five
turns of the critic and then one of the generator, with latent vectors of its own; the programs put the generator's turn
after the first of the five and reuse that one's vectors. One optimizer trains both players; for those that look nowhere
that is the same as two.

NALA and Lookahead are not in the paper's GAN tables. Here they stand at k = 30, five whole rounds.

At scale ``paper`` FID is Inception's where the user has it, else that of a stand-in, **not comparable with published
FID**; at ``cpu`` (half the channels, 2000 images) always the stand-in's, and at ``smoke`` that of random features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from nala_lab.experiments.tasks.base import Constant, Scale, Task
from nala_lab.methods.table import ADALA_METHODS
from nala_lab.methods.task_settings import TASK_SETTINGS

__all__ = ["GANS", "make_gan"]

WGAN = {"clip": 0.01}
WGAN_GP = {"penalty": 10.0, "norm": False}
WGAN_RELEASED = {"clip": 0.01, "size": 64, "bounded": True}
WGAN_GP_RELEASED = {"penalty": 10.0, "size": 64}


def make_gan(scale: Scale, *, seed: int, folders: Sequence[Path], device: Any, game: Mapping[str, Any]) -> Any:
    """Make the workload of a GAN task.

    Parameters
    ----------
    scale : sizes; of its ``extra``, ``width`` is the channels of the networks, ``extractor``, ``samples`` and ``real``
        are FID's, and with ``standin`` images are generated where no folder is named.
    seed : names every stream of the run.
    folders, device : where the files are, and where the data go.
    game : the rules, as in `nala_lab.experiments.gan.gan_workload.Game`.
    """
    from nala_lab.experiments.data.images import load_pixels
    from nala_lab.experiments.gan.extractors import get_extractor
    from nala_lab.experiments.gan.gan_workload import Game, GanWorkload

    extra = scale.extra
    data = load_pixels("cifar-10", folders=folders, device=device, standin=bool(extra.get("standin", False)))
    extractor = get_extractor(extra["extractor"], data, folders=folders, device=device)
    rules = Game(**game, width=extra["width"])
    return GanWorkload(data.first(scale.train, scale.test), rules, batch_size=scale.batch_size, seed=seed,
                       extractor=extractor, samples=extra["samples"], real=extra["real"],
                       batches=scale.batches)  # fmt: skip


def _scales(batches: int) -> dict[str, Scale]:
    """Rows every multiple of 12 gradients, when the critic is to move: two rounds, or one at AdaLA's two a turn."""
    smoke = {"width": 2, "extractor": "random", "samples": 64, "real": 64, "standin": True}
    cpu = {"width": 32, "extractor": "classifier", "samples": 2000, "real": 10_000}
    paper = {"width": 64, "extractor": "auto", "samples": 64_000, "real": None}
    return {
        "smoke": Scale(1, 8, 12, train=256, test=64, batches=20, extra=smoke),
        "cpu": Scale(4, 64, 12, batches=batches, extra=cpu),
        "paper": Scale(100, 64, 936, extra=paper),
    }


def _task(name: str, what: str, game: Mapping[str, Any], batches: int) -> Task:
    size = game.get("size", 32)
    return Task(name, f"AdaLA paper, section 5.3, Table 4; {what}", "cifar-10",
                f"DCGAN generator and critic, {size} x {size}", ADALA_METHODS, partial(make_gan, game=game),
                _scales(batches), Constant(), TASK_SETTINGS[name], main="fid", best=min)  # fmt: skip


GANS: tuple[Task, ...] = (
    _task("wgan-cifar10", "weights clipped to 0.01", WGAN, 300),
    _task("wgan-gp-cifar10", "gradient penalty 10", WGAN_GP, 168),
    _task("wgan-cifar10-released", "as AdaBelief's program: 64 x 64, sigmoid", WGAN_RELEASED, 60),
    _task("wgan-gp-cifar10-released", "as AdaBelief's program: 64 x 64, BatchNorm", WGAN_GP_RELEASED, 36),
)
