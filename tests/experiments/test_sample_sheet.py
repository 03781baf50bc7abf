"""Pages of samples in records: what was put in comes out, and it is short enough."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from nala_lab.core import stream
from nala_lab.experiments.gan.sample_sheet import LIMIT, page, png_text


def decode(text):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"))


def test_images_stand_row_by_row():
    images = np.arange(5 * 2 * 3 * 3, dtype=np.uint8).reshape(5, 2, 3, 3)
    laid = page(images, 2)
    assert laid.shape == (6, 6, 3)
    for i, image in enumerate(images):
        row, column = divmod(i, 2)
        assert np.array_equal(laid[2 * row : 2 * row + 2, 3 * column : 3 * column + 3], image)
    assert not laid[4:, 3:].any()


def test_a_smooth_page_is_kept_to_the_last_bit():
    image = np.add.outer(np.arange(64), np.arange(64))[..., None].repeat(3, 2).astype(np.uint8)
    text, colours = png_text(image)
    assert colours == 2**24 and np.array_equal(decode(text), image)


def test_noise_of_a_whole_page_fits_with_fewer_colours(seed):
    noise = stream(seed, "picture").integers(256, size=(256, 256, 3), dtype=np.uint8)
    text, colours = png_text(noise)  # the worst case: nothing to compress
    assert len(text) <= LIMIT and colours < 2**24
    found = decode(text)
    assert found.shape == noise.shape and len(np.unique(found.reshape(-1, 3), axis=0)) <= colours
    # 16 colours: cells of the cube have sides of a half to a third of 256, an error of a uniform variable in it.
    assert np.abs(found.astype(float) - noise).mean() < 256 / 4


def test_what_cannot_fit_or_is_no_picture_is_refused():
    with pytest.raises(ValueError, match="limit >= "):
        png_text(np.zeros((64, 64, 3), np.uint8), limit=10)
    with pytest.raises(ValueError, match="uint8 of shape"):
        page(np.zeros((2, 3, 3, 3)), 1)
    with pytest.raises(ValueError, match="columns"):
        page(np.zeros((2, 3, 3, 3), np.uint8), 0)
