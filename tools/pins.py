"""Prints constraints.txt: the public version of every package in this environment.

Read from the installed metadata, so no address or local file name can slip in. Left out: the lab itself, the
installer, and packages that torch pulls in on one platform only.
"""

import re
from importlib.metadata import distributions

OWN = {"nala-lab", "pip", "setuptools", "wheel"}
ONE_PLATFORM = re.compile(r"nvidia-|cuda-|triton|appnope|colorama|pywin")
HEADER = """\
# Exact versions of a set-up that passed the tests, for `pip install -c`. Written by `make pins`; do not edit.
# Ranges are in pyproject.toml. Packages that exist for one platform only are left to pip.
"""


def pins() -> list[str]:
    found = {re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower(): d.version for d in distributions()}
    return [
        f"{name}=={version.split('+')[0]}"  # "+cpu" names a build, which other platforms lack
        for name, version in sorted(found.items())
        if name not in OWN and not ONE_PLATFORM.match(name)
    ]


if __name__ == "__main__":
    print(HEADER + "\n".join(pins()))
