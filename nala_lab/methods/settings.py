"""Hyperparameters of both papers, as data: what the optimizers train with, and what each task changes of it.

From the NALA paper (section "Experiments on LeNet-5"): lr 0.001 for NALA, Lookahead and Adam, 0.1 for NAG (momentum
0.1) and SGD; k = 5 for NALA and Lookahead; mu = -0.5 and alpha = 0.001 for NALA. Not stated there: Lookahead's slow
step, for which its own paper's 0.5 is used; and whether alpha of NALA decays with lr, which it does not here.

From the AdaLA paper (section 4): lr 0.001, betas (0.9, 0.999), eps 1e-8 for AdaLA, AdaBelief, Yogi, Adam, RAdam and
AdamW; lr 0.1 for MSVAG, 0.01 for Fromage, 0.1 at first and 0.001 at last for AdaBound, gamma 0.001. It trains SGD at
0.1 with momentum 0.9 and all of them with weight decay 5e-4: ADALA_SECTION_4 holds that for its tasks. AdaBelief's
program has AdaBound the other way round, 0.001 at first and 0.1 at last, and Yogi at eps 0.001.

MSVAG and Fromage here have neither weight decay, eps nor a second decay rate, although the paper prints them: a setting
that an implementation would ignore is refused, and so is in no record. The paper does not say how weight decay enters.
It is decoupled where AdaBelief's program has it so (AdamW, RAdam), else L2. HeavyBall, OuterMomentum and NT-ASGD, which
is AWD-LSTM's, are in neither paper.

Two loops run around any method of one loop: ``inner`` names it, ``inner.NAME`` are its settings, and lr is its lr.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["ADALA_METHODS", "ADALA_SECTION_4", "ADAM", "ONE_LOOP", "PAPER_METHODS", "PUBLISHED", "TASK_SETTINGS",
           "Settings", "adabelief_program", "around", "default_settings"]  # fmt: skip

Settings = Mapping[str, Any]
PAPER_METHODS = ("nala", "nag", "lookahead", "adam", "sgd")  # Fig. 2 of the NALA paper
ADALA_METHODS = ("adala", "adabelief", "sgd", "adabound", "yogi", "adam", "msvag", "radam", "adamw", "fromage")
ADAM: dict[str, Any] = {"lr": 1e-3, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0}
_L2 = {"weight_decouple": False}
ONE_LOOP: dict[str, Settings] = {
    "sgd": {"lr": 0.1, "momentum": 0.0, "weight_decay": 0.0},
    "heavyball": {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.0},
    "nag": {"lr": 0.1, "momentum": 0.1, "weight_decay": 0.0},
    "adam": ADAM,
    "adabelief": {**ADAM, "denominator": "hat"},
    "adala": {**ADAM, "denominator": "hat", "probe": "own", "probe_batch": "next", "blend": 1.0, "every": 1},
    "adabound": {**ADAM, "lr": 0.1, "final_lr": 1e-3, "gamma": 1e-3, **_L2},
    "yogi": {**ADAM, "initial_accumulator": 1e-6, **_L2},
    "msvag": {"lr": 0.1, "beta": 0.9},
    "radam": {**ADAM, "decoupled_weight_decay": True},
    "adamw": ADAM,
    "fromage": {"lr": 0.01},
}


def around(name: str) -> dict[str, Any]:
    """The settings of an inner method as its outer method writes them; lr is shared and not written twice.

    Examples
    --------
    >>> around("nag")
    {'inner': 'nag', 'inner.momentum': 0.1, 'inner.weight_decay': 0.0}
    """
    own = {f"inner.{key}": value for key, value in ONE_LOOP[name].items() if key != "lr"}
    return {"inner": name, **own}


PUBLISHED: dict[str, Settings] = {
    "nala": {"lr": 1e-3, "k": 5, "mu": -0.5, "alpha": 1e-3, "outer_batch": "fresh", "inner_state": "keep",
             **around("adam")},
    "lookahead": {"lr": 1e-3, "k": 5, "alpha": 0.5, "inner_state": "keep", **around("adam")},
    "outermomentum": {"lr": 1e-3, "k": 5, "nu": 0.7, "beta": 0.9, "style": "nesterov", "alpha": 0.0,
                      **around("adam")},
    **ONE_LOOP,
    "ntasgd": {"lr": 0.1, "weight_decay": 0.0, "n": 5},
}  # fmt: skip
"""Optimizer -> every hyperparameter that a record of it names."""

RESNET_LR: dict[str, Settings] = {name: {"lr": 2e-4} for name in ("nala", "lookahead", "adam")}
ADALA_SECTION_4: dict[str, Settings] = {  # changes to PUBLISHED in the tasks of the AdaLA paper
    **{name: {"weight_decay": 5e-4} for name in ADALA_METHODS if "weight_decay" in PUBLISHED[name]},
    "sgd": {"momentum": 0.9, "weight_decay": 5e-4},
}


def adabelief_program(layers: int) -> dict[str, Settings]:
    """Hyperparameters of AdaBelief's language program for so many layers, as changes to PUBLISHED.

    Examples
    --------
    >>> adabelief_program(1)["adabelief"], adabelief_program(3)["sgd"]
    ({'lr': 0.001, 'eps': 1e-16, 'weight_decay': 1.2e-06}, {'lr': 30.0, 'weight_decay': 1.2e-06})
    """
    lr, eps = (1e-3, 1e-16) if layers == 1 else (1e-2, 1e-12)
    decay = {"weight_decay": 1.2e-6}
    adam = {"lr": lr, **decay}
    return {
        **{name: adam for name in ("adala", "adam", "adamw", "radam")},
        "adabelief": {"lr": lr, "eps": eps, **decay},
        **{name: {"lr": 30.0, **decay} for name in ("sgd", "ntasgd")},
        "adabound": {"lr": 0.01, "final_lr": 30.0, **decay},
        "yogi": {"lr": 0.01, "eps": 1e-3, **decay},
        "msvag": {"lr": 30.0},
        "fromage": {"lr": 0.01},
    }


def _gan() -> dict[str, Settings]:
    """Section 5.3 of the AdaLA paper, and AdaBelief's GAN programs; two loops stand at k = 30, five whole rounds."""
    lr, betas = {"lr": 2e-4}, [0.5, 0.999]
    belief, adam = ({**lr, "betas": betas, "eps": eps} for eps in (1e-12, 1e-8))
    around_adam = {**lr, "k": 30, "inner.betas": betas}
    return {
        **{name: belief for name in ("adala", "adabelief")},
        **{name: adam for name in ("yogi", "adam", "radam", "adamw")},
        **{name: lr for name in ("sgd", "fromage")},
        **{name: around_adam for name in ("nala", "lookahead")},
        "adabound": {**lr, "final_lr": 1e-2, "betas": betas},
        "msvag": {**lr, "beta": 0.5},
    }


