"""The one table: a row lacks nothing, says what the older tables said, and nothing else decides by a method's name."""

import ast
import itertools
import math
from importlib import import_module

import pytest

from nala_lab.core import stream
from nala_lab.methods import METHODS, WITH_TWINS, counted, find, label, most_gradients
from nala_lab.methods.counting import around, cycle, nested, slow_step, timesteps
from nala_lab.methods.facts import Facts, row
from nala_lab.methods.making import check_settings, numpy_twin, torch_twin
from tests.refusals import refused
from tests.tools.tree import ROOT, python_files

WHOLE = {name: getattr(METHODS["nala"], name) for name in Facts.__dataclass_fields__}


def changed(**facts):
    return row(**{**WHOLE, **facts})


def test_a_whole_row_is_made():
    assert changed() == METHODS["nala"]


@pytest.mark.parametrize("name", ["name", "label", "look", "source", "numpy", "torch", "hyper", "published", "traits"])
def test_a_fact_that_is_missing_is_named_when_the_row_is_made(name):
    with pytest.raises(ValueError, match=rf"^row '.+' must satisfy a value for {name}, got "):
        row(**{key: value for key, value in WHOLE.items() if key != name})


test_facts_that_do_not_fit_are_refused_in_a_sentence = refused(
    ({"label": ""}, "row 'NALA' must satisfy a text for label, got "),
    ({"torch": "nala_lab.optim.NALA"}, "torch='module:class', got nala_lab.optim.NALA"),
    ({"numpy": "NALA"}, "numpy='module:class', got NALA"),
    ({"look": ("red", "o", "-")}, "look=(colour, marker, dash) or None, got ('red'"),
    ({"traits": frozenset({"two loops", "fast"})}, "traits among two loops, adaptive"),
    ({"traits": frozenset()}, "an inner rule in published iff it has two loops"),
    ({"published": {"k": 5}}, "an lr among published, got ['k']"),
    ({"slow_step": ("nu", 0.0)}, "slow_step=(one of the published settings, number), got ('nu', 0.0)"),
    ({"hard": ()}, "hard settings iff there is a NumPy twin, got ()"),
    ({"speed": 3}, "facts among name, label"),
    ({"published": {**METHODS["nala"].published, "mu": math.nan}}, "mu must satisfy -1 <= mu < inf, got mu=nan"),
    call=lambda facts: changed(**facts),
)


@pytest.mark.parametrize("name", METHODS)
def test_every_row_names_things_that_exist(name):
    facts = METHODS[name]
    for path in filter(None, (facts.numpy, facts.torch)):
        module, _, attribute = path.partition(":")
        assert callable(getattr(import_module(module), attribute)), path
    assert find(facts.label) is find(facts.name) is facts and label(name) == facts.label
    check_settings(facts, {key: value for key, value in nested(facts.published).items() if key != "inner"})


def test_labels_looks_and_names_are_all_different():
    looks = [facts.look for facts in METHODS.values() if facts.look is not None]
    for part in zip(*looks, strict=True):
        assert len({str(one) for one in part}) == len(looks)
    assert len({facts.label for facts in METHODS.values()}) == len(METHODS)


MORE = ({}, {"inner_state": "reset"}, {"inner.every": 3}, {"inner.probe": "lagged"})
PLANS = [
    {"k": k, "inner": inner, **more}
    for k, inner, more in itertools.product((1, 3, 4), ("adam", "adala", "sgd"), MORE)
    if inner == "adala" or not any(key.startswith("inner.") for key in more)
]


@pytest.mark.parametrize("name", [name for name, facts in METHODS.items() if facts.two_loops])
@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_counting_agrees_with_a_count_by_hand(name, plan):
    """By hand: walk the inner steps one by one, and put a look-ahead gradient after each k-th."""
    if name == "outermomentum":
        plan = {key: value for key, value in plan.items() if key != "inner_state"} | {"alpha": 0.1}
    settings = {**find(name).published, **around(plan["inner"]), **plan}
    flags, walked, step = counted(name, settings), [], 0
    while len(walked) < 3 * len(flags):
        within = step % plan["k"] if plan.get("inner_state") == "reset" else step
        probes = plan["inner"] == "adala" and plan.get("inner.probe") != "lagged"
        walked += [True] + [False] * (probes and within % plan.get("inner.every", 1) == 0)
        step += 1
        if step % plan["k"] == 0 and name != "lookahead":
            walked.append(False)
    assert list(flags * 3) == walked[: 3 * len(flags)]
    assert cycle(name, settings) == (sum(flags), len(flags))
    n = int(stream(0, "counting", name, str(plan)).integers(1, 50))
    assert timesteps(flags, n) == sum((flags * n)[:n])
    assert most_gradients(name, settings) <= plan["k"] * 2 + 1


