"""The page's style: light and dark after the reader's setting, and paper."""

from __future__ import annotations

from nala_lab.report.notebook import code_css

__all__ = ["style_sheet"]

_BASE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --card: #f6f8fa; --line: #d0d7de;
  --good: #0b6b4f; --bad: #b3330e; --link: #0b57a4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa7b4; --paper: #0f1419; --card: #182028;
  --line: #36414c; --good: #4fd1a5; --bad: #ff9470; --link: #7ab7ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1.2rem 4rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 1.05rem/1.55 system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.45rem; margin: 2.6rem 0 0.8rem; padding-bottom: 0.25rem; border-bottom: 2px solid var(--line); }
h3 { font-size: 1.2rem; margin: 1.8rem 0 0.5rem; } h4 { font-size: 1.08rem; } h5, h6 { font-size: 1rem; }
p, li, figcaption { max-width: 60rem; }
a { color: var(--link); }
.summary { font-size: 1.15rem; padding: 0.8rem 1.1rem; border-left: 0.5rem solid var(--good); background: var(--card); }
.summary.failed { border-color: var(--bad); }
.facts, .note, figcaption { color: var(--soft); font-size: 0.95rem; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 0.8rem 0; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: 0.3rem 0; }
th, td { padding: 0.34rem 0.7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid var(--line); } td.number { text-align: right; white-space: nowrap; }
td.slip { background: color-mix(in srgb, var(--bad) 20%, transparent); }
tr.failed td, tr.failed th { background: color-mix(in srgb, var(--bad) 14%, transparent); }
tbody th { font-weight: 600; }
td .note { font-size: 0.93em; }
td.claim { min-width: 15rem; } td.evidence { overflow-wrap: anywhere; }
figure { margin: 1.2rem 0; }
img { max-width: 100%; height: auto; background: #ffffff; border-radius: 6px; padding: 4px; }
details { border: 1px solid var(--line); border-radius: 8px; margin: 0.7rem 0; padding: 0 1rem; }
summary { cursor: pointer; padding: 0.6rem 0; font-weight: 600; } details[open] > summary { margin-bottom: 0.6rem; }
pre { overflow-x: auto; padding: 0.7rem 0.9rem; border-radius: 6px; font: 0.82rem/1.45 ui-monospace, Menlo, Consolas,
  "DejaVu Sans Mono", monospace; }
code { font: 0.92em ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre.code { white-space: pre-wrap; overflow-wrap: break-word; background: var(--card);
  border: 1px solid var(--line); margin-bottom: 0.3rem; }
pre.out { margin: 0 0 1rem; border-left: 4px solid var(--line); } pre.out.bad { border-color: var(--bad); }
blockquote { margin: 0.8rem 0; padding: 0.1rem 1rem; border-left: 4px solid var(--line); }
mtd[columnalign="right"] { text-align: right; padding-right: 0.15em; }
mtd[columnalign="left"] { text-align: left; padding-left: 0.15em; }
math { font-size: 1.08em; } math[display="block"] { margin: 0.8rem 0; overflow-x: auto; }
"""

_PRINT = """
@media print { :root { color-scheme: light; --ink: #000; --soft: #333; --paper: #fff; --card: #f4f4f4; --line: #bbb;
  --good: #0b6b4f; --bad: #b3330e; --link: #000; }
  body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; }
  details { border: 0; padding: 0; } details::details-content { content-visibility: visible; height: auto; }
  pre { white-space: pre-wrap; font-size: 7.5pt; } math[display="block"] { overflow: visible; }
  .wide { overflow: visible; } table { font-size: 8pt; }
  figure, tr, img { break-inside: avoid; } h2, h3, summary { break-after: avoid; } }
"""


def style_sheet() -> str:
    """Give the whole style sheet.

    Examples
    --------
    >>> "prefers-color-scheme: dark" in style_sheet() and "@media print" in style_sheet()
    True
    """
    dark = "@media screen and (prefers-color-scheme: dark) {\n" + code_css("github-dark") + "\n}"
    # The page's own rule follows pygments', so that both kinds of code share the card's background.
    tail = ".code { background: var(--card); }\n"
    return _BASE + code_css("default") + "\n" + dark + "\n" + tail + _PRINT
