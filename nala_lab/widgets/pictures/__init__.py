"""The explorers' figures: made once, then told the numbers of a view."""
