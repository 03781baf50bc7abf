"""The networks of both papers: sizes, shapes, starts that belong to the seed, and a gradient for every weight."""

from functools import cache

import pytest
import torch
from torch.nn import functional as F

from nala_lab.experiments import models
from nala_lab.experiments.models import torch_stream
from nala_lab.experiments.models.across_channels import AcrossChannels, _Normalised
from tests.refusals import refused

# name, options, shape of an image, parameters for 10 classes. Published or hand-counted: the comment says which.
NETWORKS = {
    # two more colours than grey: 150 weights each
    "lenet5": ("lenet5", {"channels": 3, "size": 32}, (3, 32, 32), 61_706 + 2 * 150),
    "tflenet": ("tf_lenet", {}, (3, 24, 24), 1_085_668 - 90 * 193),  # counted from the released graph for 100 classes
    "alexnet": ("alexnet", {}, (3, 32, 32), 28_745_284 - 90 * 4097),  # 28.7 million for 100 classes as released
    "alexnet as released": ("alexnet", {"size": 24, "init": "std 0.1"}, (3, 24, 24), 28_376_554),
    "resnet18": ("resnet", {}, (3, 32, 32), 11_173_962),  # the usual CIFAR ResNets' published counts
    "resnet18 grey": ("resnet", {"channels": 1}, (1, 32, 32), 11_173_962 - 2 * 9 * 64),
    "resnet34": ("resnet", {"depth": 34}, (3, 32, 32), 21_282_122),
    # Column A by hand: 9,220,480 in the convolutions, 2 * 512 * 513 + 5130 above them.
    "vgg11": ("vgg11", {}, (3, 32, 32), 9_220_480 + 525_312 + 5_130),
    "vgg11 normalised": ("vgg11", {"batchnorm": True}, (3, 32, 32), 9_750_922 + 2 * 2752),
    "densenet121": ("densenet121", {}, (3, 32, 32), 6_956_298),
}


def build(name, seed=0, classes=10):
    network, options, *_ = NETWORKS[name]
    return getattr(models, network)(classes, generator=torch_stream(seed, "initial weights"), **options)


built = cache(build)  # for tests that change nothing: drawing 28 million weights takes its time


def images(name, n=3):
    shape = NETWORKS[name][2]
    return torch.randn(n, *shape, generator=torch_stream(0, "images"))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_has_its_parameters_and_answers_for_every_class(name):
    model = built(name)
    assert sum(p.numel() for p in model.parameters()) == NETWORKS[name][3]
    assert not any(p.is_meta for p in model.parameters()) and not any(b.is_meta for b in model.buffers())
    with torch.no_grad():
        assert model.eval()(images(name)).shape == (3, 10)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_gradient_reaches_every_parameter(name):
    model = built(name)
    # Evaluation mode: dropout would leave out what it drops, and its draws are not this test's subject.
    loss = F.cross_entropy(model.eval()(images(name)), torch.tensor([0, 3, 7]))
    names, parameters = zip(*model.named_parameters(), strict=True)
    for key, grad in zip(names, torch.autograd.grad(loss, parameters), strict=True):
        assert grad.isfinite().all() and grad.abs().max() > 0, key


@pytest.mark.parametrize("name", ["lenet5", "tflenet", "alexnet", "resnet18", "vgg11", "densenet121"])
def test_the_seed_decides_the_start_and_the_global_generator_is_left_alone(name):
    before = torch.get_rng_state()
    one, same, other = (torch.cat([p.detach().flatten() for p in build(name, seed).parameters()]) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "resnet34", "densenet121"])
