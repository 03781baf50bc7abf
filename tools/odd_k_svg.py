"""Draws docs/_static/odd_k.svg, the animation at the top of the README: `python -m tools.odd_k_svg`, or with --check.

The step grows and shrinks once; k = 5 stays near 0 where k = 4 leaves. Numbers from nala_lab.reference; the same bytes
each time. It plays twice and then stands still; the explorer docs/_static/odd_k.html is the way to hold it anywhere.
"""

import sys
from pathlib import Path

import numpy as np

from nala_lab.reference import NALA, SGD, run

TARGET = Path(__file__).resolve().parents[1] / "docs" / "_static" / "odd_k.svg"
# eta lambda, up to 2.2 and back: all too large for descent and k = 4, which is stable below 2, not for k = 5 (2.2457)
STEPS = [round(2.04 + 0.02 * i, 2) for i in range(9)]
CYCLES, WIDTH, HEIGHT, MU = 5, 360, 240, -0.5
SECONDS, TIMES = 10, 2


def points(values: np.ndarray, left: float) -> str:
    """A curve through `values`, as the points of a polyline; what leaves the picture stops at its edge."""
    y = 130 - 45 * np.clip(values, -2, 2)
    x = left + (WIDTH - 60) * np.arange(len(values)) / (len(values) - 1)
    return " ".join(f"{a:.0f},{b:.0f}" for a, b in zip(x, y, strict=True))


def curve(k: int, left: float, colour: str, width: float, slow: bool) -> str:
    """One curve that moves through the steps there and back."""
    frames = []
    for lr in [*STEPS, *STEPS[-2::-1]]:
        t = run(NALA(SGD(lr), k=k, mu=MU, alpha=0.0), lambda theta: theta, np.array([1.0]), cycles=CYCLES)
        frames.append(points(t.slow[:, 0] if slow else np.concatenate([[1.0], t.fast[:, 1:, 0].ravel()]), left))
    dash = "" if slow else ' stroke-dasharray="3 3"'
    return (
        f'<polyline fill="none" stroke="{colour}" stroke-width="{width}"{dash} points="{frames[0]}">'
        f'<animate attributeName="points" dur="{SECONDS}s" repeatCount="{TIMES}" '
        f'values="{";".join(frames)}"/></polyline>'
    )


def label() -> str:
    """The step size, written anew at each key frame."""
    there_and_back = [*STEPS, *STEPS[-2::-1]]
    texts = []
    for i, lr in enumerate(there_and_back):
        shown = ";".join("1" if j == i else "0" for j in range(len(there_and_back)))
        texts.append(
            f'<text x="360" y="236" text-anchor="middle" opacity="{int(i == 0)}">step = {lr:.2f} / curvature'
            f'<animate attributeName="opacity" calcMode="discrete" dur="{SECONDS}s" repeatCount="{TIMES}" '
            f'values="{shown}"/></text>'
        )
    return "".join(texts)


def drawing() -> str:
    """The whole file."""
    panels = ""
    for k, left in ((4, 30), (5, 390)):
        panels += f'<text x="{left}" y="24">k = {k}: {"even, leaves" if k == 4 else "odd, rescued"}</text>'
        panels += f'<line x1="{left}" x2="{left + 300}" y1="130" y2="130" stroke="#bbb"/>'
        panels += curve(k, left, "#0b5394", 1, slow=False) + curve(k, left, "#b45f06", 3, slow=True)
    words = "A step too large: the slow weights (solid) are rescued for k = 5 and leave for k = 4."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="16"><title>{words}</title>'
        f'<rect width="{2 * WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f"{panels}{label()}</svg>\n"
    )


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        return int(TARGET.read_text(encoding="utf-8") != drawing())
    TARGET.write_text(drawing(), encoding="utf-8", newline="\n")
    print(f"wrote {TARGET.name}: {TARGET.stat().st_size / 1000:.1f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
