"""The papers' algorithms beside what the released programs do, on problems small enough to follow by hand.

Written from the description of the released programs' state handling; no line of theirs is here.

>>> from paper_figs.side_by_side import nala_program
>>> nala_program.rate(0.5, mu=-0.5, alpha=0.2, k=2, lr=0.5, stale=False)
0.703125
"""
