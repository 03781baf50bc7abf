"""What each task of the papers changes of a method's published settings, as data.

The AdaLA paper trains SGD at 0.1 with momentum 0.9 and all of its optimizers with weight decay 5e-4.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from nala_lab.methods.facts import Settings
from nala_lab.methods.table import ADALA_METHODS, METHODS

__all__ = ["ADALA_SECTION_4", "TASK_SETTINGS", "adabelief_program", "default_settings"]

RESNET_LR: dict[str, Settings] = {name: {"lr": 2e-4} for name in ("nala", "lookahead", "adam")}
ADALA_SECTION_4: dict[str, Settings] = {  # changes to the published ones in the tasks of the AdaLA paper
    **{name: {"weight_decay": 5e-4} for name in ADALA_METHODS if "weight_decay" in METHODS[name].published},
    "sgd": {"momentum": 0.9, "weight_decay": 5e-4},
}


def adabelief_program(layers: int) -> dict[str, Settings]:
    """Hyperparameters of AdaBelief's language program for so many layers, as changes to the published ones.

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
"""Task -> optimizer -> changes to the published ones; a task without a line changes nothing."""


def default_settings(task: str, optimizer: str) -> dict[str, Any]:
    """What a run of the task has where nobody asked for something else; empty for an optimizer that is not known.

    Examples
    --------
    >>> [default_settings(task, "nala")["lr"] for task in ("lenet5-cifar10", "resnet18-cifar10")]
    [0.001, 0.0002]
    """
    published = METHODS[optimizer].published if optimizer in METHODS else {}
    return deepcopy({**published, **TASK_SETTINGS.get(task, {}).get(optimizer, {})})  # betas are a list
