"""What the syntax trees of the library say: docstrings, and what no line may do."""

import ast
from functools import cache

import pytest

from tests.tools.tree import LIBRARY, ROOT, name, python_files

LEGACY_DRAWS = {"seed", "rand", "randn", "randint", "random", "normal", "uniform", "choice", "shuffle", "permutation"}
TORCH_DRAWS = {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial"}
# What Windows lacks: modules, and names of `os` and `signal`.
MODULES = {"crypt", "fcntl", "grp", "pty", "pwd", "resource", "sh", "syslog", "termios", "tty"}
UNIX = {"fork", "forkpty", "waitpid", "waitstatus_to_exitcode", "getuid", "geteuid", "killpg", "setsid", "getpgid",
        "mkfifo", "sched_getaffinity", "SIGKILL", "SIGALRM", "SIGCHLD", "SIGHUP", "SIGPIPE", "SIGQUIT", "SIGUSR1",
        "SIGUSR2", "flock", "uname", "getloadavg"}  # fmt: skip
# What could start a process or touch a file.
OUTSIDE = {"subprocess", "ctypes", "multiprocessing", "os", "shutil", "tempfile", "pathlib", "io", "cffi", "mmap"}


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(node) -> str:
    """np.random.seed -> "np.random.seed"; "" for anything that is not a chain of names."""
    if isinstance(node, ast.Attribute):
        return f"{head}.{node.attr}" if (head := dotted(node.value)) else ""
    return node.id if isinstance(node, ast.Name) else ""


def unsafe(node) -> str:
    """Why a call must not be in the library, or ""."""
    if not isinstance(node, ast.Call):
        return ""
    called, keywords = dotted(node.func), {k.arg: k.value for k in node.keywords}
    module, _, function = called.rpartition(".")
    if module in ("np.random", "numpy.random") and function in LEGACY_DRAWS | {"RandomState"}:
        return f"{called} uses NumPy's global generator"
    if function in ("manual_seed", "manual_seed_all") and module.split(".")[0] == "torch":
        return f"{called} seeds a global generator"
    if module == "torch" and function in TORCH_DRAWS and "generator" not in keywords:
        return f"{called} draws from torch's global generator: pass generator="
    if called == "torch.load" and not is_true(keywords.get("weights_only")):
        return "torch.load without weights_only=True runs code from the file"
    if called in ("np.load", "numpy.load") and "allow_pickle" in keywords:
        return f"{called} with allow_pickle runs code from the file"
    return ""


def is_true(node) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def compares_version_text(node) -> bool:
    """`torch.__version__ >= "2.6"` compares text: "2.13" < "2.6". Parse it first."""
    ordered = isinstance(node, ast.Compare) and any(
        isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops
    )
    return ordered and any(dotted(side).endswith("__version__") for side in (node.left, *node.comparators))


def imported(node) -> set[str]:
    """The packages that a line imports."""
    if isinstance(node, ast.ImportFrom):
        return {str(node.module).partition(".")[0]}
    return {alias.name.partition(".")[0] for alias in node.names} if isinstance(node, ast.Import) else set()


def imports_pickle(node) -> bool:
    """joblib too can load pickles; what hands work to other processes may be taken from it by name."""
    if isinstance(node, ast.ImportFrom) and node.module == "joblib":
        return not {a.name for a in node.names} <= {"Parallel", "delayed", "parallel_config"}
    modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None)]
    return isinstance(node, ast.Import | ast.ImportFrom) and any(m in ("pickle", "dill", "joblib") for m in modules)


def reaches_outside(node) -> bool:
    """One arithmetic everywhere: the optimizers start no process and read or write no file."""
    return bool(imported(node) & OUTSIDE)


def needs_unix(node) -> bool:
    of = node.value.id if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) else ""
    return bool(imported(node) & MODULES) or (of in ("os", "signal") and node.attr in UNIX)


