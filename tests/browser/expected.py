"""What the explorers of lesson 20 must show, computed here by the library from the settings that the page shows.

Keys of `seen` are the words beside the controls. Numbers come from the reference twin and the theory, not from
nala_lab.widgets: of that only the problems' names are used, and the fixed numbers of a picture (start, minimum).
"""

import numpy as np

from nala_lab.reference import NALA, SGD, AdaLA, run
from nala_lab.theory import eq5, momentum_cycle, outer_velocity, stochastic
from nala_lab.theory.quadratic_rate import rho
from nala_lab.widgets import averaging_explorer, problem


def power(words: str, seen):
    """The value of a control whose slider runs over exponents."""
    return 10.0 ** seen[words]


def trajectory(seen):
    """Left gradient descent, right NALA over gradient descent, on the bowl; noise is off."""
    assert (seen["problem"], seen["left"], seen["right"], seen["inner rule"]) == ("bowl", "SGD", "NALA", "SGD")
    p, at, k = problem("bowl"), int(seen["gradients so far"]), int(seen["k"])
    start, (cycles, inside) = [seen["start x1"], seen["start x2"]], divmod(at, k + 1)
    nala = NALA(SGD(lr=power("eta (lr) right", seen)), k=k, mu=seen["mu"], alpha=seen["alpha"])
    loops = run(nala, p.grad, start, cycles=cycles + 1)
    right = loops.fast[cycles, inside] if inside else loops.slow[cycles]
    left = run(SGD(lr=power("eta (lr) left", seen)), p.grad, start, steps=at).final
    found = {"gradients": at}
    for side, x in (("left", left), ("right", right)):
        found |= {f"{side} x1": x[0], f"{side} x2": x[1], f"{side} f-f*": float(p.value(x)) - p.minimum}
        found[f"{side} distance"] = np.linalg.norm(x - p.center)
    return found


def rate(seen):
    """T01: the factor of every mode; the measured error must be the predicted one to the digits shown."""
    assert seen["inner rule"] == "gradient descent"
    lam = np.geomspace(1 / power("kappa", seen), 1, 8)
    factors = rho(lam, lr=seen["eta L"], k=int(seen["k"]), mu=seen["mu"], alpha=seen["alpha L"])
    worst, error = np.abs(factors).max(), np.sqrt((factors ** (2 * int(seen["cycles"]))).mean())
    return {
        "rate per cycle": worst,
        "rate per gradient": worst ** (1 / (int(seen["k"]) + 1)),  # NALA takes its outer gradient at alpha = 0 too
        "root slow mode": abs(factors[0]),
        "root stiff mode": abs(factors[-1]),
        "predicted error": error,
        "measured error": error,
    }


def averaging(seen):
    """T12's weights; without noise phi_t is the start's error times the cycle's factor to the power t."""
    t, mu = int(seen["outer steps t"]), seen["mu"]
    w = eq5.weights(t, mu)
    found = {"newest weight": w.fast[-1], "weight of phi_0": w.start, "sum": 1.0, "horizon": eq5.horizon(mu)}
    found |= {"mean age": eq5.mean_age(mu), "sample size": eq5.effective_sample_size(mu)}
    assert seen["noise"] == 0
    factor = rho(averaging_explorer._CURVATURE, lr=seen["eta (lr)"], k=int(seen["k"]), mu=mu, alpha=seen["alpha"])
    phi = averaging_explorer._MINIMUM + (averaging_explorer._START - averaging_explorer._MINIMUM) * float(factor) ** t
    return found | {"phi_t by Eq. (5)": phi, "phi_t of the run": phi}


def noise(seen):
    """Mean and covariance, propagated along the axes: a turned and shifted quadratic has the same losses."""
    assert (seen["noise model"], seen["outer batch"]) == ("constant", "fresh")
    A = np.diag(np.geomspace(1 / power("kappa", seen), 1, 3))
    C, k = seen["noise sigma"] ** 2 * np.eye(3), int(seen["k"])
    one = stochastic.cycle(A, C, lr=seen["eta L"], k=k, mu=seen["mu"], alpha=seen["alpha L"], outer="fresh")
    alone = stochastic.cycle(A, C, lr=seen["eta L"], k=1, mu=0.0, alpha=0.0, outer="fresh")
    losses = stochastic.expected_loss(A, stochastic.propagate(one, np.ones(3), T=int(seen["cycles"])))
    levels = [float(np.trace(A @ stochastic.stationary(c)[:3, :3])) / 2 for c in (one, alone)]
    return {
        "exact loss": losses[-1],
        "in the long run": levels[0],
        "SGD in the long run": levels[1],
        "gradients": (k + 1) * int(seen["cycles"]),
    }


def probe(seen):
    """The step that AdaLA takes, from a whole run of it."""
    p, at = problem(seen["problem"]), int(seen["step shown"])
    betas, eps = (seen["beta1"], seen["beta2"]), power("eps", seen)
    method = AdaLA(
        lr=power("eta (lr)", seen), betas=betas, eps=eps, probe=seen["probe"], denominator=seen["denominator"]
    )
    x = run(method, p.grad, [seen["start x1"], seen["start x2"]], steps=at).x
    before, step = p.grad(x[-2]), x[-1] - x[-2]
    found = {"step": at, "f-f*": float(p.value(x[-1])) - p.minimum}
    return found | {"step x1": step[0], "step x2": step[1], "g_t x1": before[0], "g_t x2": before[1]}


def family(seen):
    """The 2 x 2 cycle of every mode under Nesterov's outer momentum, and T23's tuned point."""
    assert seen["style"] == "nesterov"
    lam, k, lr = np.geomspace(1 / power("kappa", seen), 1, 8), int(seen["k"]), seen["eta L"]
    cycle = outer_velocity.cycle_matrix(lam, lr=lr, k=k, nu=seen["nu"], beta=seen["outer beta"], alpha=seen["alpha L"])
    ends = np.linalg.matrix_power(cycle, int(seen["cycles"]))[:, 0, 0]
    q = outer_velocity.effective_curvature(lam, lr=lr, k=k)
    nu, beta, best = outer_velocity.tuned(float(q.min()), float(q.max()))
    worst, error = float(np.max(momentum_cycle.spectral_radius(cycle))), np.sqrt((ends**2).mean())
    return {
        "rate per cycle": worst,
        "rate per gradient": worst ** (1 / (k + (seen["alpha L"] > 0))),
        "predicted error": error,
        "measured error": error,
        "tuned nu": nu,
        "tuned beta": beta,
        "tuned rate": best,
    }


def differences(numbers, expected):
    """Where the shown text is not the expected number, to the six significant digits shown."""
    wrong = {}
    for name, value in expected.items():
        text = numbers.get(name)
        # half a unit of the sixth digit is 5e-6 of the number at most; 1e-12: a difference of numbers of size 1 that
        # has come down to roundings
        if text is None or not abs(float(text) - float(value)) <= 5.1e-6 * abs(float(value)) + 1e-12:
            wrong[name] = (text, float(value))
    return wrong
