"""One colour for each optimizer, apart for every eye, and figures that carry words."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from nala_lab.plots import COLOURS, RC, ROLES, label, look, save, use_style, variants

# Machado, Oliveira and Fernandes (2009), severity 1, in linear RGB.
EYES = {
    "all cones": np.eye(3),
    "no red cone": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green cone": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue cone": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def linear(colour: str) -> np.ndarray:
    c = np.array(matplotlib.colors.to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    xyz = np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eye", EYES)
def test_every_eye_tells_the_colours_apart(eye):
    # A CIELAB distance of 2.3 is just noticeable side by side; 15 is plain to see across a room on thick lines.
    seen = {name: lab(np.array(EYES[eye]) @ linear(colour)) for name, colour in COLOURS.items()}
    near = {pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]) for pair in combinations(seen, 2)}
    pair = min(near, key=near.get)
    assert near[pair] > 15, f"{pair} are {near[pair]:.1f} apart for {eye}"


@pytest.mark.parametrize("role", ROLES)
def test_no_part_of_a_picture_has_the_colour_of_an_optimizer(role):
    # 15 is plain to see. With 14 optimizers' colours taken, other eyes are left 12, five times what they just notice.
    for eye, needed in zip(EYES, (15, 12, 12, 12), strict=True):
        own = lab(np.array(EYES[eye]) @ linear(ROLES[role]))
        near = {name: np.linalg.norm(lab(np.array(EYES[eye]) @ linear(c)) - own) for name, c in COLOURS.items()}
        name = min(near, key=near.get)
        assert near[name] > needed, f"{role} is {near[name]:.1f} from {name} for {eye}"


def test_no_two_parts_share_a_colour():
    near = {pair: np.linalg.norm(lab(linear(ROLES[pair[0]])) - lab(linear(ROLES[pair[1]])))
            for pair in combinations(ROLES, 2)}  # fmt: skip
    assert min(near.values()) > 15, min(near, key=near.get)


@pytest.mark.parametrize("name", COLOURS)
def test_variants_of_one_optimizer_are_told_apart_by_shade_and_dash(name):
    made = variants(name, 5)
    assert made[0]["color"] == COLOURS[name].lower() and len({str(one["linestyle"]) for one in made}) == 5
    shades = [lab(linear(one["color"])) for one in variants(name, 3)]
    assert min(np.linalg.norm(a - b) for a, b in combinations(shades, 2)) > 10
    for count in (6, 0, 2.5):
        with pytest.raises(ValueError, match="count must satisfy"):
            variants(name, count)


def test_lines_stand_out_from_white():
    # WCAG contrast against white; 2 keeps Okabe and Ito's orange (2.2), and yellow (1.3) out.
    for name, colour in COLOURS.items():
        luminance = linear(colour) @ [0.2126, 0.7152, 0.0722]
        assert 1.05 / (0.05 + luminance) > 2, name


def test_markers_and_dashes_repeat_the_distinction():
    for key in ("marker", "linestyle", "color"):
        assert len({str(look(name)[key]) for name in COLOURS}) == len(COLOURS), key


def test_a_name_is_found_however_it_is_spelt():
    assert look("Heavy-Ball") == look("heavyball") == look("heavy ball")
    assert look("OuterMomentum") == look("outermomentum") == look("Outer momentum")
    assert label("NALA") == "NALA" == label("nala")
    assert "marker" not in look("adam", marker=False)


def test_an_unknown_optimizer_is_refused_with_the_list():
    with pytest.raises(ValueError, match=r"name must satisfy name in \{'NALA', .*got name='newton'"):
        look("newton")


def test_the_style_is_readable_from_the_back():
    sizes = [value for key, value in RC.items() if key.endswith("size") and "marker" not in key and "fig" not in key]
    assert len(sizes) >= 5 and min(sizes) >= 11
    with matplotlib.rc_context():
        use_style()
        assert matplotlib.rcParams["figure.constrained_layout.use"]


def test_saved_figures_say_what_they_show(tmp_path):
    fig = Figure()
    fig.subplots().plot([0, 1], [1, 0])
    png, svg = save(fig, tmp_path / "new" / "v1.5.png", alt="A line that falls & ends at 0.", title="Fall")
    assert (png.name, svg.name) == ("v1.5.png", "v1.5.svg")
    with Image.open(png) as image:
        words = image.info
    assert words["Description"] == "A line that falls & ends at 0." and words["Title"] == "Fall"
    texts = [node.text for node in ElementTree.parse(svg).iter() if node.text and node.text.strip()]
    assert "A line that falls & ends at 0." in texts and "Fall" in texts


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    def draw(where):
        fig = Figure()
        fig.subplots().plot([0, 1], [1, 0], label="a")
        return [path.read_bytes() for path in save(fig, tmp_path / where / "a", alt="A line.")]

    assert draw("one") == draw("two")


def test_a_figure_without_words_is_refused(tmp_path):
    with pytest.raises(ValueError, match="alt must satisfy a sentence"):
        save(Figure(), tmp_path / "a", alt="  ")
    assert not list(tmp_path.iterdir())
