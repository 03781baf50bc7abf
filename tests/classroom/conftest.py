import pytest

from nala_lab.classroom import grades


@pytest.fixture(autouse=True)
def fresh_book():
    """Every test begins and ends with an empty grade book."""
    grades().clear()
    yield
    grades().clear()
