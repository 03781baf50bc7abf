"""The language tasks of the AdaLA paper: 1-, 2- and 3-layer LSTMs on Penn Treebank.

The AdaLA paper gives the networks, the data and hyperparameters, and refers to AdaBelief (Zhuang et al. 2020) for the
tuning; batch 20, windows of 70, clipping at 0.25, 200 epochs and the decays after 100 and 145 are from AdaBelief's
published program. Its hyperparameters and those that the AdaLA paper prints differ, so there are two tasks:

lstmN-ptb            section 4 of the AdaLA paper: ADALA_SECTION_4 of `nala_lab.methods.task_settings`.
lstmN-ptb-released   AdaBelief's program. The nine rows of the paper's Table 3 beside its own are, where they can be
                     compared, the best values of that program's stored curves. lr of the Adam family is 0.001 for one
                     layer and 0.01 for two and three; AdaLA has Adam's settings, as the paper says of it.

Of what that program is told on its command line, eps reaches AdaBelief only, and the decay rates AdaBelief, Yogi and
MSVAG; so Adam, AdamW and RAdam are here at eps 1e-8, also where its file names say 1e-12. Its list of runs has no
Fromage, which has the printed 0.01 here. ``-released`` multiplies lr by length / 70 for each window, as it does; at
cpu and smoke scale only the last window of a pass has another length.

Its "sgd" goes over to torch's averaged SGD once the test loss stops improving, but the lines that would measure at the
average are commented out, and its stored curves agree: by its rule the switch came in epoch 24, 34 or 27, and yet they
fall by 6.9, 4.2 and 3.6 in the one epoch after lr fell, which an average over 60 epochs cannot. What it shows is SGD,
and so "sgd" is SGD here. ``ntasgd`` is what AWD-LSTM does, with the same hyperparameters: its records have the
perplexity at the average, and beside it, as ``fast_perplexity``, the very numbers of SGD.

What departs from that program:

- after that switch, each of its windows gets the factor of the window before it; ours always its own;
- a window that the end of the text cuts off has the factor of the length that was drawn; ours of what is left of it;
- the tasks with printed hyperparameters have one lr for windows of all lengths;
- MSVAG here has no weight decay (1.2e-6 there) and one decay rate;
- our recurrent matrices are trained: see `nala_lab.experiments.models.lstm`;
- at cpu and smoke scale held-out text is read in 10 columns, there and at paper scale as one text.

Clipping also meets the look-ahead gradients of NALA and AdaLA.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from nala_lab.experiments.tasks.base import Milestones, Scale, Task
from nala_lab.methods.table import ADALA_METHODS
from nala_lab.methods.task_settings import TASK_SETTINGS

__all__ = ["LANGUAGE"]

_DECAY = Milestones((100, 145), 0.1)
_PAPER = Scale(200, 20, 200, extra={"bptt": 70, "random_windows": True, "eval_columns": 1})
_SMALL = {"bptt": 10, "embedding": 16, "hidden": 24, "standin": True}
_SMOKE = Scale(1, 4, 2, train=400, test=100, batches=8, extra=_SMALL)
_SIZES = ("embedding", "hidden")


def _awd(data: str, layers: int, scale: Scale, *, seed: int, folders: Sequence[Path], device: Any) -> Any:
    from nala_lab.experiments.data.text import load_text
    from nala_lab.experiments.models import torch_stream
    from nala_lab.experiments.models.lstm import awd_lstm
    from nala_lab.experiments.tasks.language_workload import LanguageWorkload

    extra = dict(scale.extra)
    corpus = load_text(data, folders=folders, standin=extra.pop("standin", False)).first(scale.train, scale.test)
    sizes = {name: extra.pop(name) for name in _SIZES if name in extra}
    model = awd_lstm(len(corpus.words), layers=layers, generator=torch_stream(seed, "initial weights"), **sizes)
    return LanguageWorkload(model, corpus, batch_size=scale.batch_size, seed=seed, device=device,
                            batches=scale.batches, **extra)  # fmt: skip


def _task(name: str, data: str, layers: int, cpu: Scale, why: str) -> Task:
    source = f"AdaLA paper, section 5.2, Table 3; {why}"
    return Task(name, source, data, f"AWD-LSTM, {layers} layer{'s' * (layers > 1)}", ADALA_METHODS,
                partial(_awd, data, layers), {"smoke": _SMOKE, "cpu": cpu, "paper": _PAPER}, _DECAY,
                TASK_SETTINGS[name], clip=0.25, main="perplexity", best=min)  # fmt: skip


def _released(name: str, data: str, layers: int, cpu: Scale, why: str = "") -> Task:
    """AdaBelief's program: its hyperparameters, and lr goes by the length of the window."""
    task = _task(name, data, layers, cpu, f"hyperparameters of AdaBelief's program, and lr by length as there{why}")
    scales = {size: replace(own, extra={**own.extra, "lr_by_length": True}) for size, own in task.scales.items()}
    return replace(task, scales=scales)


# One layer sees all of the text. Two and three see enough windows for the loss to fall, and no more.
_CPU = {
    1: Scale(1, 20, 20, extra={"bptt": 70}),
    2: Scale(1, 20, 2, test=2_000, batches=60, extra={"bptt": 20}),
    3: Scale(1, 20, 2, test=2_000, batches=40, extra={"bptt": 20}),
}
_WIKI = Scale(1, 20, 5, test=20_000, batches=150, extra={"bptt": 70})
_PRINTED = "hyperparameters as printed in section 4, one lr for windows of all lengths"

LANGUAGE: tuple[Task, ...] = (
    *(_task(f"lstm{n}-ptb", "ptb", n, cpu, _PRINTED) for n, cpu in _CPU.items()),
    *(_released(f"lstm{n}-ptb-released", "ptb", n, cpu) for n, cpu in _CPU.items()),
    _released("lstm1-wikitext2", "wikitext2", 1, _WIKI, ", on freely licensed text instead of Penn Treebank"),
)  # fmt: skip