def test_two_loops_inside_two_loops_are_not_counted():
    """An inner cycle was counted as one inner step: 7 gradients, where the torch twin spends 3."""
    with pytest.raises(ValueError, match="inner must satisfy a method with one loop, got inner='Lookahead'"):
        most_gradients("NALA", {"k": 2, "inner": ("Lookahead", {"k": 3})})


@pytest.mark.parametrize("name", ["AdamW", "SGD"])
def test_a_setting_that_does_not_exist_is_said_to_not_exist(name):
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match=r"hyperparameter in \{'lr'.*got hyperparameter='beta_1'"):
        torch_twin(name, [torch.zeros(2, requires_grad=True)], lr=0.1, beta_1=0.9)


test_a_setting_that_would_be_lost_is_refused = refused(
    (lambda: numpy_twin("SGD", momentum=0.9), "in {'lr', 'weight_decay'}, got hyperparameter='momentum'"),
    (lambda: numpy_twin("NALA", inner=("SGD", {"momentum": 0.9})), "in {'lr', 'weight_decay'}, got hyperparameter="),
    (lambda: numpy_twin("NALA", inner=("SGD", None)), "inner must satisfy a pair (name, settings), got inner=("),
    (lambda: torch_twin("HeavyBall", [], nesterov=True), "nesterov must satisfy nesterov left out, got nesterov=True"),
    (lambda: torch_twin("NAG", [], nesterov=False), "nesterov left out, got nesterov=False (NAG fixes it)"),
)


def test_how_far_a_cycle_mixes():
    assert slow_step("nala", {"mu": -0.75}) == 0.25 and slow_step("lookahead", {"alpha": 0.8}) == 0.8
    assert slow_step("outermomentum", {"nu": 0.7}) == 0.7 and slow_step("adam", {}) is None


# A comparison with a method's name decides something that its row should say. These are about that very method.
ABOUT_THE_METHOD = {
    "nala_lab/theory": "theorems speak of a method, and theory must not see the table",
    "nala_lab/classroom": "lessons and exercises speak of a method by name",
    "nala_lab/widgets/probe_explorer.py": "the picture compares three readings of one probe",
    "nala_lab/widgets/family_explorer.py": "places of methods on a map",
    "nala_lab/plots/family_picture.py": "places of methods on a map",
    "nala_lab/reference/adala.py": "probe='adam' and probe='adabelief' are names of readings",
    "nala_lab/optim/adala.py": "probe='adam' and probe='adabelief' are names of readings",
    "paper_figs/published_audit": "the sentences of the papers speak of methods by name",
    "paper_figs/results_images.py": "a picture of NALA beside the others",
    "paper_figs/results_lenet5.py": "a table of NALA beside the others",
    "paper_figs/side_by_side_adala.py": "lines of one picture that are readings of one algorithm",
    "nala_lab/certify": "inner='nag' is a form of the quadratic's recurrence",
    "nala_lab/measure/cycle_map.py": "inner='nag' is a form of the quadratic's recurrence",
}


def compared(tree: ast.Module) -> list[tuple[int, str]]:
    """Names of methods that a comparison or a match of this file mentions: (line, name)."""
    names = {one for facts in METHODS.values() for one in (facts.key, facts.name, facts.label)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            texts = [one for side in sides for one in ast.walk(side) if isinstance(one, ast.Constant)]
            found += [(node.lineno, one.value) for one in texts if isinstance(one.value, str) and one.value in names]
        elif isinstance(node, ast.MatchValue) and isinstance(node.value, ast.Constant) and node.value.value in names:
            found.append((node.lineno, node.value.value))
    return found


def test_nothing_else_decides_by_the_name_of_a_method():
    hits = []
    for path in python_files("nala_lab", "paper_figs", "tools"):
        name = path.relative_to(ROOT).as_posix()
        if not any(name.startswith(where) for where in ABOUT_THE_METHOD):
            hits += [f"{name}:{line} {word!r}" for line, word in compared(ast.parse(path.read_text(encoding="utf-8")))]
    assert not hits, f"ask the row of nala_lab/methods/table.py, or give a reason here: {hits}"


def test_a_comparison_with_a_name_is_seen():
    planted = 'if one.name in ("NALA", "x") or kind != "adala":\n    pass\nmatch rule:\n    case "sgd":\n        pass'
    assert sorted(word for _, word in compared(ast.parse(planted))) == ["NALA", "adala", "sgd"]
    assert not compared(ast.parse("opt = make('NALA')\nif x == 'nothing':\n    pass"))


def test_the_rows_with_twins_are_those_with_two():
    assert list(WITH_TWINS) == [facts.name for facts in METHODS.values() if facts.numpy is not None]
