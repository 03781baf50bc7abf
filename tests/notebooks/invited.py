"""What each lesson suggests under "To try at home" (or its exercises), as edits of its cells or as cells at its end.

A lesson's rounds run one after another; the edits of one round do not disturb each other. `item` is the number of the
suggestion in the lesson's list.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """Replace `old`, which must stand in the lesson's code."""

    item: int
    old: str
    new: str


@dataclass(frozen=True)
class Cell:
    """Code of a student's own, after the last cell."""

    item: int
    code: str


NALA_00 = "mu, alpha = 5, -0.5, 0.05"
LOOKED = "run(Adam(lr=lr), lambda x: lam * x, [3 * lr]"  # lesson 09, section 1
OTHER = "run(Adam(lr=lr, {}), lambda x: lam * x, [3 * lr]"
HORIZON = """print(eq5.weights(5, 1.0))
try:
    print(eq5.horizon(1.0))
except ValueError as told:
    print(told)
"""
LONGER = """t = run(NALA(SGD(1 / L), alpha=0.4 / L), quadratic.grad, quadratic.start, cycles=100)
print(error(t)[-1])
"""
ROUNDS: dict[str, list[list[Edit | Cell]]] = {
    "00": [
        [Edit(1, NALA_00, "mu, alpha = 5, 0.0, 0.05"), Edit(4, "[-1.0, -4.0]", "[0.0, 0.0]")],
        [Edit(2, NALA_00, "mu, alpha = 5, -1.0, 0.05"), Edit(0, "CYCLES = 4", "CYCLES = 10")],
        [Edit(3, NALA_00, "mu, alpha = 5, -0.5, 0.3"), Edit(0, 'STUDENT = "demo"', "STUDENT = 12345")],
        [Edit(3, NALA_00, "mu, alpha = 5, -0.5, 0.5")],
        [Edit(3, NALA_00, "mu, alpha = 5, -0.5, 0.6")],
    ],
    "01": [
        [
            Edit(1, "odd, even, product = 5, 4, 2.1", "odd, even, product = 5, 4, 2.3"),
            Edit(2, "half, alpha=Fraction(1, 1000)", "half, alpha=Fraction(45, 1000)"),
            Edit(4, '{-0.25: "^"', '{0.5: "^"'),
        ],
        [
            Edit(1, "odd, even, product = 5, 4, 2.1", "odd, even, product = 3, 4, 2.3"),
            Edit(3, "mu=-half, alpha=Fraction(1, 1000)", "mu=Fraction(1, 2), alpha=tenth"),
        ],
        [Edit(1, "odd, even, product = 5, 4, 2.1", "odd, even, product = 1, 4, 2.3")],
    ],
    "02": [
        [
            Edit(1, "NALA(Adam(lr=0.05), k=3", "NALA(SGD(lr=0.05), k=3"),
            Edit(2, "k=2, mu=float(mu)", "k=1, mu=float(mu)"),
            Edit(4, "valley.grad, minimum, cycles", "valley.grad, valley.start, cycles"),
            Cell(3, HORIZON),
        ],
        [Edit(2, "SGD(lr=1 / lam), k=2", "SGD(lr=0.5 / lam), k=2"), Edit(0, "PROOF_LENGTH = 8", "PROOF_LENGTH = 2")],
    ],
    "03": [
        [
            Edit(1, "steep_mu = -0.5", "steep_mu = 0.5"),
            Cell(2, LONGER),
            Cell(
                3,
                "phi, old, grads = quadratic.start, quadratic.start, 0\n"
                "while np.linalg.norm(phi - quadratic.minimizers[0]) > error(paper)[-1]:\n"
                "    y = phi + 0.6 * (phi - old)\n"
                "    old = phi\n"
                "    phi, grads = nala_by_hand(quadratic.grad, y, 1 / L, 5, 0.0, 0.0, 1)[-1], grads + 6\n"
                "print(grads)",
            ),
        ],
    ],
    "04": [
        [
            Edit(1, "Linear([1.0, -0.25, 0.01])", "Linear([1000.0, -250.0, 10.0])"),
            Edit(3, "Quadratic([1.0, 8.0], rotation=5", "Quadratic([1.0, 8.0], rotation=9"),
            Edit(4, '1e-16, probe="grad", probe_batch=batch', '1e-16, probe="own", probe_batch=batch'),
            Cell(2, "print({p: adala_first_step(3.0, 4.0, lr=0.01, eps=1e-30, probe=p) for p in PROBES})"),
            Cell(3, 'print(run(AdaLA(lr=0.01, eps=1e-16, probe="grad"), bowl.grad, bowl.start, steps=5).x)'),
            Cell(
                5,
                "low, high = 0.1, 1000.0\n"
                "for _ in range(12):\n"
                "    c = (low * high) ** 0.5\n"
                "    x = run(AdaLA(betas=(0.0, 0.999)), lambda x, c=c: c * x, [1e-80], steps=200).x[:, 0]\n"
                "    low, high = (c, high) if np.abs(x[-50:]).max() < 1e-80 else (low, c)\n"
                "print(low, limit(1e-8, decay=0.0))",
            ),
        ],
    ],
    "05": [
        [
            Edit(1, "lr=1e-3, k=5, mu=-0.5, alpha=1e-3)\norder", "lr=1e-3, k=5, mu=0.0, alpha=1e-3)\norder"),
            Edit(3, "torch.from_numpy(x0.copy())", "torch.from_numpy(x0.copy()).float()"),
            Edit(3, "torch.from_numpy(g.copy())", "torch.from_numpy(g.copy()).float()"),
            Cell(4, "v = fresh()\nopt = make(v)\nsteps(v, opt, parts[:5])\nopt.sync()\nprint(opt.phase, v.detach())"),
            Cell(
                5,
                "from nala_lab.results.evidence import seeds_needed\n"
                "if records:\n"
                '    one = compare(records, "nala", "adam")\n'
                "    print(one)",
            ),
            Cell(
                6,
                "from nala_lab.experiments.run.one_run import plan\n"
                'print(plan("lenet5-digits", "nala", seed=0, changes={"alpha": 0.01}))',
            ),
        ],
        [Edit(1, "lr=1e-3, k=5, mu=-0.5, alpha=1e-3)\norder", "lr=1e-3, k=5, mu=0.3, alpha=1e-3)\norder")],
        [
            Edit(
                2,
                "NALA(model.parameters(), lr=1e-3, k=5",
                "NALA(model.parameters(), inner=lambda params: torch.optim.SGD(params, lr=0.1), k=5",
            )
        ],
    ],
    "06": [[Edit(1, "mu_map = -0.5", "mu_map = 0.3")]],
    "07": [
        [
            Edit(1, "k, mu, eta = 10, -0.5, 0.3", "k, mu, eta = 10, 0.02, 0.3"),
            Edit(2, "setting = dict(k=5, mu=-0.5, alpha=0.1)", "setting = dict(k=5, mu=-0.5, alpha=2.5)"),
            Edit(0, "BUDGET = 300", "BUDGET = 101"),
        ],
    ],
    "08": [
        [
            Edit(1, "k=k, mu=-0.5, alpha=alpha), bowl.grad", "k=k, mu=0.5, alpha=alpha), bowl.grad"),
            Edit(1, "Lookahead(SGD(lr), k=k, alpha=0.5), bowl.grad", "Lookahead(SGD(lr), k=k, alpha=1.5), bowl.grad"),
            Edit(5, '("1/1000", 120)', '("1/1000", 30)'),
            Cell(
                2,
                "short = NALA(SGD(1.0), k=1, mu=-0.5, alpha=0.1)\n"
                "print(run(short, smooth.grad, start.astype(float), cycles=3).final)",
            ),
            Cell(
                3,
                "rng = stream(0, 'mine')\n"
                "for _ in range(1000):\n"
                "    mu, m, k = -rng.uniform(0, 1), rng.uniform(0.01, 1), int(rng.integers(1, 9))\n"
                "    two = F(1, m, 1.0, k, mu, 1 + mu) ** (1 / (k + 1)), F(1, m, 1.0, k, mu, 0.0) ** (1 / k)\n"
                "    claim(at_most(*two), 'NALA is not slower')",
            ),
            Cell(
                4,
                "for k in range(1, 9):\n"
                "    two = dict(L=1.0, lr=1.0, k=k, mu=-0.5, alpha=0.001, cycles=2)\n"
                "    print(k, formulas.value_bound(**two), formulas.quadratic_value(**two))",
            ),
            Cell(
                6,
                "if importlib.util.find_spec('PEPit'):\n"
                "    print(worst_case(L=1.0, m=0.1, lr=1.9, k=2, mu=0.5, alpha=1.0).primal)",
            ),
        ],
    ],
    "09": [
        [
            Edit(1, LOOKED, OTHER.format("betas=(0.5, 0.999)")),
            Cell(
                3,
                "x, rule = np.array([0.03]), Adam(lr=0.01)\n"
                "state = rule.init(x)\n"
                "for t in range(2000):\n"
                "    x, state = Adam(lr=0.01 * 0.99**t).step(x, lambda x: lam * x, state)\n"
                "print(x)",
            ),
        ],
        [Edit(1, LOOKED, OTHER.format("betas=(0.9, 0.99)"))],
        [Edit(2, LOOKED, OTHER.format("eps=1.0"))],
    ],
    "10": [
        [
            Edit(1, 'AdaLA(eps=1e-16, probe="grad"), "AdaLA, own"', 'AdaLA(eps=1e-8, probe="grad"), "AdaLA, own"'),
            Edit(
                3,
                "hessian = np.array([[2.0, -2.0], [-2.0, 3.0]])",
                "c, s = np.cos(np.radians(1)), np.sin(np.radians(1))\n"
                "turn = np.array([[c, -s], [s, c]])\n"
                "hessian = turn @ np.array([[2.0, -2.0], [-2.0, 3.0]]) @ turn.T",
            ),
            Edit(
                4,
                'AdaLA(lr=lr, probe_batch="same")}',
                'AdaLA(lr=lr, probe_batch="same"), "AdaLA, lagged": lambda lr: AdaLA(lr=lr, probe="lagged")}',
            ),
            Edit(0, "STEPS = 20_000", "STEPS = 9_999"),
            Cell(2, "print([adala_cycle.amplitude(lam, lr=1e-3, betas=(b, 0.999), eps=1e-16) for b in (0.5, 0.82)])"),
        ],
    ],
    "11": [
        [
            Edit(4, "friction = 0.4", "friction = 0.1"),
            Cell(1, "print(published.slowmo.__doc__)"),
            Cell(
                2,
                "own = [NoisyQuadratic([2.0], covariance=0.25, shift=[c]) for c in (0.5, 1.0)]\n"
                "phi = np.zeros(1)\n"
                "for t in range(60):\n"
                "    ends = [run(SGD(lr=0.1), one.grad, phi, steps=5).final for one in own]\n"
                "    phi = phi - 0.7 * (phi - np.mean(ends, axis=0))\n"
                "print(phi)",
            ),
            Cell(
                3,
                "from nala_lab.reference import OuterMomentum\n"
                'ball = OuterMomentum(SGD(lr=1.0), k=k, nu=1.0, beta=0.8, style="heavy-ball")\n'
                "print(np.linalg.norm(run(ball, problem.grad, problem.start, cycles=50).final - problem.center))",
            ),
        ],
    ],
    "12": [[Edit(1, "torch.ones(1, dtype=dtype)", "0.1 * torch.ones(1, dtype=dtype)"),
            Edit(2, '"two shares": network_path(shares=2)', '"two shares": network_path(shares=8)')]],
    "13": [[Edit(2, 'Rule(threshold=100 * METRICS["test accuracy"].threshold)', "Rule(threshold=2.0)")]],
    "15": [[Edit(2, "A = np.array([[1.3, -0.4], [0.2, 0.9]])", "A = np.diag([1.0, 0.1])")]],
    "18": [[Edit(1, "SEEDS = 5", "SEEDS = 50")]],
    "22": [[Edit(1, "EXAMPLES, BATCH, K = 1000, 32, 5", "EXAMPLES, BATCH, K = 905, 128, 5"),
            Edit(0, "COPIES = 200", "COPIES = 20")]],
}  # fmt: skip
