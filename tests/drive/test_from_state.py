"""Steps from a state that is put in: what is left out of it is 0 in both twins, and a slip is one sentence."""

import numpy as np
import pytest

from nala_lab.drive import Method, late_steps
from tests.refusals import refused

pytest.importorskip("torch")

ADAM = Method("Adam", lr=0.1)
HERE = np.array([1.0, -2.0])


@pytest.mark.parametrize(
    "method",
    [ADAM, Method("HeavyBall", lr=0.1, momentum=0.9), Method("AdaBelief", lr=0.1), Method("AdaLA", lr=0.1),
     *(Method("AdaLA", lr=0.1, probe=probe) for probe in ("adam", "adabelief", "lagged"))],
    ids=str,
)  # fmt: skip
def test_what_a_state_leaves_out_is_0_in_both_twins(method):
    rule, torch = (late_steps(twin, method, lambda x: x, HERE, {}, steps=2)[0] for twin in ("numpy", "torch"))
    assert np.abs(rule - torch).max() < 1e-14  # two steps, some ten roundings each, of numbers up to 2


test_a_buffer_that_is_none_is_refused = refused(
    ("m", [1.0], "m must satisfy the shape of x, (2,), got m=[1.0]"),
    ("v", 0.5, "v must satisfy the shape of x, (2,), got v=0.5"),
    ("s", [1.0, 2.0], "buffers of Adam(lr=0.1), ['m', 'v']"),
    call=lambda name, value: late_steps("torch", ADAM, lambda x: x, HERE, {name: value}),
)
