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

from nala_lab.audit.asking import ask as ask
from nala_lab.audit.asking import audit as audit
from nala_lab.audit.examining import examine as examine
from nala_lab.audit.examining import examine_bug as examine_bug
from nala_lab.audit.museum import MUTANTS as MUTANTS
from nala_lab.audit.museum import Mutant as Mutant
from nala_lab.audit.museum import planted as planted
from nala_lab.audit.report import format_row as format_row
from nala_lab.audit.report import format_table as format_table
from nala_lab.audit.report import summary as summary
from nala_lab.audit.report import to_json as to_json
from nala_lab.audit.spec import ITEMS as ITEMS
from nala_lab.audit.spec import Answer as Answer
from nala_lab.audit.spec import Item as Item
from nala_lab.audit.spec import NotApplicable as NotApplicable
from nala_lab.audit.spec import Row as Row
from nala_lab.audit.spec import item as item
from nala_lab.audit.spec import load_items as load_items
from nala_lab.audit.subject import Subject as Subject

__all__ = [
    "ITEMS",
    "MUTANTS",
    "Answer",
    "Item",
    "Mutant",
    "NotApplicable",
    "Row",
    "Subject",
    "ask",
    "audit",
    "examine",
    "examine_bug",
    "format_row",
    "format_table",
    "item",
    "load_items",
    "planted",
    "summary",
    "to_json",
]
