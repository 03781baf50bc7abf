"""A wrong definition or a wrong statement does not pass the kernel."""

from collections import Counter

import pytest

from nala_lab.proofs.compiling import build
from nala_lab.proofs.sources import Source, in_order, read
from tests.proofs.mutants import MUTANTS

PLAIN = read()


def mutated(mutant):
    text = PLAIN[mutant.file].text
    assert text.count(mutant.old) >= 1, f"{mutant.name}: the text to change is not there any more"
    return PLAIN | {mutant.file: Source(mutant.file, text.replace(mutant.old, mutant.new, 1))}


def test_there_are_more_than_twenty_and_no_theorem_is_left_out():
    judged = Counter(mutant.judge or mutant.file for mutant in MUTANTS)
    assert len(MUTANTS) >= 20 and len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert {name for name, source in PLAIN.items() if source.about} <= judged.keys()
    assert all(mutated(mutant) for mutant in MUTANTS)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_wrong_statement_is_refused(kernel, tmp_path, mutant):
    sources, judge = mutated(mutant), mutant.judge or mutant.file
    wanted = {source.name: source for source in in_order(sources, [judge])}
    for path in kernel.glob("*"):  # what did not change is not compiled again
        if path.suffix in (".vo", ".digest"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    told = {result.name: result.message for result in build(wanted, tmp_path)}
    assert "Error" in told.pop(judge)
    assert not any(told.values()), "the mutant must fail where it is judged, not before"
