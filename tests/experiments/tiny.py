"""A task of milliseconds that has everything a run can draw from or keep: order, augmentation, dropout, BatchNorm."""

import torch
from torch import nn

from nala_lab.experiments.data.images import load_data
from nala_lab.experiments.models import torch_stream
from nala_lab.experiments.tasks import Halving, Scale, Task
from nala_lab.experiments.tasks.image_workload import ImageWorkload


def network(seed):
    with torch.random.fork_rng(devices=[]):  # torch draws initial weights from its global generator
        model = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Dropout(0.3), nn.Linear(24, 10)
        )
    draw = torch_stream(seed, "initial weights")
    for layer in (model[1], model[5]):
        nn.init.xavier_uniform_(layer.weight, generator=draw)
        nn.init.zeros_(layer.bias)
    return model


def noisy(x, generator):
    """Shift every image by up to two pixels, as drawn."""
    return x.roll(int(torch.randint(-2, 3, (), generator=generator)), dims=3)


def make(scale, *, seed, folders, device):
    data = load_data("digits", folders=folders, device=device).first(scale.train, scale.test)
    return ImageWorkload(network(seed), data, batch_size=scale.batch_size, seed=seed, augment=noisy)


TINY = Task("tiny", "ours", "digits", "one hidden layer", ("adam", "nala"), make,
            {"smoke": Scale(3, 64, 1, train=320, test=60)}, Halving(every=2), {"sgd": {"momentum": 0.9}})  # fmt: skip
