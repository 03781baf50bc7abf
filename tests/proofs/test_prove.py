"""``nala-lab prove``: what it prints, what it refuses, and what it says where there is no kernel."""

import pytest

from nala_lab.cli import main
from nala_lab.proofs import compiling
from nala_lab.proofs.sources import Source, read


def said_about(tmp_path, kernel, text):
    """What happens to one more file that states `text`."""
    for path in kernel.glob("*"):
        if path.suffix in (".vo", ".digest"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    planted = {"Planted": Source("Planted", text)}
    (result,) = compiling.build(planted, tmp_path)
    return result.message or ", ".join(compiling.foreign(compiling.axioms(planted, tmp_path)))


def test_every_theorem_compiles_on_the_axioms_of_the_real_numbers_alone(kernel, capsys):
    assert main(["prove", "--build", str(kernel)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len([line for line in printed if " theorems  " in line]) == len(read())
    assert next(line for line in printed if line.startswith("axioms: ")) == "axioms: " + ", ".join(compiling.ALLOWED)
    assert printed[-1].startswith("Coq ") and " 0 refused" in printed[-1]


FAIR = "Theorem two : 1 + 1 = 2.\nProof. reflexivity. Qed."


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (FAIR, ""),
        ("Theorem bad : 1 + 1 = 3.\nProof. reflexivity. Qed.", "Unable to unify"),
        ("Theorem bad : 1 = 2.\nProof. Admitted.", "Admitted"),
        ("Theorem bad : 1 = 2.\nProof. admit. Qed.", "admit"),
        ("Axiom loose : 1 = 2.\nTheorem bad : 1 = 2.\nProof. exact loose. Qed.", "Axiom"),
        ("Hypothesis loose : 1 = 2.\nTheorem bad : 1 = 2.\nProof. exact loose. Qed.", "declaration"),
        ("Variable loose : 1 = 2.\nTheorem bad : 1 = 2.\nProof. exact loose. Qed.", "declaration"),
        ("Context (loose : 1 = 2).\nTheorem bad : 1 = 2.\nProof. exact loose. Qed.", "loose"),
        ("Context (loose' : 1 = 2).\nTheorem bad : 1 = 2.\nProof. exact loose'. Qed.", "loose'"),
        ("From Coq Require Import Classical.\nTheorem bad : forall P : Prop, P \\/ ~ P.\nProof. exact classic. Qed.",
         "Classical_Prop.classic"),
    ],
)  # fmt: skip
def test_gaps_and_assumptions_are_refused(kernel, tmp_path, text, word):
    said = said_about(tmp_path, kernel, text)
    assert (word in said) if word else said == ""


def test_a_file_that_needs_a_refused_one_is_refused(kernel, tmp_path):
    both = {
        "Bad": Source("Bad", "Lemma bad : 1 = 2.\nProof. Admitted."),
        "Fair": Source("Fair", "From NalaLab Require Import Bad.\n" + FAIR),
    }
    assert [result.message for result in compiling.build(both, tmp_path)][1] == "needs Bad"


def test_without_coq_there_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(compiling, "coqc", lambda: None)
    monkeypatch.delenv("NALA_LAB_COQ_REQUIRED", raising=False)
    assert main(["prove"]) == 0
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "Coq is not installed" in said
    monkeypatch.setenv("NALA_LAB_COQ_REQUIRED", "1")
    assert main(["prove"]) == 2


@pytest.mark.parametrize(
    ("does", "told"),
    [("echo 9.0.0 4.14", "coqc must be of version 8.16 to 8.20, got 9.0.0"),
     ("echo no library here >&2; exit 3", "coqc must tell its version, got status 3: no library here")],
)  # fmt: skip
def test_another_version_of_coq_is_named(monkeypatch, tmp_path, does, told):
    other = tmp_path / "coqc"
    other.write_text(f"#!/bin/sh\n{does}\n")
    other.chmod(0o755)
    monkeypatch.setattr(compiling, "coqc", lambda: str(other))
    with pytest.raises(ValueError, match=told):
        compiling.version()


def test_what_another_version_has_compiled_is_compiled_again(kernel, monkeypatch, tmp_path):
    plain = {"Plain": Source("Plain", "Theorem plain : True.\nProof. exact I. Qed.\n")}
    first, again = (compiling.build(plain, tmp_path)[0] for _ in range(2))
    monkeypatch.setattr(compiling, "version", lambda: "8.16.0")
    (other,) = compiling.build(plain, tmp_path)
    assert first.seconds > 0 == again.seconds < other.seconds


def test_a_record_that_is_out_of_date_fails(kernel, monkeypatch, capsys):
    monkeypatch.setattr("nala_lab.proofs.command.load", lambda: {"coq": "", "axioms": [], "files": {}})
    assert main(["prove", "--build", str(kernel)]) == 1
    assert "the record is out of date" in capsys.readouterr().err
