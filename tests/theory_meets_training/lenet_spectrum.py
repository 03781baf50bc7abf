"""The spectrum of LeNet-5 on Fashion-MNIST after 500 gradients of SGD, for the explorers' preset.

Curvatures of the loss on 2,048 training images by Lanczos, and the variance of a mini-batch gradient (256 images) in
the direction of each, from 64 mini-batches. With the data files in a folder of NALA_LAB_DATA:

    python -m tests.theory_meets_training.lenet_spectrum         prints rank, eigenvalue, its error bound, variance
"""

import numpy as np
import torch
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from nala_lab.core import stream
from nala_lab.experiments.data.fetch import data_folders
from nala_lab.experiments.data.images import load_data
from nala_lab.experiments.models import lenet5, torch_stream
from nala_lab.experiments.run.curvature import Slopes

RANKS = (1, 2, 3, 5, 8, 13, 21, 34)
STEPS, IMAGES, BATCH, LR, GRADIENTS = 90, 2048, 256, 0.1, 500


def main():
    data = load_data("fashion-mnist", folders=data_folders(None))
    model = lenet5(generator=torch_stream(0, "initial weights"))
    names, rng = list(dict(model.named_parameters())), stream(0, "lenet spectrum")
    weights = [p.detach().clone() for p in model.parameters()]

    def loss(w, index):
        return cross_entropy(functional_call(model, dict(zip(names, w, strict=True)), (data.train_x[index],)),
                             data.train_y[index])  # fmt: skip

    def gradient(w):
        at = [x.detach().requires_grad_() for x in w]
        return torch.autograd.grad(loss(at, torch.from_numpy(rng.integers(len(data.train_y), size=BATCH))), at)

    for _ in range(GRADIENTS):
        weights = [w - LR * g for w, g in zip(weights, gradient(weights), strict=True)]
    values, vectors, within = top(Slopes(lambda w: loss(w, slice(IMAGES)), weights), rng)
    noise = np.array([vectors.T @ flat(gradient(weights)) for _ in range(64)])
    for rank in RANKS:
        print(rank, f"{values[rank - 1]:.4g}", f"{within[rank - 1]:.1g}", f"{noise[:, rank - 1].var(ddof=1):.4g}")


def flat(v):
    return torch.cat([x.detach().reshape(-1) for x in v]).double().numpy()


def top(slopes, rng):
    """Lanczos, fully orthogonalised: values and vectors, largest first, and the length of H v - value v of each."""
    shapes = [g.shape for g in slopes.gradient]
    sizes = [g.numel() for g in slopes.gradient]
    v = rng.normal(size=sum(sizes))
    basis, images = [], []
    for _ in range(STEPS):
        for _ in range(2):
            for u in basis:
                v = v - (u @ v) * u
        basis.append(v / np.linalg.norm(v))
        parts = torch.from_numpy(basis[-1]).float().split(sizes)
        v = flat(slopes.product([p.view(s) for p, s in zip(parts, shapes, strict=True)]))
        images.append(v)
    V, HV = np.stack(basis, 1), np.stack(images, 1)
    values, turn = np.linalg.eigh((V.T @ HV + HV.T @ V) / 2)
    missed = np.linalg.norm(HV @ turn - (V @ turn) * values, axis=0)
    return values[::-1], (V @ turn)[:, ::-1], missed[::-1]


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
