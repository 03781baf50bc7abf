"""The language workload: a recurrent network that predicts the next word, trained as AWD-LSTM is.

    loss = cross-entropy + alpha mean(d(h)^2) + beta mean((h_t - h_{t-1})^2)

h: the last layer's output, d(h): the same after dropout. The text lies in `batch_size` columns side by side. Windows of
about `bptt` rows are read one after another; the hidden state goes on from window to window, cut from the graph of the
one before, and starts from zeros where the text does. Every gradient takes the next window, the look-ahead gradients of
NALA and AdaLA too, which so begin with the hidden state that the forward pass before them left.

A mini-batch's ``loss`` is what is differentiated, with dropout and with both penalties; its ``cross_entropy`` is
without the penalties and its ``perplexity`` is exp of that. Held-out ``loss``, ``perplexity`` are those of the test
text; ``valid_loss``, ``valid_perplexity`` of the validation text.

Source: Merity, Keskar and Socher (2017), "Regularizing and Optimizing LSTM Language Models", sections 4 and 5.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from nala_lab.core import require_int, require_number, stream
from nala_lab.experiments.data.text import Corpus, columns, windows
from nala_lab.experiments.models import torch_stream
from nala_lab.experiments.models.lstm import AwdLstm, Hidden

__all__ = ["LanguageWorkload"]


class LanguageWorkload:
    """Next words of a text; an implementation of `nala_lab.experiments.tasks.workload.Workload`.

    Raises ValueError for a number out of range, or a text too short for its columns.

    Parameters
    ----------
    model : from `awd_lstm`, for as many words as the corpus has. It is moved to the device.
    corpus : the numbered text.
    batch_size : columns of the training text.
    bptt : rows in a window.
    seed : names the streams "dropout" and "windows".
    device : where text and model are. The masks of dropout are drawn there too, so they differ between kinds of device.
    alpha, beta : weights of the two penalties, >= 0; activation and temporal activation regularisation.
    random_windows : draw the lengths of the windows anew in every epoch; see `windows`.
    lr_by_length : multiply lr by rows / bptt in the step on a window of so many rows, as AWD-LSTM does.
    eval_columns : columns of the validation and of the test text. 1 reads them as one text, and slowly.
    batches : use only so many mini-batches of each epoch; None means all.

    Examples
    --------
    >>> from nala_lab.experiments.models.lstm import awd_lstm
    >>> from nala_lab.experiments.data.text import load_text
    >>> corpus = load_text("ptb", standin=True)
    >>> net = awd_lstm(len(corpus.words), embedding=8, generator=torch_stream(0, "initial weights"))
    >>> workload = LanguageWorkload(net, corpus, batch_size=20, bptt=35, seed=0, device=torch.device("cpu"))
    >>> workload.start_epoch(0)
    >>> loss, metrics = workload.loss(0)
    >>> workload.batches, workload.examples, sorted(metrics)
    (35, 700, ['cross_entropy', 'perplexity'])
    """

    unit = "tok"

    def __init__(self, model: AwdLstm, corpus: Corpus, *, batch_size: int, bptt: int, seed: int, device: torch.device,
                 alpha: float = 2.0, beta: float = 1.0, random_windows: bool = False, lr_by_length: bool = False,
                 eval_columns: int = 10, batches: int | None = None) -> None:  # fmt: skip
        for name, value in (("alpha", alpha), ("beta", beta)):
            require_number(name, value, low=0)
        if batches is not None:
            require_int("batches", batches, low=1)
        self.device = device
        self.model: nn.Module = model.to(device)
        self._start = model.start
        self.alpha, self.beta, self.bptt, self.random_windows = alpha, beta, bptt, random_windows
        self.lr_by_length = lr_by_length
        self.streams = {"dropout": _on(device, seed, "dropout"), "windows": torch_stream(seed, "windows")}
        self._train = columns(corpus.train, batch_size).to(device)
        self._held_out = {"": columns(corpus.test, eval_columns).to(device),
                          "valid_": columns(corpus.valid, eval_columns).to(device)}  # fmt: skip
        # As many every epoch, whatever the lengths.
        count = len(windows(len(self._train), bptt, torch_stream(seed, "count") if random_windows else None))
        self.batches = min(count, batches or count)
        self.examples = batch_size * bptt
        self.fingerprint = {"name": corpus.name, "sha256": corpus.sha256, "words": len(corpus.words),
                            "train": len(corpus.train), "valid": len(corpus.valid),
                            "test": len(corpus.test)}  # fmt: skip
        self._windows: list[list[int]] = []
        self._hidden: Hidden = model.start(batch_size)

    def groups(self) -> list[dict[str, Any]]:
        """One group of all parameters."""
        return [{"params": list(self.model.parameters())}]

    def start_epoch(self, epoch: int) -> None:
        """Lay the windows; the first one begins with a hidden state of zeros."""
        draw = self.streams["windows"] if self.random_windows else None
        self._windows = windows(len(self._train), self.bptt, draw).tolist()

    def loss(self, batch: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Loss on the next window; the hidden state after it is kept for the one that follows."""
        first, rows = self._windows[batch]
        if first == 0:
            self._hidden = self._start(self._train.shape[1])
        x, y = self._train[first : first + rows], self._train[first + 1 : first + 1 + rows].flatten()
        logits, hidden, raw, dropped = self.model(x, self._hidden, self.streams["dropout"])
        self._hidden = [(h.detach().float(), c.detach().float()) for h, c in hidden]
        cross_entropy = F.cross_entropy(logits.float(), y)
        loss = cross_entropy
        if self.alpha:
            loss = loss + self.alpha * dropped.float().square().mean()
        if self.beta and rows > 1:
            loss = loss + self.beta * raw.float().diff(dim=0).square().mean()
        measured = cross_entropy.detach()
        return loss, {"cross_entropy": measured, "perplexity": measured.exp()}

    def lr_factor(self, batch: int) -> float:
        """Rows of this window over bptt, where lr goes by length."""
        return self._windows[batch][1] / self.bptt if self.lr_by_length else 1.0

    def after(self, batch: int) -> None:
        """Nothing follows a step."""

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Mean cross-entropy and perplexity of the test and of the validation text, without dropout."""
        self.model.eval()
        results = {}
        for name, text in self._held_out.items():
            loss = self._mean_loss(text)
            results |= {f"{name}loss": loss, f"{name}perplexity": _exp(loss)}
        return results

    def _mean_loss(self, text: torch.Tensor) -> float:
        """Over every word but the first of each column."""
        hidden = self._start(text.shape[1])
        total = torch.zeros((), device=self.device)
        for first, rows in windows(len(text), self.bptt).tolist():
            logits, hidden, _, _ = self.model(text[first : first + rows], hidden)
            total += F.cross_entropy(logits, text[first + 1 : first + 1 + rows].flatten(), reduction="sum")
        return total.item() / text[1:].numel()

    def bn_batches(self) -> Iterable[torch.Tensor] | None:
        """Without BatchNorm there is nothing to estimate."""
        return None

    def state_dict(self) -> dict[str, Any]:
        """Return the windows of the epoch and the hidden state."""
        return {"windows": self._windows, "hidden": [[h.cpu(), c.cpu()] for h, c in self._hidden]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on in the saved windows with the saved hidden state."""
        self._windows = state["windows"]
        self._hidden = [(h.to(self.device), c.to(self.device)) for h, c in state["hidden"]]


def _on(device: torch.device, seed: int, name: str) -> torch.Generator:
    """A named stream on a device: millions of masked weights a step are too many to send there."""
    if device.type == "cpu":
        return torch_stream(seed, name)
    return torch.Generator(device).manual_seed(int(stream(seed, name).integers(2**63)))


def _exp(loss: float) -> float:
    """Infinity where a float ends, which is how a diverged run is known."""
    return math.exp(loss) if loss < 700 else math.inf if loss == loss else math.nan
