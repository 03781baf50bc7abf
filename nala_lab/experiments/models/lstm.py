"""The AWD-LSTM language model: LSTM layers, tied weights, and dropout whose masks are all drawn from one stream.

    e_t   = d_e(E)[x_t]                              E: (words, embedding); d_e drops whole words from the vocabulary
    h^l_t = LSTM_l(d(h^{l-1}_t), d_w(W_hh) )         h^0 = e; d_w drops single recurrent weights
    z_t   = E d(h^L_t) + b                           logits; the same E (Press and Wolf 2017)

d is locked dropout: one mask for all time steps of a window, another one for each column. Every mask keeps an entry
with probability 1 - p and divides it by that. Masks are drawn anew for each window.

Weight dropout is applied by handing the layer another recurrent matrix, so each layer is one call of torch's own LSTM,
and the gradient reaches the matrix through the mask. (AdaBelief's published program wraps the dropped matrix in a new
``Parameter``. That cuts the path in today's torch, so there the recurrent matrices would keep their initial values;
that program was read and not run here.)

Source: Merity, Keskar and Socher (2017), "Regularizing and Optimizing LSTM Language Models"; sizes and dropout of the
1-, 2- and 3-layer networks as in the program of AdaBelief (Zhuang et al. 2020), which the AdaLA paper follows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from nala_lab.core import require_choice, require_int, require_number

__all__ = ["DROPOUT", "AwdLstm", "Hidden", "awd_lstm"]

State = tuple[torch.Tensor, torch.Tensor]  # h and c of a layer, (1, columns, width)
Hidden = Sequence[State]  # of all layers
# Probabilities of dropping: words of the embedding, its output, between layers, the last output, recurrent weights.
DROPOUT = {"words": 0.1, "input": 0.4, "between": 0.25, "output": 0.4, "weights": 0.5}


class AwdLstm(nn.Module):
    """The network; `awd_lstm` makes one with initial weights from a stream.

    Parameters
    ----------
    words : size of the vocabulary.
    layers : LSTM layers; all but the last have `hidden` units, the last has `embedding`.
    dropout : changes to DROPOUT.
    """

    def __init__(self, words: int, layers: int, embedding: int, hidden: int, dropout: dict[str, float]) -> None:
        super().__init__()
        widths = [embedding, *[hidden] * (layers - 1), embedding]
        self.dropout = dropout
        self.embedding = nn.Embedding(words, embedding)
        self.layers = nn.ModuleList(nn.LSTM(a, b) for a, b in zip(widths, widths[1:], strict=False))
        self.bias = nn.Parameter(torch.empty(words))

    def start(self, columns: int) -> Hidden:
        """Zeros, the hidden state before the first word."""
        zeros = [self.bias.new_zeros(1, columns, layer.hidden_size) for layer in self.layers]
        return [(zero, zero) for zero in zeros]

    def forward(
        self, x: torch.Tensor, hidden: Hidden, masks: torch.Generator | None = None
    ) -> tuple[torch.Tensor, Hidden, torch.Tensor, torch.Tensor]:
        """Predict the next word at every position.

        Parameters
        ----------
        x : (time, columns) int64, numbers of words.
        hidden : from `start`, or from the window before.
        masks : on the device of the network; None: nothing is dropped.

        Returns
        -------
        logits : (time * columns, words).
        hidden : after the last time step, part of the graph.
        raw, dropped : (time, columns, embedding), the last layer's output before and after its dropout.
        """
        out = F.embedding(x, self.embedding.weight)
        out = out * self._mask("words", (self.bias.numel(), 1), out, masks)[x] if masks is not None else out
        out = self._drop("input", out, masks)
        after = []
        for i, (layer, before) in enumerate(zip(self.layers, hidden, strict=True)):
            raw, state = self._layer(layer, out, before, masks)
            after.append(state)
            out = self._drop("output" if i == len(self.layers) - 1 else "between", raw, masks)
        logits = F.linear(out.flatten(0, 1), self.embedding.weight, self.bias)
        return logits, after, raw, out

    def _layer(self, layer: nn.Module, x: torch.Tensor, hidden: tuple[torch.Tensor, torch.Tensor],
               masks: torch.Generator | None) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:  # fmt: skip
        matrix = layer.weight_hh_l0
        dropped = {} if masks is None else {"weight_hh_l0": matrix * self._mask("weights", matrix.shape, matrix, masks)}
        out: tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]
        out = torch.func.functional_call(layer, dropped, (x, hidden))
        return out

    def _drop(self, where: str, x: torch.Tensor, masks: torch.Generator | None) -> torch.Tensor:
        """Locked dropout of (time, columns, width)."""
        return x if masks is None else x * self._mask(where, (1, *x.shape[1:]), x, masks)

    def _mask(self, where: str, shape: Sequence[int], like: torch.Tensor, masks: torch.Generator) -> torch.Tensor:
        keep = 1 - self.dropout[where]
        return like.new_empty(shape).bernoulli_(keep, generator=masks).div_(keep)


def awd_lstm(words: int, *, layers: int = 1, embedding: int = 400, hidden: int = 1150,
             dropout: dict[str, float] | None = None, generator: torch.Generator) -> AwdLstm:  # fmt: skip
    """AWD-LSTM with 5.3, 13.6 and 24.2 million parameters for 1, 2 and 3 layers and 10,000 words.

    Initial weights: E ~ U(-0.1, 0.1), b = 0, and everything in an LSTM of n units ~ U(-1 / sqrt(n), 1 / sqrt(n)).

    Raises ValueError for a size below 1, a place of dropout that is not in DROPOUT, or a probability outside [0, 1).

    Parameters
    ----------
    words, layers, embedding, hidden, dropout : see `AwdLstm`.
    generator : where the initial weights are drawn from.

    Examples
    --------
    >>> net = awd_lstm(50, layers=2, embedding=8, hidden=12, generator=torch.Generator().manual_seed(0))
    >>> logits, hidden, raw, dropped = net(torch.zeros(5, 3, dtype=torch.int64), net.start(3))
    >>> logits.shape, [tuple(h.shape) for h, c in hidden]
    (torch.Size([15, 50]), [(1, 3, 12), (1, 3, 8)])
    """
    for name, value in (("words", words), ("layers", layers), ("embedding", embedding), ("hidden", hidden)):
        require_int(name, value, low=1)
    chances = {**DROPOUT, **(dropout or {})}
    for name, chance in chances.items():
        require_choice("dropout", name, DROPOUT)
        require_number(f"dropout[{name!r}]", chance, low=0, high=1, open_high=True)
    # Built without storage first: torch's own initialisation would draw from its global generator.
    with torch.device("meta"):
        net = AwdLstm(words, layers, embedding, hidden, chances)
    net.to_empty(device="cpu")
    with torch.no_grad():
        net.embedding.weight.uniform_(-0.1, 0.1, generator=generator)
        net.bias.zero_()
        for layer in net.layers:
            bound = 1 / math.sqrt(layer.hidden_size)
            for p in layer.parameters():
                p.uniform_(-bound, bound, generator=generator)
    return net
