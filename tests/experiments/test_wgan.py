"""The two networks: their sizes, their first weights, and a critic that always judges by the mini-batch at hand."""

import pytest
import torch

from nala_lab.experiments.models import torch_stream
from nala_lab.experiments.models.wgan import critic, generator


def draw(seed=0):
    return torch_stream(seed, "initial weights")


def count(net):
    return sum(p.numel() for p in net.parameters())


def test_at_64_pixels_they_have_the_numbers_of_parameters_of_dcgan():
    # Radford et al. (2015) as programmed everywhere: convolutions without bias, BatchNorm inside.
    assert count(generator(size=64, draw=draw())) == 3_576_704
    assert count(critic(size=64, draw=draw())) == 2_765_568


def test_at_32_pixels_each_lacks_its_widest_layer():
    assert [p.numel() for p in generator(draw=draw()).parameters()] == [
        100 * 256 * 16, 256, 256, 256 * 128 * 16, 128, 128, 128 * 64 * 16, 64, 64, 64 * 3 * 16,
    ]  # fmt: skip
    assert count(generator(draw=draw())) == 1_068_928
    assert count(critic(draw=draw())) == 3 * 64 * 16 + 64 * 128 * 16 + 256 + 128 * 256 * 16 + 512 + 256 * 16
    # Without BatchNorm a bias for each channel instead of its two numbers; none in the last layer.
    assert (
        count(critic(norm=False, draw=draw())) == 3 * 64 * 16 + 64 + 64 * 128 * 16 + 128 + 128 * 256 * 16 + 256 + 4096
    )


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("norm", [True, False])
def test_images_go_there_and_back(size, norm):
    x = generator(latent=7, width=4, size=size, draw=draw())(torch.ones(5, 7))
    assert x.shape == (5, 3, size, size) and x.abs().max() < 1
    assert critic(width=4, size=size, norm=norm, draw=draw())(x).shape == (5,)
    judged = critic(width=4, size=size, norm=norm, bounded=True, draw=draw())(x)
    assert ((judged > 0) & (judged < 1)).all()


def test_weights_are_normal_with_deviation_0_02_and_belong_to_the_stream(seed):
    before = torch.get_rng_state()
    nets = [generator(draw=draw(seed)), critic(draw=draw(seed))]
    for net in nets:
        for layer in net:
            if isinstance(layer, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
                w = layer.weight / 0.02
                n = w.numel()
                # 4.4 standard errors of a mean, and of a variance: false alarm 1 in 100,000 each.
                assert abs(w.mean()) < 4.4 / n**0.5 and abs(w.var() - 1) < 4.4 * (2 / n) ** 0.5
            if isinstance(layer, torch.nn.BatchNorm2d):
                assert 0 < (layer.weight - 1).abs().max() < 0.12 and not layer.bias.any()  # 6 deviations
    again = [generator(draw=draw(seed)), critic(draw=draw(seed))]
    for net, twin in zip(nets, again, strict=True):
        assert all(torch.equal(p, q) for p, q in zip(net.parameters(), twin.parameters(), strict=True))
    assert not torch.equal(nets[0][1].weight, generator(draw=draw(seed + 1))[1].weight)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_critic_judges_alike_in_both_modes_and_keeps_no_running_means():
    net, x = critic(width=4, draw=draw()), torch.randn(6, 3, 32, 32, generator=draw(1))
    trained = net.train()(x)
    assert torch.equal(net.eval()(x), trained) and not list(net.buffers())
    one_by_one = critic(width=4, norm=False, draw=draw())  # for a gradient penalty: one image's score is its own
    alone = torch.cat([one_by_one(image[None]) for image in x]).detach()
    # Convolutions of other batch sizes may add up in another order: float32 sums of 4 x 4 x 16 terms.
    torch.testing.assert_close(alone, one_by_one(x).detach(), rtol=0, atol=1e-5 * float(alone.abs().max()))


def test_other_sizes_are_refused():
    with pytest.raises(ValueError, match="size must satisfy 32 or 64"):
        critic(size=28, draw=draw())
    with pytest.raises(ValueError, match="width"):
        generator(width=0, draw=draw())
