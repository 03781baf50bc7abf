"""One training loop for every task and optimizer.

Every ``optimizer.step()`` spends one gradient of one new mini-batch; for NALA the look-ahead gradient is such a step,
and for AdaLA the probe. By default an epoch is one pass over the mini-batches, so at its end all optimizers have spent
the same number of gradients and seen the same data in the same order. With ``equal="timesteps"`` it is as many
gradients as an optimizer needs for that many steps as the papers count them, and the learning rate falls with these.

Rows carry three x-axes: ``timestep`` as the papers count (the look-ahead gradient is not counted), ``grad_evals``, and
``seconds`` of training, evaluation left out.

Rows of kind ``train``: what the NALA paper logs, loss and metrics on ONE training mini-batch before its update. They
are due by the paper's clock: every so many timesteps, at the start of a cycle, where the weights are the slow weights.
The program of the NALA paper logs so, every 100 inner steps at k = 5. In a game any step will do, and ``phase`` says
where in the cycle it stands.
Rows of kind ``test``: before the first epoch and after each, what the workload measures on held-out data, of the slow
weights (``loss`` ...; BatchNorm is estimated anew, for every optimizer) and of the weights as the optimizer left them
(``fast_loss`` ...), with BatchNorm as training left it. Without BatchNorm, an optimizer that looks nowhere is measured
once. What an optimizer averages (`nala_lab.experiments.run.ntasgd`) are slow weights; one with ``epoch_measured(epoch,
measured)`` is told what those rows hold.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, NamedTuple

import torch

from nala_lab.core import require_int, require_number
from nala_lab.core.progress import bar as progress_bar
from nala_lab.experiments.run.alone import own_randomness
from nala_lab.experiments.run.divergence import Watch
from nala_lab.experiments.run.given import Given
from nala_lab.experiments.run.keeping import Keeper
from nala_lab.experiments.run.log import Clock, Log, Row
from nala_lab.experiments.run.look_ahead_probe import Probe
from nala_lab.experiments.run.memory import keep_freed_memory
from nala_lab.experiments.run.optimizers import Method
from nala_lab.experiments.run.options import Options, compile_parts, exact
from nala_lab.experiments.run.parallel import SOLO, Team
from nala_lab.experiments.run.signals import StopRequest
from nala_lab.experiments.tasks.base import Decay
from nala_lab.experiments.tasks.workload import Workload
from nala_lab.optim import bn_statistics
from nala_lab.optim._base import LabOptimizer
from nala_lab.results.records import DIVERGED, FINISHED

__all__ = ["Plan", "Result", "Trainer", "gradients", "train"]

# How many losses may wait to be looked at: looking makes an accelerator wait, and costs the CPU nothing.
WAITING, WAITING_ON = 32, {"cpu": 1}
PARTS = ("clock", "given", "watch", "workload", "probe")  # of a run, each with a state of its own


@dataclass(frozen=True)
class Plan:
    """How long, and how.

    Attributes
    ----------
    epochs : passes over the mini-batches.
    log_every : timesteps between two ``train`` rows; a row waits for the start of the next cycle.
    decay : how the learning rate falls with the epochs.
    clip : largest norm of a gradient, over all parameters; None: not clipped.
    channels_last : how images lie in memory. options : switches that no task decides.
    main : name of the main metric; a run whose main metric or loss is not finite has diverged.
    """

    epochs: int
    log_every: int
    decay: Decay
    clip: float | None = None
    channels_last: bool = False
    options: Options = field(default_factory=Options)
    main: str = "loss"

    def __post_init__(self) -> None:
        require_int("epochs", self.epochs, low=1)
        require_int("log_every", self.log_every, low=1)
        if self.clip is not None:
            require_number("clip", self.clip, low=0, open_low=True, hint="None does not clip")


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Attributes
    ----------
    outcome : ``"finished"`` or ``"diverged"``.
    diverged_at : the gradient, counted from 1, whose loss gave the run away; None for one that finished.
    diverged_because : the rule that it broke, in words; see `nala_lab.experiments.run.divergence`.
    totals : timesteps, grad_evals, seconds, images (or tokens), images_per_second, other_cores.
    """

    outcome: str
    diverged_at: int | None
    diverged_because: str | None
    totals: dict[str, Any]


class Unseen(NamedTuple):
    """A gradient whose loss has not been looked at: how many came before, and what was measured where."""

    done: int
    loss: torch.Tensor
    metrics: dict[str, torch.Tensor]
    seconds: float | None  # None: no row is due
    phase: int


