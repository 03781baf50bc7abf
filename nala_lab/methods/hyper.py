"""Hyperparameter classes: frozen, validated once, and the only thing the two twins share.

The classes hold numbers and option names, no arithmetic. The NumPy twin subclasses them; the torch twin builds one
in its constructor to check what it was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from nala_lab.core.validate import require, require_choice, require_int, require_number

__all__ = ["ADAM_FORMS", "DENOMINATORS", "INNER_STATES", "NAG_FORMS", "NALA_VARIANTS", "OUTER_BATCHES", "OUTER_STYLES",
           "PROBES", "PROBE_BATCHES", "AdaBeliefHyper", "AdaLAHyper", "AdamHyper", "LookaheadHyper", "MomentumHyper",
           "NAGHyper", "NALAHyper", "OuterMomentumHyper", "SGDHyper", "require_betas"]  # fmt: skip

NAG_FORMS = ("eq2", "eq1")
ADAM_FORMS = ("kingma-ba", "printed", "tensorflow", "ramjee")
DENOMINATORS = ("hat", "raw", "hat-inside")
PROBES = ("own", "grad", "adam", "adabelief", "self", "implicit", "lagged", "code")
PROBE_BATCHES = ("next", "same")
INNER_STATES = ("keep", "reset", "pullback")
OUTER_BATCHES = ("fresh", "last", "full")
NALA_VARIANTS = ("paper", "released")
OUTER_STYLES = ("nesterov", "heavy-ball")


def require_betas(betas: Any) -> None:
    """Require a pair of decay rates in [0, 1).

    Raises ValueError when `betas` is not a pair, or one of them lies outside.

    Examples
    --------
    >>> require_betas((0.9, 1.0))
    Traceback (most recent call last):
        ...
    ValueError: betas[1] must satisfy 0 <= betas[1] < 1, got betas[1]=1.0
    """
    pair = isinstance(betas, Sequence) and not isinstance(betas, str) and len(betas) == 2
    require("betas", betas, pair, "a pair (beta1, beta2)")
    for i, beta in enumerate(betas):
        require_number(f"betas[{i}]", beta, low=0, high=1, open_high=True)


@dataclass(frozen=True)
class SGDHyper:
    """lr >= 0, weight_decay >= 0 (L2: added to the gradient)."""

    lr: Any = 1e-3
    weight_decay: Any = 0

    def __post_init__(self) -> None:
        require_number("lr", self.lr, low=0)
        require_number("weight_decay", self.weight_decay, low=0)


@dataclass(frozen=True)
class MomentumHyper:
    """lr >= 0, 0 <= momentum < 1, weight_decay >= 0."""

    lr: Any = 1e-3
    momentum: Any = 0.9
    weight_decay: Any = 0

    def __post_init__(self) -> None:
        require_number("lr", self.lr, low=0)
        require_number("momentum", self.momentum, low=0, high=1, open_high=True)
        require_number("weight_decay", self.weight_decay, low=0)


@dataclass(frozen=True)
class NAGHyper(MomentumHyper):
    """As MomentumHyper, and the printed form: Eq. (1) or Eq. (2) of the NALA paper."""

    form: str = "eq2"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice("form", self.form, NAG_FORMS)


@dataclass(frozen=True)
class _AdaptiveHyper:
    lr: Any = 1e-3
    betas: Any = (0.9, 0.999)
    eps: Any = 1e-8
    weight_decay: Any = 0

    def __post_init__(self) -> None:
        require_number("lr", self.lr, low=0)
        require_betas(self.betas)
        require_number("eps", self.eps, low=0)
        require_number("weight_decay", self.weight_decay, low=0)


@dataclass(frozen=True)
class AdamHyper(_AdaptiveHyper):
    """lr >= 0, betas in [0, 1), eps >= 0, weight_decay >= 0 (L2), and the form of the update."""

    form: str = "kingma-ba"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice("form", self.form, ADAM_FORMS)


@dataclass(frozen=True)
class AdaBeliefHyper(_AdaptiveHyper):
    """As Adam; `denominator` is sqrt(s_hat) + eps ("hat"), sqrt(s + eps) as printed ("raw") or sqrt(s_hat + eps)
    ("hat-inside").
    """

    denominator: str = "hat"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice("denominator", self.denominator, DENOMINATORS)


@dataclass(frozen=True)
class AdaLAHyper(_AdaptiveHyper):
    """As Adam; `probe`, `probe_batch` and `denominator` name a reading of Algorithm 3.

    blend in [0, 1] mixes g_{t+1} with m_t in the second moment; every >= 1 looks ahead at steps 1, 1 + every, ...
    """

    probe: str = "own"
    probe_batch: str = "next"
    denominator: str = "hat"
    blend: Any = 1
    every: Any = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice("probe", self.probe, PROBES)
        require_choice("probe_batch", self.probe_batch, PROBE_BATCHES)
        require_choice("denominator", self.denominator, DENOMINATORS)
        require_number("blend", self.blend, low=0, high=1)
        require_int("every", self.every, low=1, hint="every counts steps from one look ahead to the next")
        skips = self.every == 1 or self.probe not in ("lagged", "code")
        require("every", self.every, skips, f"every=1 when probe={self.probe!r}", "its memory is of the step before")
        meaningful = not (self.probe == "lagged" and self.probe_batch == "same")
        require("probe_batch", self.probe_batch, meaningful, "probe_batch='next' when probe='lagged'",
                "the lagged reading takes no probe, so there is no batch to repeat")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LookaheadHyper:
    """k >= 1 inner steps; 0 <= alpha is Lookahead's own slow step (phi + alpha (theta_k - phi))."""

    k: Any = 5
    alpha: Any = 0.5
    inner_state: str = "keep"

    def __post_init__(self) -> None:
        require_int("k", self.k, low=1, hint="k counts inner steps per cycle")
        require_number("alpha", self.alpha, low=0, hint="alpha is the slow step; 0 freezes, 1 keeps the inner result")
        require_choice("inner_state", self.inner_state, INNER_STATES)


