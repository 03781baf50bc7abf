"""Our own figure: the two-loop family as a graph, each line with the check that runs both of its sides.

Nothing is asserted here: the verdicts are those of ``nala_lab.verify`` at the moment of drawing, for the NumPy twin.
"""

from __future__ import annotations

from nala_lab.plots import family_map
from nala_lab.theory.family_edges import EDGES, NODES
from nala_lab.verify import Check, run_checks
from paper_figs.drawing import Drawing, Table

__all__ = ["draw", "edge_checks"]


def edge_checks() -> dict[str, Check]:
    """Run the check of every edge with the NumPy twin; edge number -> row, the worst where a check has several.

    Examples
    --------
    >>> edge_checks()["E14"].verdict
    'pass'
    """
    rows: dict[str, Check] = {}
    for row in run_checks([edge.id for edge in EDGES], twins=["numpy"]):
        rows[row.id] = max(rows.get(row.id, row), row, key=lambda one: (one.verdict == "fail", one.ratio))
    return rows


def draw() -> Drawing:
    """Run the checks and draw the graph."""
    rows = edge_checks()
    verdicts = {name: row.verdict for name, row in rows.items()}
    held = sum(verdict == "pass" for verdict in verdicts.values())
    lines = "; ".join(f"{e.id} {e.left} {e.relation} {e.right} ({e.statement}): {verdicts[e.id]}" for e in EDGES)
    table = Table(
        ("check", "edge", "when", "numbers compared", "error / tolerance", "verdict"),
        tuple(
            (e.id, f"{e.left} {e.relation} {e.right}", e.statement, str(rows[e.id].cases), f"{rows[e.id].ratio:.1g}",
             verdicts[e.id])
            for e in EDGES
        ),
        "Each method's recurrence as its paper writes it, beside the lab's interface, on a random quadratic and on "
        "Rosenbrock's function with the same mini-batches (E14, E15: the quadratic only). NumPy twin.",
    )  # fmt: skip
    return Drawing(
        figure=family_map(None, NODES, EDGES, verdicts=verdicts).figure.figure,
        title="The two-loop family: which method is which setting of which other",
        caption=f"{held} of {len(EDGES)} edges hold, checked when this figure was drawn. D is the displacement of an "
        f"inner loop of k steps. {lines}.",
        alt=f"A graph of {len(NODES)} methods. At the bottom a bar, OuterMomentum, to which lines lead from NALA, "
        "Lookahead, SNOO, DiLoCo and SlowMo. NALA, Reptile and Lookahead keep nothing between cycles; the others keep "
        f"a velocity. {held} of {len(EDGES)} lines carry a tick: {lines}.",
        table=table,
    )
