import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def close():
    """No figure outlives its test."""
    yield
    plt.close("all")
