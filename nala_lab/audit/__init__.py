"""``nala-lab audit``: the contract of torch.optim and the algorithms, asked of any optimizer; and a museum of bugs.

``nala-lab audit package.module:factory`` asks every question of :data:`ITEMS` that fits the kind of the optimizer,
each in a process of its own, and prints a row: item, verdict (pass, fail, crash, hang, not applicable), a number as
evidence, a sentence.

How to add a question
    One function in a file of ``nala_lab/audit/checks``, decorated with :func:`item`. It gets a :class:`Subject`, makes
    optimizers with ``s.make`` or ``s.short`` (a short cycle), drives them with ``rig.train`` (a network) or
    ``rig.drive`` (given gradients), and returns ``Answer(ok, number, sentence)``; ``NotApplicable(why)`` is raised
    where the question makes no sense. The sentence says what was seen, not who is to blame. torch's own Adam and SGD
    have to pass: what they do not do is not the contract. A new file gets its name into ``spec._FILES``.

How to add a bug to the museum
    One entry in a file of ``nala_lab/audit/museum``: the file of ``nala_lab/optim``, old text, new text, which
    optimizer shows it, where it was seen, and the items that must catch it. The tests plant it and insist.

Examples
--------
>>> from nala_lab.audit import Subject, ask, load_items
>>> [row.verdict for row in map(lambda one: ask(Subject("torch.optim:Adam"), one), load_items(["first-step", "copy"]))]
['pass', 'pass']
"""

from nala_lab.audit.asking import ask, audit
from nala_lab.audit.examining import examine, examine_bug
from nala_lab.audit.museum import MUTANTS, Mutant, planted
from nala_lab.audit.report import format_row, format_table, summary, to_json
from nala_lab.audit.spec import ITEMS, Answer, Item, NotApplicable, Row, item, load_items
from nala_lab.audit.subject import Subject

__all__ = ["ITEMS", "MUTANTS", "Answer", "Item", "Mutant", "NotApplicable", "Row", "Subject", "ask", "audit",
           "examine", "examine_bug", "format_row", "format_table", "item", "load_items", "planted", "summary",
           "to_json"]  # fmt: skip
