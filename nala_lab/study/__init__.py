"""``nala-lab study``: the whole lab pointed at one method, yours or ours, NumPy rule or torch optimizer.

    from nala_lab.study import study
    page = study(MyRule(lr=0.1))  # or lambda params: torch.optim.SGD(params, lr=0.1), or "package.module:factory"
    page.save("studies")  # myrule.html, .md, .json and the pictures

What could not be done is a line that says so. `Studied` is the method with its learning rate, `Sizes` how much is run;
a part of the page can be had alone: ``invariances_of(studied(method))``.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from nala_lab.core.progress import bar
from nala_lab.study.contract import contract as contract_of
from nala_lab.study.factors import factors as factors_of
from nala_lab.study.identity import identity as identity_of
from nala_lab.study.identity import seconds_per_gradient
from nala_lab.study.invariances import invariances as invariances_of
from nala_lab.study.lines import Line, Section, cannot
from nala_lab.study.noise import noise as noise_of
from nala_lab.study.page import Study
from nala_lab.study.paths import paths as paths_of
from nala_lab.study.sizes import FULL, SMOKE, Sizes, fitted
from nala_lab.study.subject import Studied, studied
from nala_lab.study.training import training as training_of
from nala_lab.study.worst import worst as worst_of

__all__ = ["FULL", "SMOKE", "Line", "Section", "Sizes", "Studied", "Study", "invariances_of", "studied", "study"]

Tell = Callable[[str], None]
_SECTIONS: tuple[tuple[str, str, Callable[[Studied, Sizes, Tell], Section]], ...] = (
    ("identity", "What it is", lambda one, sizes, tell: identity_of(one, sizes)),
    ("contract", "The contract", contract_of),
    ("invariances", "What it does not notice", lambda one, sizes, tell: invariances_of(one)),
    ("factors", "Quadratics", lambda one, sizes, tell: factors_of(one, sizes)),
    ("worst", "Worst case over functions", lambda one, sizes, tell: worst_of(one)),
    ("noise", "Noise: variance against speed", lambda one, sizes, tell: noise_of(one, sizes)),
    ("paths", "Two landscapes", lambda one, sizes, tell: paths_of(one, sizes)),
    ("training", "A small network on digits", training_of),
)


def study(method: Any, *, name: str | None = None, options: Mapping[str, Any] | None = None, inner: str = "momentum",
          sizes: Sizes = FULL, progress: bool = True) -> Study:  # fmt: skip
    """Study one method: what it is, its contract, invariances, rates, worst case, noise, paths, and a small network.

    Parameters
    ----------
    method : ``"package.module:factory"``, a `nala_lab.drive.Method`, a NumPy rule, a bare function (theta, grad), or a
        factory of torch optimizers. name : what the page calls it. options : keyword arguments of a class or factory.
    inner : what an optimizer that wraps another one is put around: "sgd", "momentum", "adam".
    sizes : FULL, at most three minutes on two cores; SMOKE, seconds. progress : show a bar where somebody looks.

    Raises
    ------
    ValueError
        In one sentence, when it is no method, cannot be made, or does not run at all. Whatever goes wrong later is a
        line of the page.

    Examples
    --------
    >>> from nala_lab.study import SMOKE, study
    >>> page = study(lambda theta, grad: theta - 0.1 * grad(theta), name="mine", sizes=SMOKE, progress=False)
    >>> page.line("invariances", "shift of x").verdict, page.line("factors", "stability edge").verdict
    ('to the ulp', 'lr x curvature = 2')
    """
    one = studied(method, name=name, options=options, inner=inner)
    try:
        sizes = fitted(sizes, seconds_per_gradient(one))
    except ValueError:
        raise
    except Exception as error:  # whatever its author raises
        said = " ".join(str(error).split())
        raise ValueError(f"{one.name} must run from ten ones with the gradient x, got {said}") from error
    sections = []
    with bar(total=len(_SECTIONS), show=progress, desc=one.name, unit="part") as shown:
        for key, title, make in _SECTIONS:
            tell = partial(_tell, shown, title)
            tell("...")
            try:
                sections.append(make(one, sizes, tell))
            except Exception as error:  # the method is anybody's: what it raises is told
                sections.append(Section(key, title, (cannot("all of it", error),)))
            shown.update()
    return Study(one.name, tuple(sections), _about(sizes))


def _tell(shown: Any, title: str, what: str) -> None:
    shown.set_postfix_str(f"{title}: {what}"[:60])


def _about(sizes: Sizes) -> dict[str, str]:
    versions = {name: metadata.version(name) for name in ("numpy", "torch") if find_spec(name)}
    cut = {} if sizes in (FULL, SMOKE) else {"runs": "of other lengths than the usual ones, see the notes"}
    return {"python": platform.python_version(), **versions, **cut}
