"""Theorems that a proof kernel has checked (Coq's), one statement a file, named as the theory files.

    *.v             the definitions, the statements and their proofs; Algorithm1.v is the one definition of the method
    sources.py      which file needs which, what it states, and a digest that changes when any of them changes
    compiling.py    coqc, and the axioms that the theorems rest on
    record.py       what was checked, by which version, with which digests: ``proved.json``, committed
    command.py      ``nala-lab prove``

What the kernel checks is that a proof proves its statement. That the statement says what the lab's formula says is
checked by ``tests/proofs``: numbers of `nala_lab.theory` and runs of `nala_lab.reference` go through the kernel too.
"""

from __future__ import annotations

from nala_lab.proofs.record import kernel_checked

__all__ = ["kernel_checked"]
