"""The sweeps that come with the lab, by name: the tables and figures of both papers, and others.

They are data of the package ``paper_figs``, beside the published numbers that they are held to, and so are installed
with it; it is looked for and not imported. A file that is one sweep goes by its own name. In another one every table
that has ``tasks`` is a sweep; what stands above the tables belongs to all of them, and ``also`` are further names.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nala_lab.core import require_choice
from nala_lab.experiments.run.spec_file import read_toml
from nala_lab.experiments.run.sweeping import KEYS

__all__ = ["committed", "find"]


def committed() -> dict[str, dict[str, Any]]:
    """Name -> what `nala_lab.experiments.run.sweeping.cells` takes.

    Examples
    --------
    >>> committed()["nala_table6"] == committed()["nala_fig4"]
    True
    """
    package, specs = find_spec("paper_figs"), {}
    home = Path(package.origin).parent if package and package.origin else Path()
    for path in sorted(home.glob("sweeps/*.toml")):
        content = read_toml(path)
        shared = {key: content[key] for key in KEYS if key in content}
        if "tasks" in content:
            specs[path.stem] = content
            continue
        for name, own in content.items():
            if isinstance(own, dict) and "tasks" in own:
                names = (name, *own.pop("also", ()))
                specs.update(dict.fromkeys(names, {**shared, **own}))
    return specs


def find(spec: str) -> dict[str, Any]:
    """The content of the file `spec`, or else of the committed sweep of that name.

    Raises ValueError for a file that cannot be read, and for an unknown name, listing the names.
    """
    if Path(spec).suffix == ".toml" or Path(spec).is_file():
        return read_toml(spec)
    specs = committed()
    require_choice("SPEC", spec, specs)
    return specs[spec]
