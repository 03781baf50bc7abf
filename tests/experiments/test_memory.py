"""What is freed is kept: counted in pages that the operating system hands out."""

import subprocess
import sys

import pytest

from tests.tools.tree import ROOT

# 100 MB, more than glibc keeps by itself; a page counts when it is first written to. The file alone: without torch.
PAGES = """
import ctypes, resource, runpy, sys
keep_freed_memory = runpy.run_path("nala_lab/experiments/run/memory.py")["keep_freed_memory"]
if not hasattr(ctypes.CDLL(None), "mallopt"):
    sys.exit("no mallopt")
told = keep_freed_memory() if sys.argv[1] == "kept" else None
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
def once():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = libc.malloc(10**8)
    ctypes.memset(block, 1, 10**8)
    libc.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(told, *(once() for _ in range(5)))
"""


def pages(side, **environment):
    done = subprocess.run([sys.executable, "-c", PAGES, side], cwd=ROOT, capture_output=True, text=True,
                          env={"PATH": "", **environment})  # fmt: skip
    if "no mallopt" in done.stderr:
        pytest.skip("a C library without mallopt")
    assert done.returncode == 0, done.stderr
    told, *counts = done.stdout.split()
    return told, [int(count) for count in counts]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not count pages so")
def test_a_large_block_is_handed_out_once():
    _, usual = pages("usual")
    told, kept = pages("kept")
    assert told == "True"
    # every time anew by default, by 4 kB or by 2 MB; kept, all later blocks together cost less than one of those
    assert sum(kept[1:]) < min(usual) / 2 and kept[0] > min(usual) / 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not count pages so")
@pytest.mark.parametrize("chosen", [{"MALLOC_ARENA_MAX": "2"}, {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=1"}])
def test_what_the_user_chose_is_left(chosen):
    assert pages("kept", **chosen)[0] == "False"
