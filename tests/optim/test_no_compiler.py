"""One arithmetic everywhere: no compiler, no process, no file, whatever the machine offers.

What the modules of the optimizers import is asked in tests/tools/test_source.py.
"""

import os
import subprocess
import sys

from tests.optim.training import ROOT


def test_the_folder_holds_python_and_one_guide():
    found = [path for path in (ROOT / "nala_lab" / "optim").iterdir() if path.name != "__pycache__"]
    assert {path.suffix for path in found} == {".py", ".md"}


WATCHED = """
import sys, torch
from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead, OuterMomentum
seen = []
def watch(event, args):
    writes = event == "open" and (isinstance(args[1], str) and set(args[1]) & set("wax+") or (args[2] or 0) & 3)
    if watching and (writes or event.startswith(("subprocess", "os.system", "os.fork", "os.exec", "os.posix_spawn",
                                                  "ctypes.dlopen", "os.mkdir", "os.rename", "socket.connect"))):
        seen.append((event, str(args[0])))
watching = False
sys.addaudithook(watch)
def walk():
    for make in (NALA, AdaBelief, AdaLA, Lookahead, OuterMomentum):
        params = [torch.nn.Parameter(torch.linspace(1, 2, 300, dtype=d)) for d in (torch.float32, torch.float64)]
        opt = make(params, lr=0.01)
        for call in range(13):
            for p in params:
                p.grad = (p * p).detach() * (call + 1)
            opt.step()
        for p in params:
            print(make.__name__, p.sum().item().hex(), p[7].item().hex())
        opt.load_state_dict(opt.state_dict())
watching = bool(sys.argv[1:])
walk()
assert not seen, seen
"""


def ends(env, *watching):
    return subprocess.check_output([sys.executable, "-c", WATCHED, *watching], cwd=ROOT, env=env, text=True)


def test_every_environment_gives_the_same_bits(tmp_path):
    """With a compiler and without one, without a home, with one that cannot be written; and nobody calls anything."""
    here = {key: value for key, value in os.environ.items() if key in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")}
    bare = {**here, "PATH": "", "OMP_NUM_THREADS": "1"}
    locked = tmp_path / "home"
    locked.mkdir(mode=0o500)
    whole = ends({**here, "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)}, "watch")
    assert whole.count("\n") == 10
    assert whole == ends(bare) == ends({**bare, "HOME": str(locked), "XDG_CACHE_HOME": str(locked)})
    assert [path.name for path in tmp_path.iterdir()] == ["home"] and not list(locked.iterdir())
