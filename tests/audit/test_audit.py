"""The audit reports sound optimizers clean, others as they are, and survives what they do."""

import json
from importlib import metadata

import pytest
import torch

from nala_lab.audit import NotApplicable, Row, Subject, ask, audit, examine, load_items, summary
from nala_lab.audit.public_packages import SUBJECTS, published, rows_of
from nala_lab.audit.report import to_json
from nala_lab.cli import main

OURS = [(target, options, inner) for target, options, inner in SUBJECTS if target.startswith(("torch.", "nala_lab."))]


@pytest.mark.parametrize(("target", "options", "inner"), OURS, ids=lambda v: str(v))
def test_torch_and_our_own_optimizers_are_clean(target, options, inner):
    """P4, P5, P10, P22, P23 among others: no aliases, no foreign keys, .grad untouched, groups that come late."""
    rows = examine(target, options, inner=inner)
    assert not [f"{row.item}: {row.verdict} {row.text}" for row in rows if row.bad]
    assert sum(row.verdict == "pass" for row in rows) > 20


def test_a_factory_may_decide_about_everything():
    assert not [row for row in examine("tests.audit.odd:own_nala") if row.bad]
    rows = examine("tests.audit.odd:own_lookahead")
    assert not [row for row in rows if row.bad]
    verdicts = {row.item: row.verdict for row in rows}
    assert verdicts["path"] == "pass" and verdicts["closed-form"] == "not applicable"


@pytest.mark.parametrize(
    ("factory", "asked", "passed"),
    [
        ("adam_that_decays", ("first-step", "linear-objective", "after-silence"), set()),
        ("adam_uphill", ("first-step", "linear-objective", "after-silence", "twin"), set()),
        ("adala_read_off", ("twin", "first-step", "newton-first-step"), {"twin", "first-step", "newton-first-step"}),
        ("adala_raw", ("twin", "first-step", "after-silence", "newton-first-step"), {"twin"}),
        ("lookahead_that_resets", ("path", "path-adam", "alpha-one"), {"path", "path-adam"}),
        ("nala_that_pulls_back", ("path", "path-adam", "nala-is-inner", "nala-closed-form", "inner-keys"),
         {"path", "path-adam", "inner-keys"}),
    ],
)  # fmt: skip
def test_what_a_factory_decides_is_read_off_the_object(factory, asked, passed):
    rows = examine(f"tests.audit.odd:{factory}", only=asked)
    assert {row.item: row.verdict for row in rows} == {
        name: "pass" if name in passed else "not applicable" for name in asked
    }


def test_a_fault_that_one_parameter_does_not_show_is_found():
    rows = examine("tests.audit.odd:Adam", only=["twin", "first-step", "linear-objective", "after-silence"])
    assert [row.verdict for row in rows] == ["fail"] * 4


def test_a_wrapper_is_asked_by_what_it_shows():
    assert Subject("tests.audit.odd:OuterNesterov").kind == Subject("tests.audit.odd:OtherNames").kind == "plain"
    hidden = Subject("tests.audit.odd:OtherNames", kind="lookahead")
    for item in load_items(["closure", "frozen-at-sync", "added-group", "added-group-sync", "path", "half-precision"]):
        row = ask(hidden, item)
        assert row.verdict == "not applicable", row


ADAPTIVE_ROWS = ("first-step", "linear-objective", "after-silence", "newton-first-step")


@pytest.mark.parametrize(
    ("target", "options", "only", "verdict"),
    [
        ("nala_lab.optim:AdaLA", {"blend": 0}, ADAPTIVE_ROWS, "not applicable"),
        ("nala_lab.optim:AdaLA", {"every": 2}, ("sync-method", "closure"), "pass"),
        ("nala_lab.optim:AdaLA", {"probe": "adabelief", "probe_batch": "same", "every": 3}, ("closure",), "pass"),
        ("nala_lab.optim:AdaLA", {"betas": [0.0, 0.9]}, ("newton-first-step",), "not applicable"),
        ("torch.optim:Adam", {"lr": 0.0}, ADAPTIVE_ROWS[:3], "not applicable"),
        ("nala_lab.optim:Lookahead", {"alpha": 0.0}, ("added-group",), "not applicable"),
        ("nala_lab.optim:NALA", {"mu": -1.0, "alpha": 0.0}, ("added-group",), "not applicable"),
    ],
)  # fmt: skip
def test_a_legal_setting_is_no_fault(target, options, only, verdict):
    rows = examine(target, options, only=(name for name in only))
    assert {row.item: row.verdict for row in rows} == dict.fromkeys(only, verdict), rows


def test_a_factory_without_a_name_is_not_sought_in_another_process():
    (item,) = load_items(["fresh-process"])
    assert ask(Subject(torch.optim.Adam), item).verdict == "not applicable"


