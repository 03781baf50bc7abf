"""A new process that resumes a run from a file and writes the weights it ends with beside it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import torch

from nala_lab.audit.checks.persistence import resumed
from nala_lab.audit.rig import matrices_only
from nala_lab.audit.server import subject_of

__all__ = ["main"]


def main(job: Mapping[str, Any]) -> None:
    """Load ``job["file"]``, make the calls that are left, write ``<file>.after``."""
    torch.set_num_threads(1)
    saved = torch.load(job["file"], weights_only=True)
    subject = subject_of(job)
    with matrices_only(subject.matrices):
        model = resumed(subject, saved, job["stop"], job["last"])
    torch.save(model.state_dict(), f"{job['file']}.after")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
