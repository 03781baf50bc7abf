"""What the syntax trees of the library say: docstrings, randomness, unsafe loading, version comparisons."""

import ast
from functools import cache

import pytest

from tests.tools.tree import LIBRARY, name, python_files

LEGACY_DRAWS = {"seed", "rand", "randn", "randint", "random", "normal", "uniform", "choice", "shuffle", "permutation"}
TORCH_DRAWS = {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial"}


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


def imports_pickle(node) -> bool:
    """joblib too can load pickles; what hands work to other processes may be taken from it by name."""
    if isinstance(node, ast.ImportFrom) and node.module == "joblib":
        return not {a.name for a in node.names} <= {"Parallel", "delayed", "parallel_config"}
    modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None)]
    return isinstance(node, ast.Import | ast.ImportFrom) and any(m in ("pickle", "dill", "joblib") for m in modules)


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


def test_no_call_is_unsafe_or_draws_from_a_global_generator():
    found = [
        f"{name(path)}:{node.lineno}: {why}"
        for path in python_files()
        for node in ast.walk(tree(path))
        if (why := unsafe(node))
    ]
    assert not found


def test_nothing_that_ships_reads_pickles():
    # a test may show that an optimizer can be pickled; ruff makes it say so on the line
    found = [
        f"{name(path)}:{node.lineno}"
        for path in python_files(*LIBRARY, "notebooks", "tools")
        for node in ast.walk(tree(path))
        if imports_pickle(node)
    ]
    assert not found


def test_no_version_is_compared_as_text():
    """P37."""
    found = [
        f"{name(path)}:{node.lineno}"
        for path in python_files()
        for node in ast.walk(tree(path))
        if compares_version_text(node)
    ]
    assert not found


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("np.random.seed(0)", True),
        ("np.random.default_rng(0)", False),
        ("rng.normal(size=3)", False),
        ("torch.manual_seed(0)", True),
        ("torch.cuda.manual_seed_all(0)", True),
        ("torch.Generator().manual_seed(0)", False),
        ("torch.randn(3)", True),
        ("torch.randn(3, generator=g)", False),
        ("torch.load(f)", True),
        ("torch.load(f, weights_only=False)", True),
        ("torch.load(f, weights_only=True)", False),
        ("np.load(f, allow_pickle=True)", True),
    ],
)
def test_the_call_rule_sees_what_it_is_for(code, bad):
    assert bool(unsafe(ast.parse(code, mode="eval").body)) is bad


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("torch.__version__ >= '1.5.0'", True),
        ("'2' < np.__version__", True),
        ("nala_lab.__version__ == '0.1.0'", False),
        ("Version(torch.__version__) >= Version('2.6')", False),
    ],
)
def test_the_version_rule_sees_what_it_is_for(code, bad):
    assert compares_version_text(ast.parse(code, mode="eval").body) is bad
