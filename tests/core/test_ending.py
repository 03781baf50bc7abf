"""One rule of divergence, for a single point and for ensembles too large for BLAS to be asked."""

import numpy as np
import pytest

from nala_lab.core.ending import _SERIAL, Ending


@pytest.mark.parametrize("members", [1, 7, _SERIAL])
@pytest.mark.parametrize("entry", [np.nan, np.inf, -np.inf, 4.0, -4.0])
def test_one_entry_outside_ends_its_member_and_no_other(members, entry):
    x = np.full((members, 2), 3.0)
    inside = Ending(limit=3.5)
    inside.see(x)
    assert not inside.comes(1, x) and inside.diverged_at is None
    x[-1, 1] = entry
    ending = Ending(limit=3.5)
    ending.see(x)
    assert ending.comes(1, x) == (members == 1)  # the run goes on while another member lives
    assert (ending.outcome, ending.diverged_at) == ("diverged", 1)
