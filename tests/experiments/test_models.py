"""LeNet-5 and the data it is fed: sizes, equal starts, no global random state."""

import hashlib

import numpy as np
import pytest
import torch

from nala_lab.experiments.data.fetch import FASHION_MNIST, data_folders
from nala_lab.experiments.data.images import load_data
from nala_lab.experiments.models import lenet5, torch_stream
from nala_lab.experiments.tasks.image_workload import mini_batches

FILES = tuple(FASHION_MNIST)


def test_lenet5_has_the_parameters_of_its_layers():
    counts = [p.numel() for p in lenet5(generator=torch_stream(0, "x")).parameters()]
    # 6 maps of 5 x 5; 16 maps over all 6; 400 -> 120 -> 84 -> 10; a bias each.
    assert counts == [150, 6, 2400, 16, 48000, 120, 10080, 84, 840, 10]
    assert sum(counts) == 61_706


@pytest.mark.parametrize(("activation", "layer"), [("tanh", torch.nn.Tanh), ("relu", torch.nn.ReLU)])
def test_the_activation_is_the_one_asked_for(activation, layer):
    model = lenet5(activation=activation, generator=torch_stream(0, "x"))
    assert sum(isinstance(m, layer) for m in model) == 4
    assert model(torch.ones(2, 1, 28, 28)).shape == (2, 10)


def test_initial_weights_have_variance_one_over_fan_in():
    layer = lenet5(generator=torch_stream(0, "variance"))[7].weight  # 400 inputs, 48,000 weights
    # A uniform variable's square has relative spread sqrt(4/5); 4.4 standard errors: false alarm 1 in 100 000.
    spread = 4.4 * (0.8 / layer.numel()) ** 0.5
    assert abs(layer.var().item() * 400 - 1) < spread
    assert layer.abs().max().item() <= (3 / 400) ** 0.5


def test_mini_batches_are_full_fresh_and_of_every_image():
    order = torch_stream(0, "order")
    first, second = (list(mini_batches(12, 4, order)) for _ in range(2))
    assert [len(batch) for batch in first] == [4, 4, 4]
    assert sorted(torch.cat(first).tolist()) == sorted(torch.cat(second).tolist()) == list(range(12))
    assert torch.cat(first).tolist() != torch.cat(second).tolist()
    short = list(mini_batches(14, 4, order))  # two images are left out
    assert [len(batch) for batch in short] == [4, 4, 4] and len(set(torch.cat(short).tolist())) == 12


def test_digits_are_standardised_and_always_split_alike():
    data = load_data("digits")
    assert data.train_x.shape == (1536, 1, 28, 28) and data.test_x.shape == (261, 1, 28, 28)
    # float32 sums over 1.2 million pixels: a thousand times the unit roundoff is ample and catches a wrong constant.
    tol = 1000 * torch.finfo(torch.float32).eps
    assert abs(data.train_x.mean().item()) < tol and abs(data.train_x.std().item() - 1) < tol
    assert data.train_x.dtype == torch.float32 and data.train_y.dtype == torch.int64
    assert set(data.train_y.tolist()) == set(data.test_y.tolist()) == set(range(10))
    # Every 8 x 8 pixel is three times three, inside a border of two.
    inside = data.test_x[:, 0, 2:26, 2:26]
    assert torch.equal(inside, inside[:, ::3, ::3].repeat_interleave(3, 1).repeat_interleave(3, 2))
    assert data.sha256 == load_data("digits").sha256


def test_no_test_image_of_the_digits_is_a_training_image():
    data = load_data("digits")
    seen = {hashlib.sha256(x.numpy().tobytes()).digest() for x in data.train_x}
    assert not any(hashlib.sha256(x.numpy().tobytes()).digest() in seen for x in data.test_x)


@pytest.mark.data(*FILES)
def test_fashion_mnist_is_the_published_data():
    data = load_data("fashion-mnist", folders=data_folders())
    assert data.train_x.shape == (60_000, 1, 28, 28) and data.test_x.shape == (10_000, 1, 28, 28)
    np.testing.assert_array_equal(np.bincount(data.train_y), [6000] * 10)
    np.testing.assert_array_equal(np.bincount(data.test_y), [1000] * 10)
    # The published mean 0.2860 and standard deviation 0.3530 of 255, to their last digit, from pixel 0's place.
    black = data.train_x.min().item()
    white = data.train_x.max().item()
    sd = 1 / (white - black)
    assert abs(sd - 0.3530) < 5e-5 and abs(-black * sd - 0.2860) < 5.1e-5
