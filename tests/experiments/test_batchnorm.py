"""BatchNorm on held-out data: its statistics are estimated anew for every optimizer, so none is favoured."""

import pytest
import torch

from nala_lab.experiments.models import initialise, torch_stream
from nala_lab.experiments.tasks.image_workload import ImageWorkload
from tests.experiments.runs import trained


class Pictures:
    """Noise whose mean is the class; far from mean 0, so that young running statistics are far off."""

    name, sha256, classes = "pictures", "0" * 64, 2

    def __init__(self):
        draw = torch_stream(0, "pictures")
        self.train_y = torch.arange(64) % 2
        self.test_y = torch.arange(32) % 2
        for part in ("train", "test"):
            y = getattr(self, f"{part}_y")
            x = torch.randn(len(y), 1, 4, 4, generator=draw) + 20 + y.view(-1, 1, 1, 1)
            setattr(self, f"{part}_x", x)


def network():
    layers = (torch.nn.BatchNorm2d(1), torch.nn.Flatten(), torch.nn.Linear(16, 2))
    return initialise(torch.nn.Sequential(*layers), torch_stream(0, "weights"))


@pytest.mark.parametrize("name", ["adam", "nala"])
def test_what_is_reported_is_of_statistics_of_the_weights_at_hand(name):
    workload = ImageWorkload(network(), Pictures(), batch_size=16, seed=0)
    rows, *_ = trained(workload, name, {"lr": 0.05}, epochs=1)
    last = [row for row in rows if row["kind"] == "test"][-1]
    # Four steps with momentum 0.1: the running mean is at 1 - 0.9^4 = 34 % of the pixels' mean 20.5, of sd about 1.
    assert last["loss"] < 1 < last["fast_loss"]
    assert workload.model[0].running_mean.item() < 10  # and training goes on with its own statistics