def gradients(method: Method, settings: Mapping[str, Any], timesteps: int) -> int:
    """Gradients after which an optimizer has made `timesteps` whole steps and owes none of their look-aheads.

    Examples
    --------
    >>> from nala_lab.experiments.run.optimizers import METHODS
    >>> [gradients(METHODS[name], METHODS[name].settings, 100) for name in ("adam", "nala", "adala")]
    [100, 120, 200]
    """
    # No method spends more than two look-ahead gradients on a step, one of each loop.
    candidates = range(3 * timesteps + 3)
    return bisect_right(candidates, timesteps, key=lambda n: method.timesteps(n, settings)) - 1


def train(workload: Workload, optimizer: torch.optim.Optimizer, plan: Plan, *, method: Method,
          settings: Mapping[str, Any], seed: int, row: Row, keeper: Keeper | None = None,
          request: StopRequest | None = None, team: Team = SOLO, title: str = "",
          progress: bool = True) -> Result:  # fmt: skip
    """Train, calling ``row(kind, **values)`` for every line of the record.

    Divergence is a result: it ends the run, after a last ``test`` row. torch's own random generators are taken over
    by the run, from the seed, and given back as they were. On a CPU the process keeps the memory that a step frees;
    see `nala_lab.experiments.run.memory`.

    Raises Stopped when a signal asked for it; the run has been saved.

    Parameters
    ----------
    workload, optimizer : what is trained, in place, and the optimizer of its parameters.
    method, settings : how the optimizer's gradients are counted.
    seed : of the run; names the stream that layers such as dropout draw from.
    keeper : saves the run and takes it up again; None saves nothing.
    request : where a signal is noted, an open context; looked at where there is a keeper.
    team : the processes that share the mini-batches; this one alone by default.
    title : shown before the progress bar.
    progress : False hides the bar; it is hidden anyway where the output is neither a screen nor a notebook.
    """
    if workload.device.type == "cpu":
        keep_freed_memory()
    with exact(plan.options.deterministic), own_randomness(seed, workload.device, team.rank) as generators:
        if hasattr(workload, "channels_last"):
            workload.channels_last = plan.channels_last
        if plan.options.compile:
            compile_parts(workload.model)
        team.share(workload)
        trainer = Trainer(workload, optimizer, plan, method, settings, row, generators, team, seed)
        if keeper is not None:
            keeper.restore(trainer)
        total, before = trainer.ends[-1] * trainer.examples, trainer.done * trainer.examples
        with progress_bar(total=total, initial=before, desc=title, unit=workload.unit, unit_scale=True,
                          show=progress and team.chief) as bar:  # fmt: skip
            # without a keeper nobody would act on a signal that ends every step
            return trainer.run(bar, StopRequest() if keeper is None else request or StopRequest(), keeper)


