"""Each finding changes when the printed number behind it does: planted, and seen."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from paper_figs.published.released import FILES, Curve
from paper_figs.published_audit import AUDIT, NOT_SEEN, SEEN, UNDECIDED, material, run
from paper_figs.published_audit.__main__ import main

WGAN = Curve("WGAN", "SGD", 100, 458.67, 1, 459.0, None, None)


def reprint(*changes):
    """A plant: each change is (paper, table, row, column, string)."""

    def plant(m):
        for change in changes:
            m = m.reprinted(*change)
        return m

    return plant


def column(key, number, where, printed, rows=None):
    """A plant: one string in a whole column (or only in `rows`)."""
    heads = [row.head for row in getattr(material(), key).table(number).rows if rows is None or row.head in rows]
    return [(key, number, head, where, printed) for head in heads]


def files(change):
    return lambda m: replace(m, released=change(m.released))


RIVALS = [(n, rival) for n, rivals in ((1, ("NAG", "Lookahead", "Adam", "SGD")), (3, ("Lookahead", "Adam")),
                                       (5, ("Lookahead", "Adam"))) for rival in rivals]  # fmt: skip
PLANTS = {
    "accuracies-over-256": reprint(("nala", 1, "NALA", 1, "0.94500000")),
    "last-digits": reprint(("nala", 7, "3", 5, "0.98106827")),
    "mean-of-two-seeds": reprint(("nala", 1, "NAG", 1, "0.90820313")),  # 465 / 512, rounded to 8 decimals
    "one-setting-two-results": reprint(*(("nala", n, head, c, text) for n, head in ((7, "5"), (8, "-0.5"))
                                         for c, text in ((0, "0.961694419"), (1, "0.73828125")))),
    "two-settings-one-result": reprint(("nala", 8, "-0.6", 0, "0.961694418")),
    "one-result-two-rates": reprint(("nala", 5, "NALA", 2, "1.479115726")),
    "best-of-450": reprint(("nala", 1, "NALA", 1, "0.96093750")),
    "best-against-late": reprint(("nala", 3, "NALA", 0, "0.465425265")),
    "differences-against-noise": reprint(*(("nala", n, rival, c, "0.10156250") for n, rival in RIVALS for c in (1, 3))),
    "sweeps-against-noise": reprint(*(one for n in (7, 8, 9) for c in (1, 3, 5)
                                      for one in column("nala", n, c, "0.91406250"))),
    "double-softmax": reprint(("nala", 5, "Adam", 0, "1.421514177")),
    "double-softmax-sweeps": reprint(("nala", 9, "0.001", 4, "1.579115725")),
    "timesteps-in-gradients": reprint(*(("nala", n, "NALA", c, "100") for n in (2, 4, 6) for c in range(4))),
    "log-resolution": reprint(("nala", 6, "Adam", 0, "3,950")),
    "released-files": lambda m: replace(m, nala=replace(m.nala, tables=())),  # AdaLA's alone: 50 of 80
    "table-2-first-records": reprint(("nala", 2, "NALA", 1, "13,000")),
    "table-4-first-records": reprint(("nala", 4, "NALA", 2, "9,600")),
    "typing-slips": reprint(("nala", 2, "NALA", 0, "1,200"), ("nala", 2, "Adam", 0, "1,000")),
    "adabelief-maxima": reprint(("adala", 2, "Adam", 0, "88.43%")),
    "adala-rows-no-file": files(lambda r: replace(r, curves=(*r.curves, Curve("VGG11", "AdaLA", 1, 91, 1, 91, 0, 0)))),
    "adala-notebook-maxima": reprint(("adala", 2, "AdaLA", 1, "95.44%")),
    "adala-weight-decay": files(lambda r: replace(r, curves=tuple(replace(c, weight_decay=5e-4) for c in r.curves))),
    "adala-three-runs": files(lambda r: replace(r, curves=tuple(replace(c, best=c.best + 0.1) for c in r.curves))),
    "adala-against-test-noise": reprint(("adala", 2, "AdaLA", 0, "91.81%")),
    "adala-cost": lambda m: replace(m, adala=replace(m.adala, tables=(*m.adala.tables, m.nala.table(2)))),
    "fid-no-file": files(lambda r: replace(r, curves=(*r.curves, WGAN))),
    "claim-lenet-best-at-end": reprint(("nala", 1, "Adam", 0, "0.181464713")),
    "claim-lenet-beats-three-cifar10": reprint(("nala", 1, "Lookahead", 1, "0.94140625")),
    "claim-lenet-slight-advantage-nag": reprint(("nala", 1, "NAG", 3, "0.71875000")),
    "claim-alexnet-cifar10": reprint(("nala", 3, "Lookahead", 0, "0.254133724")),
    "claim-alexnet-cifar100": reprint(("nala", 3, "Adam", 3, "0.69140625")),
    "claim-alexnet-faster-than-adam": reprint(("nala", 4, "Adam", 1, "9,900")),
    "claim-resnet-as-adam": reprint(("nala", 5, "Adam", 3, "0.98437500")),
    "claim-resnet-over-lookahead": reprint(("nala", 6, "Lookahead", 2, "300")),
    "claim-only-exception": reprint(("nala", 5, "Adam", 1, "0.94140625")),
    "claim-abstract-faster-higher": reprint(
        *(("nala", n, rival, c, "0.10156250") for n, rival in RIVALS for c in (1, 3)),
        *(("nala", n, "NALA", c, "10") for n in (2, 4, 6) for c in range(4))),
    "claim-lenet-faster-each-task": reprint(*(("nala", 2, "NALA", c, "10") for c in range(4))),
    "claim-adala-best-everywhere": reprint(("adala", 3, "Fromage", 0, "83.23")),
    "claim-adala-large-margin": reprint(("adala", 3, "Fromage", 0, "84.77")),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_number_turns_the_verdict(name):
    before, after = run(name), run(name, PLANTS[name](material()))
    assert {before.verdict, after.verdict} == {SEEN, NOT_SEEN}
    assert before.numbers != after.numbers


def test_every_finding_has_a_plant():
    assert set(AUDIT) - set(PLANTS) == {"claim-robust"}  # undecided whatever is printed: the next test
    changed = material().reprinted("nala", 7, "3", 1, "0.10156250")
    before, after = run("claim-robust"), run("claim-robust", changed)
    assert before.verdict == after.verdict == UNDECIDED and before.numbers != after.numbers and before.note


@pytest.mark.parametrize("name", AUDIT)
def test_a_finding_says_what_where_and_how_to_run_it_again(name):
    finding = run(name)
    assert finding.id == name and finding.rerun.endswith(f"paper_figs.published_audit {name}")
    assert finding.statement.endswith(".") and finding.where and finding.basis and AUDIT[name].__doc__
    assert finding.verdict in (SEEN, NOT_SEEN, UNDECIDED)
    assert json.loads(json.dumps(finding.numbers, default=float)), "numbers can be written to a report"
    assert finding == run(name), "the same on every run"


def test_the_numbers_that_were_found_by_hand():
    """Numbers of the lab's first, manual reading of the papers, kept as a check of the code."""
    others = run("accuracies-over-256").numbers["not of 256"]
    assert len(others) == 10 and "0.98106825 = 251.153 / 256" in others.values()
    misses = run("double-softmax").numbers["loss + accuracy - 2.46115"].values()
    assert sorted(abs(miss) for miss in misses)[-2:] == pytest.approx([0.0024, 0.0082], abs=6e-5)  # to 4 decimals
    assert run("double-softmax-sweeps").numbers["range"] == pytest.approx((-0.010, 0.188), abs=5e-4)
    late = run("best-against-late").numbers
    pairs = [one["accuracy: printed, mean of the late records"] for one in late.values()]
    assert [mean for _, mean in pairs] == [0.899, 0.652, 0.861, 0.615]
    first = [one["in the log"] for one in run("table-2-first-records").numbers.values()]
    assert first == [1600, 13000, 3400, 15900]
    maxima = run("adabelief-maxima").numbers
    assert maxima["with a stored curve"] == 51 and len(maxima["not equal as printed"]) == 1
    adam = run("claim-resnet-over-lookahead").numbers["columns of Table 6 in which Adam is sooner than NALA"]
    assert len(adam) == 3