def test_kinds_are_detected():
    for target, kind in (("torch.optim:RMSprop", "plain"), ("torch.optim:AdamW", "adam")):
        assert Subject(target).kind == kind
    for name in ("AdaBelief", "AdaLA", "Lookahead", "NALA"):
        assert Subject(f"nala_lab.optim:{name}").kind == name.lower()
    assert Subject("torch.optim:Adam", kind="plain").kind == "plain"


SOUND = [
    *(("torch.optim:Adam", one) for one in ({"lr": 0.3, "betas": [0.9, 0.99], "eps": 1e-6}, {"weight_decay": 0.1},
                                            {"amsgrad": True}, {"maximize": True})),
    ("torch.optim:AdamW", {}),
    ("nala_lab.optim:AdaLA", {"lr": 0.1, "betas": [0.9, 0.99], "eps": 1e-6, "weight_decay": 0.2}),
    ("nala_lab.optim:AdaLA", {"probe": "code"}),
    ("nala_lab.optim:AdaLA", {"probe": "self", "every": 2}),
    ("nala_lab.optim:AdaBelief", {"lr": 0.1, "betas": [0.9, 0.99], "eps": 1e-6, "weight_decay": 0.2}),
]  # fmt: skip


@pytest.mark.parametrize(("target", "options"), SOUND, ids=lambda value: str(value))
def test_a_sound_optimizer_is_not_accused_for_its_options(target, options):
    rows = examine(target, options, only=["twin", "first-step", "linear-objective", "after-silence", "scheduler-lr"])
    assert not [f"{row.item}: {row.text}" for row in rows if row.bad]
    asked = {row.item for row in rows if row.verdict == "pass"}
    assert asked >= ({"twin", "first-step"} if "eps" in options and "weight_decay" not in options else {"scheduler-lr"})


def test_a_bug_is_seen_at_options_of_ones_own_too():
    options = {"lr": 0.2, "betas": [0.8, 0.9], "eps": 1e-3}
    rows = examine("nala_lab.optim:AdaLA", options, only=["first-step", "twin"], mutant="wrong-beta")
    assert [row.verdict for row in rows] == ["fail", "fail"]


def test_what_weighs_one_parameter_by_the_others_is_not_accused_of_it():
    (row,) = examine("torch.optim:LBFGS", only=["shapes"])
    assert row.verdict == "pass"


@pytest.mark.parametrize(
    "target", ["torch.optim:LBFGS", "tests.audit.strangers:Sharp", "tests.audit.strangers:Drawing"]
)
def test_what_takes_one_group_or_weighs_them_together_is_not_asked_for_two(target):
    rows = {row.item: row.verdict for row in examine(target, only=["two-groups", "resume"])}
    assert rows == {"two-groups": "not applicable", "resume": "pass"}


def test_an_optimizer_of_sparse_gradients_is_one_sentence(capsys):
    assert main(["audit", "torch.optim:SparseAdam"]) == 2
    assert "target must satisfy an optimizer of dense gradients" in capsys.readouterr().err


def test_a_crash_and_a_hang_are_rows_and_the_others_are_asked():
    names = ["state-layout", "scheduler-lr", "zero-grad", "copy"]
    rows = list(audit("tests.audit.odd:Terrible", only=names, timeout=4))
    assert {row.item: (row.verdict, row.evidence) for row in rows} == {
        "zero-grad": ("pass", 0),
        "scheduler-lr": ("hang", "> 4 s"),
        "state-layout": ("crash", "exit status 7"),
        "copy": ("pass", 0.0),
    }


