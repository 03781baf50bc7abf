"""Students and junk for the tests of the classroom."""

from decimal import Decimal
from fractions import Fraction

import numpy as np

STUDENTS = ("", "ada", "grace", "4711", "Émile", "x" * 150)


class Rude:
    """An object whose every method raises."""

    def __float__(self):
        raise RuntimeError("no")

    def __len__(self):
        raise RuntimeError("no")

    def __array__(self, *_args, **_options):
        raise RuntimeError("no")


class NoArray:
    """A number that is no array, as a torch tensor with a gradient."""

    dtype = "float32"

    def __float__(self):
        return 3.0

    def __array__(self, *_args, **_options):
        raise RuntimeError("detach it first")


JUNK = {
    "dots": ..., "none": None, "text": "0.5", "empty text": "", "percent": "50 %", "bytes": b"1", "true": True,
    "numpy true": np.bool_(True), "nan": float("nan"), "infinite": float("inf"), "minus infinite": -np.inf,
    "complex": 1 + 2j, "numpy complex": np.complex64(1), "empty list": [], "list of texts": ["a", "b"],
    "long list": [1.0] * 1_000_000,
    "nested": [[1.0, 2.0], [3.0]], "matrix": np.ones((3, 3)), "dictionary": {"a": 1}, "set": {1.0},
    "range": range(10**9),
    "huge integer": 10**400, "function": abs, "type": int, "object": object(), "generator": (n for n in range(3)),
    "array of objects": np.array([None, "x"], object), "rude": Rude(), "error": ValueError("x"), "module": np,
    "list with nan": [1.0, float("nan")], "list with complex": [1j, 1.0], "three": [1.0, 2.0, 3.0],
    "date": np.datetime64("2020-01-01"), "structured": np.zeros(2, [("a", "f8")]), "nan decimal": Decimal("nan"),
}  # fmt: skip

NUMBERS = {"int": 3, "Fraction": Fraction(3), "Decimal": Decimal(3), "float32": np.float32(3), "0-d": np.array(3.0),
           "no array": NoArray()}  # fmt: skip
