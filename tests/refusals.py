"""One table for what is refused: every call raises, and its sentence is one line with the words of its row."""

import re

import pytest


def refused(*rows, call=lambda made: made(), error=ValueError):
    """A test with a case for each row: the arguments of `call`, then words of the sentence or a pattern of them."""

    @pytest.mark.parametrize("row", rows, ids=[row[-1] for row in rows])
    def test(row):
        *given, words = row
        with pytest.raises(error) as caught:
            call(*given)
        said = str(caught.value)
        assert words in said or re.search(words, said), said
        assert "\n" not in said, said

    return test