def test_he_start_has_variance_two_over_fan_in_and_one_in_the_last_layer(name):
    layers = [m for m in built(name).modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    for layer in layers:
        w = layer.weight.detach()
        gain = w.var().item() * w[0].numel()
        # A Gaussian sample variance has relative spread sqrt(2 / n); 5 of them over 8 to 121 layers: 1 in 10,000.
        assert abs(gain / (1 if layer is layers[-1] else 2) - 1) < 5 * (2 / w.numel()) ** 0.5


def test_vgg_starts_at_fan_out_and_so_small_that_sgd_survives():
    layers = [m for m in built("vgg11").modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    for layer in layers:
        w, linear = layer.weight.detach(), isinstance(layer, torch.nn.Linear)
        want = 1 / (3 * w.shape[1]) if linear else 2 / (9 * w.shape[0])
        # Relative spread of a variance: sqrt(2 / n) for a Gaussian, less for a uniform variable; 5 of them.
        assert abs(w.var().item() / want - 1) < 5 * (2 / w.numel()) ** 0.5
    with torch.no_grad():
        assert built("vgg11").eval()(images("vgg11", 16)).abs().max() < 0.5  # from He's fan-in it would be several


def test_signals_keep_their_size_through_the_deep_networks_at_the_start():
    for name in ("resnet34", "densenet121"):
        logits = build(name).train()(images(name, 8))
        # BatchNorm holds every layer at size 1: logits of size 1, not 1e-3 or 1e3.
        assert 0.1 < logits.std().item() < 10, name


def test_the_released_networks_start_as_released():
    layers = [m for m in built("tflenet").modules() if hasattr(m, "weight")]
    for layer, sd, bias in zip(layers, (0.05, 0.05, 0.04, 0.04, 1 / 192), (0, 0.1, 0.1, 0.1, 0), strict=True):
        w = layer.weight.detach()
        assert w.abs().max() <= 2 * sd and layer.bias.eq(torch.tensor(bias)).all()
        # Cut off at two, a Gaussian has standard deviation 0.8796; kurtosis 2.37, so relative spread sqrt(1.37 / 4n).
        assert abs(w.std().item() / (0.8796 * sd) - 1) < 5 * (1.37 / (4 * w.numel())) ** 0.5 + 1e-4
    for p in built("alexnet as released").parameters():
        assert p.abs().max() == 0 if p.ndim == 1 else 0.19 < p.abs().max() <= 0.2


def test_the_released_alexnet_starts_from_a_loss_in_the_thousands():
    x = images("alexnet as released", 16)
    x = (x - x.mean((1, 2, 3), keepdim=True)) / x.std((1, 2, 3), keepdim=True)
    with torch.no_grad():
        logits = built("alexnet as released").eval()(x)
    # The authors' own logs begin at 3.4e3 and 6.1e3; the order of magnitude is the point.
    loss = F.cross_entropy(logits, torch.arange(16) % 10).item()
    assert 300 < loss < 30_000


def test_pooling_of_the_released_lenet_hangs_over_the_right_edge_only():
    x = torch.arange(24 * 24, dtype=torch.float32).view(1, 1, 24, 24)
    out = built("tflenet")[1](x)
    assert out.shape == (1, 1, 12, 12)
    # SAME pooling of an even side starts at the edge: window i covers pixels 2i to 2i + 2, as far as there are any.
    want = torch.tensor([min(2 * i + 2, 23) for i in range(12)], dtype=torch.float32)
    assert torch.equal(out[0, 0], 24 * want[:, None] + want)


def test_normalisation_across_channels_is_the_sum_of_the_formula():
    x = torch.randn(2, 64, 3, 3, generator=torch_stream(0, "lrn"))
    square = x.double() ** 2
    for layer, radius, k, alpha in ((built("tflenet")[3], 4, 1, 0.001 / 9), (built("alexnet")[2], 2, 2, 1e-4)):
        sums = torch.stack([square[:, max(c - radius, 0) : c + radius + 1].sum(1) for c in range(64)], 1)
        want = x / (k + alpha * sums) ** 0.75
        # A mean over the window, its product with the window's size, a power: some ten float32 roundings.
        torch.testing.assert_close(layer(x).double(), want, rtol=16 * torch.finfo(torch.float32).eps, atol=0)


test_an_unknown_size_or_start_is_refused = refused(
    (lambda g: models.resnet(depth=50, generator=g), "depth must satisfy 18 or 34"),
    (lambda g: models.alexnet(init="xavier", generator=g), "init in"),
    (lambda g: models.alexnet(size=28, generator=g), "size must satisfy 24 or 32"),
    (lambda g: models.lenet5(size=24, generator=g), "size must satisfy 28 or 32"),
    (lambda g: models.lenet5(activation="sine", generator=g), r"activation in \{'tanh', 'relu'\}"),
    *((lambda g, make=make: make(0, generator=g), "classes must satisfy")
      for make in (models.lenet5, models.tf_lenet, models.alexnet, models.densenet121, models.resnet, models.vgg11)),
    (lambda g: models.resnet(channels=0, generator=g), "channels must satisfy"),
    (lambda g: models.initialise(torch.nn.Linear(2, 2), g, "xavier"), "scheme in"),
    call=lambda make: make(torch_stream(0, "x")),
)


@pytest.mark.parametrize(("radius", "alpha", "k"), [(4, 0.001 / 9, 1.0), (2, 1e-4, 2.0), (1, 1.0, 0.5)])
@pytest.mark.parametrize("channels", [2, 9, 64])
def test_normalisation_across_channels_is_torchs_to_rounding(radius, alpha, k, channels):
    x = 5 * torch.randn(3, channels, 4, 5, generator=torch.Generator().manual_seed(channels), requires_grad=True)
    ours = AcrossChannels(radius, alpha, k)
    torchs = torch.nn.LocalResponseNorm(2 * radius + 1, alpha=alpha * (2 * radius + 1), beta=0.75, k=k)
    a, b = ours(x), torchs(x)
    # up to 2 radius + 1 squares summed, two roots against one power: 32 roundings of 2^-24 at most
    torch.testing.assert_close(a, b, rtol=32 * 2**-24, atol=0)
    (ga,), (gb,) = torch.autograd.grad(a.sum(), x, retain_graph=True), torch.autograd.grad(b.sum(), x)
    torch.testing.assert_close(ga, gb, rtol=1e-5, atol=64 * 2**-24)
    assert not ours.state_dict()


def test_normalisation_across_channels_has_its_first_and_second_derivatives():
    x = torch.randn(2, 5, 3, 2, generator=torch_stream(0, "lrn"), dtype=torch.float64, requires_grad=True)
    near = (torch.arange(5)[:, None] - torch.arange(5)).abs() <= 1

    def normalised(x):
        return _Normalised.apply(x, 0.3 * near[:, :, None, None].double(), 1.5)

    assert torch.autograd.gradcheck(normalised, x) and torch.autograd.gradgradcheck(normalised, x)


def test_a_network_that_was_looked_at_in_inference_mode_can_be_trained():
    layer, x = AcrossChannels(1, 1.0), torch.full((1, 2, 1, 1), 2.0)
    with torch.inference_mode():
        layer(x)
    layer(x.requires_grad_()).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_a_backward_pass_inside_autocast_normalises_in_float32():
    layer = AcrossChannels(1, 1.0)
    x = torch.randn(2, 5, 3, 2, generator=torch_stream(0, "lrn"), requires_grad=True)
    (want,) = torch.autograd.grad(layer(x).square().sum(), x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        (got,) = torch.autograd.grad(layer(x).square().sum(), x)
    assert torch.equal(got, want)