def test_the_counts_of_files_and_of_separated_differences():
    each = run("released-files").numbers["each"]
    counts = {name: (row["with a file"], row["equal to the file"]) for name, row in each.items()}
    assert {name: pair for name, pair in counts.items() if pair[0]} == {
        "NALA Table 1": (4, 4), "NALA Table 2": (4, 0), "NALA Table 3": (4, 4), "NALA Table 4": (4, 4),
        "NALA Table 7": (4, 2), "NALA Table 8": (4, 2), "NALA Table 9": (4, 4),
        "AdaLA Table 2": (27, 27), "AdaLA Table 3": (24, 23),
    }  # fmt: skip
    numbers = run("differences-against-noise").numbers
    assert (numbers["differences"], numbers["above the limit of two seeds"]) == (16, 3)
    assert numbers["below 2 standard deviations of single runs"] == 8
    one = numbers["each"]["Table 3, CIFAR-10, NALA - Adam"]  # 25 images; sd 0.00703 by the exact distribution
    assert one["needed with two seeds"] == pytest.approx(12.706 * 0.00703, abs=6e-4)  # printed with 3 decimals
    assert one["in sd of the difference of two bests"] == pytest.approx(25 / 256 / (2**0.5 * 0.00703), abs=0.02)
    sooner = run("claim-abstract-faster-higher").numbers["timesteps fewer, equal, more, undecided"]
    assert tuple(sooner) == (22, 1, 6, 3)