class Trainer:
    """A run: what it trains, where it stands, and how it goes on from there.

    Attributes
    ----------
    done : gradients spent. given : the mini-batches that they are of.
    tested : ``test`` rows written, the one before the first epoch included.
    ends : gradients spent before the first and after each epoch.
    streams : every random stream of the run.
    """

    def __init__(self, workload: Workload, optimizer: torch.optim.Optimizer, plan: Plan, method: Method,
                 settings: Mapping[str, Any], row: Row, generators: Mapping[str, torch.Generator],
                 team: Team = SOLO, seed: int = 0) -> None:  # fmt: skip
        self.workload, self.optimizer, self.plan, self.team = workload, optimizer, plan, team
        getattr(workload, "bind", lambda optimizer: None)(optimizer)  # a game's turns follow the optimizer's steps
        self.per_epoch = plan.options.per_epoch(workload.batches)
        self.examples = workload.examples * plan.options.accumulate
        self.ends = [self._gradients(method, settings, epoch * self.per_epoch) for epoch in range(plan.epochs + 1)]
        self.done = self.tested = 0
        self.clock = Clock(workload.device)
        self.watch = Watch()
        self.log = Log(row, lambda n: method.timesteps(n, settings))
        self._flags = method.counted(settings)
        # A cycle of a game is whole rounds of its players: rows at its start alone would show one player only.
        self._cycle = 1 if getattr(workload, "takes_turns", False) else method.cycle_length(settings)
        self._phased = isinstance(optimizer, LabOptimizer) or self._cycle > 1  # others may call anything so
        self.streams = {**workload.streams, **generators}
        shares = settings.get("outer_batch") == "last" and not method.origin
        self.given = Given(workload, optimizer, self.streams, self.per_epoch, shares)
        cycles = self._cycle > 1 or "two loops" in method.traits
        self.probe = Probe(workload, optimizer, plan.options, self._cycle if cycles else 0, self.streams, seed, team,
                           clipped=plan.clip is not None)  # fmt: skip
        self._looks_ahead = bool({"two loops", "probe"} & method.traits)
        self._lrs = [group["lr"] for group in optimizer.param_groups]
        self._waiting = WAITING_ON.get(workload.device.type, WAITING)
        self._unseen: list[Unseen] = []
        self._diverged: tuple[int, str] | None = None

    def _gradients(self, method: Method, settings: Mapping[str, Any], steps: int) -> int:
        return gradients(method, settings, steps) if self.plan.options.equal == "timesteps" else steps

    # ---- from here to the end ----------------------------------------------------------------------------------

    def run(self, bar: Any, request: StopRequest, keeper: Keeper | None) -> Result:
        """Train to the end, or until it diverges."""
        while True:
            if self.done == self.ends[self.tested]:
                self._test()
                if self._diverged or self.tested > self.plan.epochs:
                    if not self._diverged:
                        self._close()
                    return self._result()
                if keeper is not None:
                    keeper.epoch_ended(self)
            self._steps(bar, request, keeper)
            if self._diverged:
                self._test()
                return self._result()
            if keeper is not None:
                keeper.between_steps(self, request)

    def _steps(self, bar: Any, request: StopRequest, keeper: Keeper | None) -> None:
        """Take steps to the end of the epoch, or until there is a reason to pause."""
        for group, lr in zip(self.optimizer.param_groups, self._lrs, strict=True):
            group["lr"] = self.plan.decay.lr_at(lr, self.tested - 1)
        self.workload.model.train()
        self.clock.start()
        end = self.ends[self.tested]
        while self.done < end and self._diverged is None and request.signum is None:
            self._step(bar)
            bar.update(self.examples)
            if self.team.agree(request, keeper is not None and keeper.overdue):
                break
        self._see(bar)
        self.clock.stop()

    def _step(self, bar: Any) -> None:
        """Spend one gradient."""
        together = self.plan.options.accumulate
        seconds = self.clock.seconds if self._due() else None  # those before this step, as the metrics are
        phase = int(getattr(self.optimizer, "phase", 0)) if self._phased else 0
        self.probe.before(*self._stands())
        self.optimizer.zero_grad(set_to_none=True)
        with self.given.next() as position:
            loss, metrics = self.team.mean(*self._gradient(position * together, together))
        if self.plan.clip is not None:
            torch.nn.utils.clip_grad_norm_(self.workload.model.parameters(), self.plan.clip)
        self._take_step(position * together, together)
        self.workload.after(position * together + together - 1)
        self._unseen.append(Unseen(self.done, loss, metrics, seconds, phase))
        self.done += 1
        if len(self._unseen) >= self._waiting:
            self._see(bar)
        if self.probe.ended(*self._stands()):
            self._see(bar)
            self.clock.stop()
            for kind, values in self.probe.rows(self.log.timestep(self.done)):
                self.log.other(self.done, self.clock.seconds, kind, values)
            self.clock.start()

    def _stands(self) -> tuple[int, bool]:
        """Timesteps so far, and whether the next gradient is counted as one."""
        return self.log.timestep(self.done), self._flags[self.done % len(self._flags)]

    def _due(self) -> bool:
        """Whether a row is due before this step: at the start of the first cycle after every log_every timesteps."""
        timestep, counted = self._stands()
        starts = counted and timestep % self._cycle == 0
        return starts and timestep % self.plan.log_every < self._cycle

    def _gradient(self, first: int, together: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Put the mean gradient of `together` mini-batches into ``.grad``; return the means of what they measured."""
        parts = []
        for batch in range(first, first + together):
            with self.plan.options.autocast(self.workload.device):
                loss, metrics = self.workload.loss(batch)
            (loss if together == 1 else loss / together).backward()
            parts.append({"loss": loss.detach(), **metrics})
        if together == 1:
            return parts[0].pop("loss"), metrics
        shared = [name for name in parts[0] if all(name in part for part in parts)]
        means = {name: torch.stack([part[name] for part in parts]).mean() for name in shared}
        return means.pop("loss"), means

    def _take_step(self, first: int, together: int) -> None:
        """Step on the gradient of these mini-batches, with lr as the workload wants it for them."""
        factor = getattr(self.workload, "lr_factor", None)
        if factor is None:
            self.optimizer.step()
            return
        lrs = [(group, group["lr"]) for group in self.optimizer.param_groups]
        times = fmean(factor(batch) for batch in range(first, first + together))
        for group, lr in lrs:
            group["lr"] = times * lr
        try:
            self.optimizer.step()
        finally:
            for group, lr in lrs:
                group["lr"] = lr

    def _see(self, bar: Any) -> None:
        """Look at the losses since the last look: write the rows that are due, and notice divergence."""
        if not self._unseen:
            return
        losses = [one.loss for one in self._unseen]
        values = [losses[0].item()] if len(losses) == 1 else torch.stack(losses).tolist()  # one transfer
        for value, (done, _, metrics, seconds, phase) in zip(values, self._unseen, strict=True):
            why = self.watch.sees(value)
            if seconds is not None or why:
                at = self.clock.seconds if seconds is None else seconds
                bar.set_postfix(self.log.train(done, at, phase, value, metrics), refresh=False)
            if why:
                self._diverged = (done + 1, why)
                break
        self._unseen.clear()

    # ---- measuring ---------------------------------------------------------------------------------------------

    def _test(self) -> None:
        """Write the ``test`` row of the epoch that ended; note a run that has diverged."""
        devices = [self.workload.device] if self.workload.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices, device_type="cuda"):
            try:
                slow, fast = self._measure()
            except (ValueError, RuntimeError):
                if self._diverged is None:
                    raise
                return  # a metric that cannot be computed of NaN: the run ends without this row
        lr = float(self.optimizer.param_groups[0]["lr"])  # of a user's own it may be a tensor
        self.log.test(self.done, self.clock.seconds, epoch=self.tested, lr=lr, slow=slow, fast=fast)
        getattr(self.optimizer, "epoch_measured", lambda epoch, measured: None)(self.tested, slow)
        self.tested += 1
        for measured in (slow, fast):
            for name in ("loss", self.plan.main):
                if self._diverged is None and not math.isfinite(measured.get(name, 0.0)):
                    self._diverged = (self.done, f"{name} on held-out data is not finite")

    def _measure(self) -> tuple[dict[str, float], dict[str, float]]:
        """Where the weights are measured twice or BatchNorm is estimated anew, the optimizer's own come second."""
        fast = self.workload.evaluate()
        batches = self.workload.bn_batches()
        if not self._has_slow and batches is None:
            return fast, fast
        with self._at_slow_weights():
            return self.workload.evaluate(), fast

    @property
    def _has_slow(self) -> bool:
        """Whether the slow weights may be others than those of the optimizer's last step."""
        return self._looks_ahead or getattr(self.optimizer, "averaging", False)

    def _at_slow_weights(self) -> AbstractContextManager[Any]:
        """BatchNorm is estimated anew for every optimizer, or one that looks ahead would be favoured by it."""
        batches = self.workload.bn_batches()
        if not self._has_slow:
            return bn_statistics(self.workload.model, batches)
        return self.optimizer.slow_weights(self.workload.model, recompute_bn=batches)  # type: ignore[attr-defined]

    def _close(self) -> None:
        """Write what a workload adds to the end of a record, such as samples of a generator, at the slow weights."""
        with self._at_slow_weights():
            for kind, values in getattr(self.workload, "closing_rows", tuple)():
                self.log.other(self.done, self.clock.seconds, kind, values)

    def _result(self) -> Result:
        at, because = self._diverged or (None, None)
        examples = self.done * self.examples
        totals = self.log.totals(self.done, self.clock, examples, self.workload.unit)
        return Result(DIVERGED if self._diverged else FINISHED, at, because, totals)

    # ---- what a checkpoint holds beside model, optimizer and streams --------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return where the run stands, as plain values and tensors."""
        own = {"done": self.done, "tested": self.tested, "rows": self.log.rows}
        return own | {name: getattr(self, name).state_dict() for name in PARTS}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Stand where `state` was taken, and write its rows again."""
        self.done, self.tested = state["done"], state["tested"]
        for name in PARTS:
            getattr(self, name).load_state_dict(state[name])
        self.log.replay(state["rows"])