def test_the_command_writes_json_and_exits_with_one_on_failures(capsys):
    command = ["audit", "tests.audit.odd:Pickled", "--only", "plain-state", "zero-grad", "--json", "-"]
    assert main(command) == 1
    said = json.loads(capsys.readouterr().out)
    assert {row["item"]: row["verdict"] for row in said["rows"]} == {"plain-state": "fail", "zero-grad": "pass"}
    assert "torch" in said["versions"]
    assert main(["audit", "--list"]) == 0 and "sync-steps" in capsys.readouterr().out
    assert main(["audit", "--museum"]) == 0 and "zero-slot" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "target must satisfy package.module:factory"),
        (["torch.optim:Adam", "--options", "["], "--options must satisfy a JSON object"),
        (["torch.optim:Adam", "--only", "nothing"], "only must satisfy the name of an item, got only='nothing'"),
        (["--museum", "nothing"], "--museum must satisfy --museum in {'lazy-slow'"),
        (["torch.optim:Adam", "--museum", "zero-slot"], "target must satisfy left out with --museum"),
        (["--museum", "zero-slot", "--options", '{"k": 7}'], "--options must satisfy left out with --museum"),
        (["torch.optim:Adam", "--timeout", "0"], "timeout must satisfy 0 < timeout"),
        (["torch.optim:Adam", "--json", "no/such/x.json"], "--json must satisfy a file in a folder that is there"),
    ],
)
def test_wrong_input_is_one_sentence(arguments, sentence, capsys):
    assert main(["audit", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("nala-lab audit: error: " + sentence) and said.count("\n") == 1


def test_targets_that_cannot_be_made_are_refused():
    for target, sentence in (("torch.optim", "package.module:factory"), ("torch.optim:Nothing", "a class or function")):
        with pytest.raises(ValueError, match=sentence):
            Subject(target)
    with pytest.raises(ValueError, match="kind must satisfy"):
        Subject("torch.optim:Adam", kind="sgd")
    with pytest.raises(NotApplicable, match="no argument k"):
        Subject("torch.optim:Adam").make([], k=3)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"target": torch.optim.Adam}, "target must satisfy a text, package.module:factory, got"),
        ({"options": {"lr": torch.tensor(0.1)}}, "options must satisfy a mapping that JSON can hold, got"),
        ({"options": {"inner": torch.optim.SGD}}, "options must satisfy a mapping that JSON can hold, got"),
        ({"kind": "sgd"}, "kind must satisfy kind in {'plain'"),
        ({"inner": "rmsprop"}, "inner must satisfy inner in {'sgd'"),
        ({"mutant": "nothing"}, "mutant must satisfy mutant in {'lazy-slow'"),
    ],
)
def test_what_another_process_cannot_be_told_is_one_sentence(wrong, sentence):
    with pytest.raises(ValueError, match="^" + sentence):
        next(audit(**{"target": "torch.optim:Adam", **wrong}))


def test_the_json_of_an_optimizer_that_ends_at_nan_is_strict():
    said = to_json({"target": "torch.optim:Adam"}, [Row("network", "contract", "fail", float("inf"), "moved")])
    assert json.loads(said, parse_constant=pytest.fail)["rows"][0]["evidence"] == "inf"


def test_the_summary_counts_verdicts():
    assert summary([Row("a", "state", "fail", 1, ""), Row("b", "state", "fail", 1, "")]) == "2 fail"


# What pitfalls had said of the public packages before they were audited.
SEEN = {
    ("torch_optimizer:Lookahead", "{}"): {"sync-steps", "slow-at-start", "which-program", "resume", "is-optimizer"},
    ("pytorch_optimizer:Lookahead", "{}"): {"frozen-at-sync", "copy", "state-layout", "half-precision"},
    ("pytorch_optimizer:Lookahead", '{"pullback_momentum": "reset"}'): {"inner-keys", "path-adam"},
    ("pytorch_optimizer:Lookahead", '{"pullback_momentum": "pullback"}'): {"inner-keys", "path-adam"},
    ("schedulefree:AdamWScheduleFree", "{}"): {"grad-untouched"},
}


def test_the_committed_audits_show_the_defects_that_were_known():
    audits = {(one["target"], json.dumps(one["options"])): one for one in published()}
    assert list(audits) == [(target, json.dumps(options)) for target, options, _ in SUBJECTS]
    for key, items in SEEN.items():
        assert items <= {row.item for row in rows_of(audits[key]) if row.bad}, key
    for (target, _), one in audits.items():
        assert one["versions"]["torch"]
        if target.startswith(("torch.", "nala_lab.")):
            assert not any(row.bad for row in rows_of(one)), target
    program = {row.item: row.evidence for row in rows_of(audits["torch_optimizer:Lookahead", "{}"])}
    assert abs(program["which-program"] - 0.296972) < 1e-6  # slow weights made late


@pytest.mark.slow
def test_the_command_ends_with_zero_when_clean_and_two_when_there_is_nothing(capsys):
    assert main(["audit", "torch.optim:SGD", "--only", "zero-grad"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 pass"
    for target, sentence in (
        ("no_such_module:Adam", "target must satisfy a module that can be imported, got 'no_such_module'"),
        ("math:sin", "target must satisfy an optimizer that can be made, got target='math:sin' (TypeError"),
    ):
        assert main(["audit", target]) == 2
        said = capsys.readouterr().err
        assert said.startswith("nala-lab audit: error: " + sentence) and said.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(("target", "options", "inner"), [one for one in SUBJECTS if "pytorch" in one[0]][:3])
def test_an_installed_package_still_answers_as_committed(target, options, inner):
    pytest.importorskip("pytorch_optimizer")
    installed = metadata.version("pytorch_optimizer")
    one = next(one for one in published() if (one["target"], one["options"]) == (target, options))
    if one["versions"]["pytorch_optimizer"] != installed:
        pytest.skip(f"version {installed} is installed, {one['versions']['pytorch_optimizer']} was audited")
    now = {row.item: row.verdict for row in audit(target, options=options, inner=inner)}
    assert now == {row.item: row.verdict for row in rows_of(one)}
