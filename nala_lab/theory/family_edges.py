"""E01-E15. The map of the two-loop family: which method is which setting of which other.

One interface (start_t: where the fast weights start, A: one inner step):

    theta_0 = start_t;  theta_k = A^k(theta_0);  D_t = start_t - theta_k
    b_t = beta b_{t-1} + D_t;   u_t = D_t + beta b_t  (Nesterov)
                                u_t = b_t             (heavy ball)
    y_t = phi_{t-1} - nu u_t;   phi_t = y_t - alpha grad J(y_t)

An edge says that two recurrences give the same numbers, or that one tends to the other. Each is a check: the methods'
own recurrences, written out as published, are run beside the interface. NALA is the only member here with an extra
gradient and the only named one besides Lookahead and Reptile without velocity; E14 says what that excludes.
"""

from __future__ import annotations

from dataclasses import dataclass

from nala_lab.theory.card import Card

__all__ = ["CARDS", "EDGES", "NODES", "Edge", "Node"]


@dataclass(frozen=True)
class Node:
    """A method: its outer update, the state it keeps besides phi, the extra gradients it spends, and its paper."""

    name: str
    update: str
    state: str
    extra_gradient: bool
    source: str


@dataclass(frozen=True)
class Edge:
    """An equality or a limit between two nodes; `id` is the number of the check that runs it."""

    id: str
    left: str
    right: str
    relation: str  # "equals" | "tends to" | "never equals"
    statement: str


NODES = (
    Node("OuterMomentum", "y = phi - nu u; phi' = y - alpha grad J(y)", "b", True, "this lab's interface"),
    Node("Lookahead", "phi' = phi - s D", "none", False, "Zhang et al. 2019, arXiv 1907.08610"),
    Node("Reptile", "phi' = phi - epsilon D, one task a cycle", "none", False, "Nichol et al. 2018, arXiv 1803.02999"),
    Node("NALA", "y = phi - (1+mu) D; phi' = y - alpha grad J(y)", "none", True, "Zuo et al. 2024, Algorithm 1"),
    Node("SNOO", "b = beta b + D; phi' = phi - nu (D + beta b)", "b", False, "arXiv 2510.15830"),
    Node("DiLoCo", "SNOO on the workers' mean D", "b", False, "Douillard et al. 2023, arXiv 2311.08105"),
    Node("SlowMo", "u = beta u + D/gamma; phi' = phi - a gamma u", "u", False, "Wang et al. 2019, arXiv 1910.00643"),
    Node("BMUF classical", "Delta = eta Delta - zeta D; phi' = phi + Delta", "Delta", False, "Chen & Huo 2016"),
    Node("BMUF Nesterov", "as classical; the next block starts at phi + eta Delta", "Delta", False, "Chen & Huo 2016"),
    Node("NAG outer", "phi' = theta_k + mu (theta_k - theta_k before)", "theta_k", False, "Nesterov 1983, per cycle"),
    Node("GPA", "y = b x + (1-b) z; z -= gamma g(y); x = b x + (1-b) z", "z", False, "arXiv 2512.17131"),
    Node("NAG", "v = beta v - lr g(theta + beta v); theta += v", "v", False, "Zuo et al. 2024, Eq. 2"),
)

EDGES = (
    Edge("E01", "Lookahead", "OuterMomentum", "equals", "nu = s, beta = 0, alpha = 0"),
    Edge("E02", "Reptile", "Lookahead", "equals", "one task: s = epsilon"),
    Edge("E03", "NALA", "OuterMomentum", "equals", "nu = 1 + mu, beta = 0, alpha"),
    Edge("E04", "SNOO", "OuterMomentum", "equals", "Nesterov, alpha = 0"),
    Edge("E05", "SNOO", "Lookahead", "equals", "beta = 0: s = nu"),
    Edge("E06", "DiLoCo", "OuterMomentum", "equals", "Nesterov, alpha = 0, R workers averaged"),
    Edge("E07", "DiLoCo", "SNOO", "equals", "one worker"),
    Edge("E08", "SlowMo", "OuterMomentum", "equals", "heavy ball, nu = a, at a constant learning rate"),
    Edge("E09", "BMUF classical", "SlowMo", "equals", "zeta = a, eta = beta, at a constant learning rate"),
    Edge("E10", "BMUF Nesterov", "SNOO", "equals", "block starts are SNOO's phi, nu = zeta, beta = eta"),
    Edge("E11", "NAG outer", "SNOO", "equals", "nu = 1, beta = mu"),
    Edge("E12", "GPA", "SNOO", "equals", "k = 1, nu = 1, gamma = lr / (1 - beta): y is SNOO's phi"),
    Edge("E13", "SNOO", "NAG", "equals", "k = 1, nu = 1 over gradient descent: phi is NAG's look-ahead point"),
    Edge("E14", "NALA", "NAG outer", "never equals", "NALA forgets: the next phi is a function of phi alone"),
    Edge("E15", "NALA", "Lookahead", "tends to", "alpha -> 0: the gap is proportional to alpha"),
)

CARDS = tuple(
    Card(
        id=edge.id,
        title=f"{edge.left} {edge.relation} {edge.right}",
        statement=edge.statement,
        assumptions="the same inner rule and the same mini-batches on both sides",
        source=next(node.source for node in NODES if node.name == edge.left),
        status="proved",
        kind="tight" if edge.relation == "tends to" else "identity",
    )
    for edge in EDGES
)