TASK_SETTINGS: dict[str, Mapping[str, Settings]] = {
    **{f"resnet18-{data}{loss}": RESNET_LR for data in ("cifar10", "fashion-mnist") for loss in ("", "-softmax-twice")},
    **{f"{network}-cifar10": ADALA_SECTION_4 for network in ("vgg11", "resnet34", "densenet121")},
    **{f"lstm{layers}-ptb": ADALA_SECTION_4 for layers in (1, 2, 3)},
    **{f"lstm{layers}-ptb-released": adabelief_program(layers) for layers in (1, 2, 3)},
    "lstm1-wikitext2": adabelief_program(1),
    **{f"wgan{kind}-cifar10{whose}": _gan() for kind in ("", "-gp") for whose in ("", "-released")},
}
"""Task -> optimizer -> changes to PUBLISHED; a task without a line changes nothing."""


def default_settings(task: str, optimizer: str) -> dict[str, Any]:
    """What a run of the task has where nobody asked for something else; empty for an optimizer that is not known.

    Examples
    --------
    >>> [default_settings(task, "nala")["lr"] for task in ("lenet5-cifar10", "resnet18-cifar10")]
    [0.001, 0.0002]
    """
    return {**PUBLISHED.get(optimizer, {}), **TASK_SETTINGS.get(task, {}).get(optimizer, {})}