def guesses_an_encoding(node) -> bool:
    """Text is opened in the encoding of the machine, which is UTF-8 only where that is said."""
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    named = {word.arg: word.value for word in node.keywords}
    modes = [value.value for value in [*node.args[:2], named.get("mode")] if isinstance(value, ast.Constant)]
    binary = any(isinstance(mode, str) and "b" in mode and len(mode) <= 3 for mode in modes)
    opener = ast.unparse(node.func) if called == "open" else ""
    other = opener.startswith(("os.", "Image.", "tarfile.", "zipfile.", "webbrowser."))
    opens = called in ("open", "fdopen") and not binary and not other
    return (opens or called in ("read_text", "write_text")) and "encoding" not in named


def is_documented_elsewhere(node) -> bool:
    """An overload's docstring is the implementation's, a setter's is the property's."""
    decorators = [dotted(d) for d in node.decorator_list]
    return any(d.split(".")[-1] in ("overload", "setter") for d in decorators)


def is_public(node) -> bool:
    defines = isinstance(node, ast.FunctionDef | ast.ClassDef)
    return defines and not node.name.startswith("_") and not is_documented_elsewhere(node)


def public_definitions(path):
    """The module itself, its public functions and classes, and the classes' public methods and properties."""
    yield tree(path), "module"
    for node in filter(is_public, tree(path).body):
        yield node, node.name
        protocol = any(dotted(base).endswith("Protocol") for base in getattr(node, "bases", ()))
        # a protocol's docstring says what it asks for; its members have no body to explain
        for inner in filter(is_public, node.body if isinstance(node, ast.ClassDef) and not protocol else ()):
            yield inner, f"{node.name}.{inner.name}"


def test_public_names_have_a_docstring():
    bare = [
        f"{name(path)}: {label}"
        for path in python_files(*LIBRARY)
        for node, label in public_definitions(path)
        if not ast.get_docstring(node)
    ]
    assert not bare


HAS_ANOTHER_WAY = ROOT / "nala_lab/audit/server.py"  # asks whether it can fork
# A rule, the files that keep it, lines that break it, lines that do not.
RULES = [
    (unsafe, python_files(),
     ["np.random.seed(0)", "torch.manual_seed(0)", "torch.cuda.manual_seed_all(0)", "torch.randn(3)", "torch.load(f)",
      "torch.load(f, weights_only=False)", "np.load(f, allow_pickle=True)"],
     ["np.random.default_rng(0)", "rng.normal(size=3)", "torch.Generator().manual_seed(0)",
      "torch.randn(3, generator=g)", "torch.load(f, weights_only=True)"]),
    # a test may show that an optimizer can be pickled; ruff makes it say so on the line
    (imports_pickle, python_files(*LIBRARY, "notebooks", "tools"),
     ["import pickle", "from joblib import load"], ["from joblib import Parallel"]),
    (compares_version_text, python_files(),
     ["torch.__version__ >= '1.5.0'", "'2' < np.__version__"],
     ["nala_lab.__version__ == '0.1.0'", "Version(torch.__version__) >= Version('2.6')"]),
    (reaches_outside, sorted((ROOT / "nala_lab" / "optim").glob("*.py")),
     ["import ctypes", "import torch, os.path", "from subprocess import run"], ["import torch"]),
    (needs_unix, [path for path in python_files(*LIBRARY) if path != HAS_ANOTHER_WAY],
     ["import fcntl", "from pwd import getpwnam", "os.fork()", "signal.SIGKILL"], ["os.kill(1)"]),
    (guesses_an_encoding, python_files(*LIBRARY),
     ["open('x')", "p.open('w')", "os.fdopen(1, 'w')", "p.read_text()", "p.write_text('b')"],
     ["open('x', 'rb')", "p.open('wb')", "os.open(p, 0)", "Image.open(p)", "p.read_text(encoding='utf-8')"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "paths", "bad", "good"), RULES, ids=[rule.__name__ for rule, *_ in RULES])
def test_no_line_breaks_a_rule_and_the_rule_sees_what_it_is_for(rule, paths, bad, good):
    """P37: versions are not compared as text."""
    broken = [line for line in (*bad, *good) if any(rule(node) for node in ast.walk(ast.parse(line)))]
    assert broken == bad and paths
    lines = [(path, node) for path in paths for node in ast.walk(tree(path)) if rule(node)]
    found = [f"{name(path)}:{node.lineno}: {rule(node)}" for path, node in lines]
    assert not found
