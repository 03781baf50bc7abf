"""Augmentation: every random view against a slow loop over images in NumPy, and no randomness but the stream's."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from nala_lab.experiments.data.augment import Augmentation
from nala_lab.experiments.models import torch_stream
from tests.refusals import refused

EPS = np.finfo(np.float32).eps
N = 40
PIXELS = torch.randint(256, (N, 3, 20, 22), dtype=torch.uint8, generator=torch_stream(0, "pixels"))
MEAN = torch.tensor([100.0, 120.0, 90.0])[:, None, None]
SD = torch.tensor([50.0, 70.0, 60.0])[:, None, None]

VIEWS = {
    "nothing": Augmentation(),
    "crop": Augmentation(crop=13),
    "padded crop": Augmentation(crop=20, padding=4),
    "flip": Augmentation(flip=True),
    "padding alone": Augmentation(padding=3),
    "grown": Augmentation(size=25, crop=25, padding=2, flip=True),
    "light": Augmentation(brightness=63, contrast=(0.2, 1.8)),
    "adala": Augmentation(crop=20, padding=4, flip=True),
    "released": Augmentation(crop=13, flip=True, brightness=63, contrast=(0.2, 1.8), standardise="image"),
}


def slowly(view, pixels, generator):
    """The protocol, image by image, in float64."""
    draws = torch.rand(5, len(pixels), generator=generator, dtype=torch.float64).numpy()
    out = []
    for image, (top, left, mirror, light, grey) in zip(pixels.numpy(), draws.T, strict=True):
        if view.size:
            down, across = view.size - image.shape[1], view.size - image.shape[2]
            image = np.pad(image, ((0, 0), (down // 2, down - down // 2), (across // 2, across - across // 2)))
        tall, wide = (view.crop or side for side in image.shape[1:])
        image = np.pad(image, ((0, 0), (view.padding,) * 2, (view.padding,) * 2))
        i = int(top * (image.shape[1] - tall + 1))
        j = int(left * (image.shape[2] - wide + 1))
        image = image[:, i : i + tall, j : j + wide].astype(float)
        if view.flip and mirror < 0.5:
            image = image[:, :, ::-1]
        image = image + (2 * light - 1) * view.brightness
        low, high = view.contrast
        middle = image.mean((1, 2), keepdims=True)
        image = middle + (low + (high - low) * grey) * (image - middle)
        if view.standardise == "image":
            out.append((image - image.mean()) / max(image.std(), image.size**-0.5))
        else:
            out.append((image - MEAN.numpy()) / SD.numpy())
    return np.stack(out)


@pytest.mark.parametrize("name", VIEWS)
def test_a_mini_batch_is_what_a_loop_over_its_images_gives(name):
    view = VIEWS[name]
    got = view.functions(MEAN, SD)[0](PIXELS, torch_stream(1, "augmentation")).numpy()
    want = slowly(view, PIXELS, torch_stream(1, "augmentation"))
    assert got.shape == want.shape
    # Pixels reach 2 * 1.8 * 255 before they are divided by 12 or more; a mean of 1320 pixels adds its own roundings.
    # 64 roundings of numbers of size 1000 is ample, and a pixel in a wrong place is off by 0.1 or more.
    np.testing.assert_allclose(got, want, rtol=0, atol=64 * EPS * 1000 / 12)


@pytest.mark.parametrize("name", VIEWS)
def test_the_stream_decides_and_nothing_else(name):
    view, before = VIEWS[name], torch.get_rng_state()
    augment, _ = view.functions(MEAN, SD)
    one, same, other = (augment(PIXELS, torch_stream(seed, "augmentation")) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert torch.equal(one, other) == (not view.random)
    assert torch.equal(torch.get_rng_state(), before)


def test_every_protocol_takes_the_same_numbers_from_the_stream():
    states = set()
    for view in VIEWS.values():
        generator = torch_stream(1, "augmentation")
        view.functions(MEAN, SD)[0](PIXELS, generator)
        states.add(bytes(generator.get_state().numpy().tobytes()))
    assert len(states) == 1


def test_all_offsets_occur_and_none_is_out_of_range():
    # One bright pixel in the middle says where the crop began.
    x = torch.zeros(4000, 1, 9, 9, dtype=torch.uint8)
    x[:, :, 4, 4] = 255
    view = Augmentation(crop=9, padding=2)
    out = view.functions(torch.zeros(1, 1, 1), torch.ones(1, 1, 1))[0](x, torch_stream(0, "offsets"))
    places = out.flatten(1).argmax(1)
    assert out.flatten(1).amax(1).eq(255).all()
    counts = torch.bincount(places, minlength=81).view(9, 9)[2:7, 2:7]
    assert counts.sum() == 4000
    # 25 places, 160 each on average, with standard deviation 12.4; five of them: false alarm 1 in 70,000.
    assert (counts - 160).abs().max() < 5 * 12.4


def test_a_crop_larger_than_the_image_is_one_sentence():
    for view, side in ((Augmentation(crop=21), 20), (Augmentation(size=24, crop=29, padding=2), 28)):
        with pytest.raises(ValueError, match=f"crop must satisfy crop <= {side}, the side of the image"):
            view.functions(MEAN, SD)[0](PIXELS, torch_stream(0, "crop"))


def test_the_network_sees_the_middle_of_a_test_image():
    prepare = Augmentation(crop=12, flip=True, brightness=63).functions(MEAN, SD)[1]
    want = (PIXELS[:, :, 4:16, 5:17].float() - MEAN) / SD
    assert torch.equal(prepare(PIXELS), want)
    padded = Augmentation(crop=20, padding=4).functions(MEAN, SD)[1]
    assert padded(PIXELS).shape == (N, 3, 20, 20)
    grown = Augmentation(size=24).functions(torch.zeros(3, 1, 1), torch.ones(3, 1, 1))[1](PIXELS)
    assert torch.equal(grown[:, :, 2:22, 1:23], PIXELS.float())
    assert grown.sum() == PIXELS.float().sum()


def test_the_bytes_are_left_as_they_were():
    before = PIXELS.clone()
    for view in VIEWS.values():
        augment, prepare = view.functions(MEAN, SD)
        augment(PIXELS, torch_stream(1, "x")), prepare(PIXELS)
    assert torch.equal(PIXELS, before)
    floats = PIXELS.float()
    _, prepare = Augmentation().functions(MEAN, SD)
    assert torch.equal(prepare(floats), prepare(floats)) and torch.equal(floats, before.float())


def test_a_contrast_of_one_is_none_as_a_list_too():
    assert not Augmentation(contrast=[1.0, 1.0]).random


def test_an_image_of_one_colour_is_standardised_to_zero_not_to_infinity():
    x = torch.full((2, 3, 8, 8), 77, dtype=torch.uint8)
    out = Augmentation(standardise="image").functions(MEAN, SD)[1](x)
    assert torch.equal(out, torch.zeros_like(out))


test_a_value_out_of_range_is_one_sentence = refused(
    ({"crop": 0}, "crop must satisfy integer"),
    ({"padding": -1}, "padding must satisfy integer"),
    ({"brightness": float("nan")}, "brightness must satisfy"),
    ({"contrast": (1.8, 0.2)}, r"contrast\[1\] must satisfy 1.8 <= contrast"),
    ({"contrast": (1, 2, 3)}, "contrast must satisfy two numbers"),
    ({"contrast": (1, float("inf"))}, r"contrast\[1\] must satisfy"),
    ({"contrast": (float("nan"), 1.0)}, r"contrast\[0\] must satisfy"),
    ({"standardise": "batch"}, "standardise in"),
    call=lambda options: Augmentation(**options),
)


class Travels(TorchDispatchMode):
    """Notes how many numbers go from one device to another at a time."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten._to_copy.default and (kwargs or {}).get("device") not in (None, args[0].device):
            self.sizes.append(args[0].numel())
        return func(*args, **(kwargs or {}))


def test_what_is_drawn_on_the_cpu_travels_as_a_few_numbers_an_image():
    """A copy of one index per pixel would be as large as the images, and make the host wait for an accelerator."""
    augment, _ = VIEWS["released"].functions(MEAN.to("meta"), SD.to("meta"))
    with Travels() as seen:
        out = augment(PIXELS.to("meta"), torch_stream(0, "augmentation"))
    assert out.device.type == "meta" and out.shape == (N, 3, 13, 13)
    assert seen.sizes.pop(0) == PIXELS.numel() and 0 < max(seen.sizes) <= N
