"""The family map shows every node and edge of the theory, says what was found, and no two words or lines meet."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from nala_lab.plots import ROLES, family_map
from nala_lab.plots.family_picture import PLACES, RELATIONS, _formula
from nala_lab.theory.family_edges import EDGES, NODES, Edge, Node

GOOD = {edge.id: "pass" for edge in EDGES}


@pytest.fixture
def drawn():
    ax = family_map(None, NODES, EDGES, verdicts=GOOD)
    ax.figure.canvas.draw()
    return ax


def words(ax, kind):
    return [text for text in ax.texts if text.get_gid() == kind]


def boxes(ax):
    return [patch.get_window_extent() for patch in ax.patches if patch.get_zorder() == 2]


def segments(ax):
    """Each edge's line, as drawn, in pixels."""
    return [ax.transData.transform([arrow.xyann, arrow.xy]) for arrow in arrows(ax)]


def arrows(ax):
    return [text for text in ax.texts if text.get_gid() is None]


def holds(outer, inner):
    return outer.x0 <= inner.x0 and inner.x1 <= outer.x1 and outer.y0 <= inner.y0 and inner.y1 <= outer.y1


def test_every_node_shows_its_rule_and_state_and_every_edge_its_check(drawn):
    text = "\n".join(text.get_text() for text in words(drawn, "node")).replace("\xa0", " ")
    for node in NODES:
        assert node.name in text
        for step in _formula(node.update).split("; "):
            assert all(part in text for part in step.split(", ")[-1].split())
        assert node.state in ("none", "b") or f"keeps {_formula(node.state)}" in text
    labels = [text.get_text() for text in words(drawn, "edge")]
    assert labels == [f"{edge.id} ✓\n{edge.relation}" for edge in EDGES]
    assert len(segments(drawn)) == len(EDGES)


def test_no_words_and_no_boxes_overlap(drawn):
    for kind in ("node", "edge"):
        shapes = [text.get_window_extent() for text in words(drawn, kind)]
        assert not any(a.overlaps(b) for a, b in combinations(shapes, 2)), kind
    assert not any(a.overlaps(b) for a, b in combinations(boxes(drawn), 2))
    free = [text.get_window_extent() for text in words(drawn, "edge")] + [drawn.get_legend().get_window_extent()]
    assert not any(a.overlaps(b) for a in free for b in boxes(drawn))
    assert not any(a.overlaps(free[-1]) for a in free[:-1])


def test_the_words_of_a_node_stay_in_its_box(drawn):
    page = drawn.figure.bbox
    for text in words(drawn, "node"):
        inner = text.get_window_extent()
        assert any(holds(box, inner) for box in boxes(drawn)) and holds(page, inner)
    assert min(text.get_fontsize() for text in drawn.texts if text.get_text()) >= 14  # the back of the room


def test_no_line_crosses_a_line_or_a_box(drawn):
    lines = [np.linspace(start, end, 400)[2:-2] for start, end in segments(drawn)]
    for line in lines:
        inside = [((line > box.min + 1) & (line < box.max - 1)).all(axis=1).any() for box in boxes(drawn)]
        assert not any(inside)
    for one, other in combinations(lines, 2):
        assert np.linalg.norm(one[:, None] - other[None], axis=-1).min() > 5  # pixels; the sampling is 1 pixel or finer


def test_a_failed_check_is_seen(drawn):
    ax = family_map(None, NODES, EDGES, verdicts=GOOD | {"E07": "fail"})
    colours = {text.get_text()[:5]: text.get_color() for text in words(ax, "edge")}
    assert colours.pop("E07 ✗") == ROLES["fail"]
    assert set(colours.values()) == {ROLES["pass"]} != {ROLES["fail"]}


def test_the_relation_is_in_the_line_too(drawn):
    dashes = {edge.relation: a.arrow_patch.get_linestyle() for edge, a in zip(EDGES, arrows(drawn), strict=True)}
    assert dashes == {"equals": "-", "tends to": "-", "never equals": "--"} and set(dashes) == set(RELATIONS)


def test_what_does_not_fit_is_refused():
    stranger = Node("Stranger", "phi' = phi", "none", False, "nowhere")
    with pytest.raises(ValueError, match="node must satisfy .*Stranger"):
        family_map(None, [*NODES, stranger], EDGES)
    with pytest.raises(ValueError, match="two nodes of the map.*E99"):
        family_map(None, NODES, [Edge("E99", "NALA", "Stranger", "equals", "")])
    with pytest.raises(ValueError, match="relation of E99"):
        family_map(None, NODES, [Edge("E99", "NALA", "NAG", "resembles", "")])
    with pytest.raises(ValueError, match="verdict of E03"):
        family_map(None, NODES, EDGES, verdicts={key: value for key, value in GOOD.items() if key != "E03"})


def test_other_places_draw_a_part_of_the_map():
    nodes = [node for node in NODES if node.name in ("NALA", "Lookahead")]
    ax = family_map(None, nodes, [EDGES[-1]], places={"NALA": (0, 0), "Lookahead": (1, 1)})
    (label,) = words(ax, "edge")
    assert label.get_text() == "E15\ntends to" and label.get_color() == "black"
    assert set(PLACES) == {node.name for node in NODES}