def test_a_misprinted_cell_counts_with_all_its_readings():
    def said(m):
        return run("claim-lenet-faster-each-task", m).numbers["not NALA alone"]

    m = material()
    assert said(m)["CIFAR-10, 70% accuracy: NAG"] == "undecided"
    assert "CIFAR-10, 70% accuracy: NAG" not in said(m.reprinted("nala", 2, "NALA", 0, "1,200"))
    assert said(m.reprinted("nala", 2, "NALA", 0, "12,000"))["CIFAR-10, 70% accuracy: NAG"] == "NAG"
    # With no rival sooner, the misprint alone decides, and it does not.
    only = m.reprinted("nala", 2, "Adam", 0, "13,000").reprinted("nala", 2, "NAG", 3, "30,000")
    assert run("claim-lenet-faster-each-task", only).verdict == UNDECIDED
    assert run("claim-lenet-faster-each-task", only.reprinted("nala", 2, "NALA", 0, "1,200")).verdict == SEEN


@pytest.mark.data(*FILES)
def test_the_files_themselves_give_the_same_verdicts():
    source = material(data=True)
    for name in AUDIT:
        from_files, stored = run(name, source), run(name)
        assert from_files.verdict == stored.verdict, name
        assert from_files.basis == stored.basis or "nala_cifar_curves" in from_files.basis


def test_the_command_line_prints_a_line_or_everything(capsys):
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(AUDIT)
    assert main(["typing-slips"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("typing-slips: seen") and "12,00" in out and "may stand for" in out


def test_the_command_line_refuses_what_it_does_not_know(capsys, monkeypatch):
    monkeypatch.delenv("NALA_LAB_DATA", raising=False)
    for arguments in (["no-such-finding"], ["--data"]):
        material.cache_clear()
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
    assert "NALA_LAB_DATA" in capsys.readouterr().err
