"""Numbers of Python as statements about the definitions that the theorems use, and what the kernel says to them."""

import subprocess
from fractions import Fraction

from nala_lab.proofs.compiling import coqc

HEAD = "From Coq Require Import Reals Lra List QArith.\nFrom NalaLab Require Import {needs}.\nOpen Scope R_scope.\n"


def real(x):
    """A number of Python, exactly, as a real number of Coq; a float is the fraction that it is."""
    x = Fraction(x)
    return f"({x.numerator}/{x.denominator})"


def rational(x):
    """The same as a fraction of Coq, which the kernel computes with."""
    return f"({Fraction(x).numerator} # {Fraction(x).denominator})"


def reals(values):
    """A sequence nat -> R, 0 from its end on."""
    return "(fun j => nth j (" + " :: ".join([*map(real, values), "nil"]) + ") 0)"


def is_exactly(left, value, proof):
    """`left` equals the number."""
    return f"{left} = {real(value)}", proof


def is_near(left, value, proof, relative=2.0**-40):
    """`left` is within rounding of the float: some twenty operations, none of which loses more than a factor 1000."""
    slack = Fraction(relative) * max(1, abs(Fraction(value)))
    return f"{real(-slack)} <= {left} - {real(value)} <= {real(slack)}", proof


def refused(folder, tmp_path, needs, examples):
    """What coqc says against the examples; empty when the kernel takes all of them."""
    text = HEAD.format(needs=" ".join(needs)) + "".join(
        f"Example number_{i} : {statement}.\nProof. {proof} Qed.\n" for i, (statement, proof) in enumerate(examples)
    )
    (tmp_path / "Numbers.v").write_text(text, encoding="utf-8")
    command = [coqc(), "-noglob", "-Q", str(folder), "NalaLab", "Numbers.v"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode == 0:
        return ""
    line = int(done.stderr.split("line ", 1)[1].split(",")[0])
    before = text.splitlines()[:line]
    return next(found for found in reversed(before) if found.startswith("Example")) + "\n" + done.stderr