@dataclass(frozen=True, kw_only=True)
class NALAHyper:
    """k >= 1 inner steps, finite mu >= -1, outer step alpha >= 0, and the named options of Algorithm 1.

    mu = -1 ignores the inner loop, -1 < mu < 0 interpolates, mu = 0 does neither, mu > 0 extrapolates.
    """

    k: Any = 5
    mu: Any = -0.5
    alpha: Any = 1e-3
    outer_batch: str = "fresh"
    inner_state: str = "keep"
    variant: str = "paper"

    def __post_init__(self) -> None:
        require_int("k", self.k, low=1, hint="k counts inner steps per cycle")
        require_number("mu", self.mu, low=-1, hint="below -1 the slow weights move away from the inner result")
        require_number("alpha", self.alpha, low=0, hint="alpha is the outer gradient step; 0 gives Lookahead")
        require_choice("outer_batch", self.outer_batch, OUTER_BATCHES)
        require_choice("inner_state", self.inner_state, INNER_STATES)
        require_choice("variant", self.variant, NALA_VARIANTS)
        if self.variant == "released":
            hint = "the released program fixes it"
            require("outer_batch", self.outer_batch, self.outer_batch == "fresh", "its default", hint)
            require("inner_state", self.inner_state, self.inner_state == "keep", "'keep'", hint)


@dataclass(frozen=True, kw_only=True)
class OuterMomentumHyper:
    """k >= 1 inner steps; outer step nu >= 0, outer momentum beta in [0, 1), its style, outer gradient step alpha >= 0.

    workers >= 1 inner loops start from the same slow weights; their displacements are averaged.
    """

    k: Any = 5
    nu: Any = 0.7
    beta: Any = 0.9
    style: str = "nesterov"
    alpha: Any = 0
    workers: Any = 1
    inner_state: ClassVar[str] = "keep"  # no other is defined for it

    def __post_init__(self) -> None:
        require_int("k", self.k, low=1, hint="k counts inner steps per cycle")
        require_number("nu", self.nu, low=0, hint="nu is the outer learning rate")
        require_number("beta", self.beta, low=0, high=1, open_high=True)
        require_choice("style", self.style, OUTER_STYLES)
        require_number("alpha", self.alpha, low=0, hint="alpha is the outer gradient step; 0 takes none")
        require_int("workers", self.workers, low=1)
