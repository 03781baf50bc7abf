"""The animation at the top of the README: the committed bytes are those of its script, small, and it comes to rest."""

from tests.tools.tree import ROOT
from tools import odd_k_svg


def test_the_file_is_what_the_script_draws():
    assert odd_k_svg.TARGET.read_text(encoding="utf-8") == odd_k_svg.drawing()
    assert odd_k_svg.TARGET.stat().st_size <= 25_000


def test_it_stops_by_itself_and_the_readme_links_to_the_one_that_can_be_held():
    text = odd_k_svg.drawing()
    assert "indefinite" not in text and text.count("<animate") == text.count(f'repeatCount="{odd_k_svg.TIMES}"')
    first = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:12])
    assert "(docs/_static/odd_k.svg)" in first and "(docs/_static/odd_k.html)" in first


def test_the_slow_weights_leave_for_even_k_only():
    def ends(k):
        frames = odd_k_svg.curve(k, 0, "#000", 1, slow=True).split('values="')[1].split('"')[0].split(";")
        return [abs(int(frame.split()[-1].split(",")[1]) - 130) for frame in frames]

    # at every step, and so where it comes to rest; the start is at 45, the edge at 90
    assert max(ends(5)) < 20 and min(ends(4)) > 60 and max(ends(4)) == 90
