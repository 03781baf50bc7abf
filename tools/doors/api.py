"""Pages of the reference: one for every public name, written from `__all__`, so that none can be forgotten."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator, Sized
from importlib import import_module
from pathlib import Path
from types import ModuleType

PACKAGES = ("nala_lab", "problems")
HEAD = """\
Reference
=========

Every public name of the lab: what it computes, the equation, the shapes, the errors, an example.
"""
BY_MODULE = ("nala_lab.theory",)  # a package whose modules, not its own few names, are what people read


def packages() -> Iterator[ModuleType]:
    """Every package with public names, and the modules of those in BY_MODULE."""
    for root in map(import_module, PACKAGES):
        yield root
        for found in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
            if found.ispkg or found.name.rpartition(".")[0] in BY_MODULE:
                module = import_module(found.name)
                if getattr(module, "__all__", ()):
                    yield module


def public(module: ModuleType) -> list[str]:
    """The names that get a page, modules and dunders aside."""
    return [n for n in module.__all__ if not n.startswith("__") and not inspect.ismodule(getattr(module, n))]


def words_of_constant(module: ModuleType, name: str) -> str:
    """The text below the constant's definition, or the comment lines above it, wherever it was defined."""
    source = inspect.getsource(module)
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.module and any(name == (a.asname or a.name) for a in node.names):
            return words_of_constant(import_module(node.module), name)
    body = ast.parse(source).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == name for t in targets):
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                return inspect.cleandoc(str(after.value.value))
            return _comments_above(source.splitlines(), node.lineno)
    return ""


def _comments_above(lines: list[str], line: int) -> str:
    above = []
    for text in reversed(lines[: line - 1]):
        if not text.startswith("#"):
            break
        above.insert(0, text.lstrip("# "))
    inline = lines[line - 1].partition("  # ")[2]
    return " ".join(above) or inline


def kind_of(value: object) -> str:
    """Sphinx's word for what a public name is."""
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    return "function" if inspect.isroutine(value) else "data"


def first_sentence(module: ModuleType, name: str) -> str:
    """One line for the list of names."""
    value = getattr(module, name)
    text = words_of_constant(module, name) if kind_of(value) == "data" else inspect.getdoc(value) or ""
    return " ".join(text.split("\n\n")[0].split())


def name_page(module: ModuleType, name: str) -> str:
    """The page of one name in reStructuredText."""
    value, full = getattr(module, name), f"{module.__name__}.{name}"
    head = f"{full}\n{'=' * len(full)}\n\n.. py:currentmodule:: {module.__name__}\n\n"
    kind = kind_of(value)
    if kind != "data":
        members = "   :members:\n   :inherited-members: Optimizer, object, tuple, dict\n" if kind == "class" else ""
        return f"{head}.. auto{kind}:: {full}\n{members}"
    shown = repr(value)
    shown = shown if len(shown) < 400 and "<" not in shown else ""
    body = f"{words_of_constant(module, name) or 'A constant.'}\n\nA {type(value).__name__}"
    if isinstance(value, Sized):
        body += f" of {len(value)} items"
    body += ".\n"
    if shown:
        body += "\n.. code-block:: python\n\n" + textwrap.indent(f"{name} = {shown}", "   ") + "\n"
    elif isinstance(value, dict):
        body += "\nKeys: " + ", ".join(f"``{key}``" for key in value) + ".\n"
    return f"{head}.. py:data:: {full}\n\n{textwrap.indent(body, '   ')}"


def homes(modules: dict[str, ModuleType]) -> dict[tuple[str, str], str]:
    """(module, name) -> stem of the page. A name that several packages hand on has one page, nearest to its code."""
    found: dict[object, tuple[bool, int, str, str]] = {}
    keys = {}
    for full, module in modules.items():
        for name in public(module):
            value = getattr(module, name)
            keys[full, name] = key = id(value) if kind_of(value) != "data" else (id(value), name)
            at_home = f"{getattr(value, '__module__', '')}.".startswith(f"{full}.")
            found[key] = max(found.get(key, (False, 0, "", "")), (at_home, full.count("."), full, name))
    return {at: page_name(modules[found[key][2]], found[key][3]) for at, key in keys.items()}


def module_page(module: ModuleType, children: list[str], stems: dict[tuple[str, str], str]) -> str:
    """The page of a package: its docstring, a line for each name, and the packages below it."""
    full = module.__name__
    rows = "".join(
        f"   * - :doc:`{name} <{stems[full, name]}>`\n     - {_plain(first_sentence(module, name))}\n"
        for name in public(module)
    )
    table = f".. list-table::\n   :widths: 30 70\n\n{rows}\n" if rows else ""
    own = [page for name in public(module) if (page := stems[full, name]) == page_name(module, name)]
    tree = "".join(f"   {page}\n" for page in [*children, *own])
    below = "".join(f"* :doc:`{child}`\n" for child in children)
    text = f"{full}\n{'=' * len(full)}\n\n.. automodule:: {full}\n   :no-members:\n\n{table}\n{below}"
    return f"{text}\n.. toctree::\n   :hidden:\n\n{tree}" if tree else text


def _plain(text: str) -> str:
    return text.replace("\\", r"\\").replace("*", r"\*").replace("|", r"\|").replace("``", "`").replace("`", "``")


def page_name(module: ModuleType, name: str) -> str:
    """File stem of a name's page; file systems that fold case must not join NALA and nala."""
    twins = [other for other in public(module) if other.lower() == name.lower()]
    return f"{module.__name__}.{name}" + (f"-{twins.index(name) + 1}" if twins.index(name) else "")


def write(source: Path) -> int:
    """Write every page below `source`, and the list of packages for their margin; how many names there are."""
    folder, templates = source / "api", source / "_templates"
    folder.mkdir(parents=True, exist_ok=True)
    templates.mkdir(exist_ok=True)
    modules = {module.__name__: module for module in packages()}
    stems = homes(modules)
    for full, module in modules.items():
        children = [name for name in modules if name.rpartition(".")[0] == full]
        (folder / f"{full}.rst").write_text(module_page(module, children, stems), encoding="utf-8")
        for name in public(module):
            if stems[full, name] == page_name(module, name):
                (folder / f"{stems[full, name]}.rst").write_text(name_page(module, name), encoding="utf-8")
    # a package without names of its own between two that have some: hang the lower one on the top
    tops = [n for n in modules if n in PACKAGES or n.rpartition(".")[0] not in modules]
    tree = "".join(f"   {name}\n" for name in tops)
    (folder / "index.rst").write_text(f"{HEAD}\n.. toctree::\n   :maxdepth: 2\n\n{tree}", encoding="utf-8")
    # the modules of BY_MODULE are listed on its page: in the margin of every page they would be a tenth of the site
    rows = "".join(f'<li><a href="{{{{ pathto("api/{n}") }}}}">{n}</a></li>\n' for n in modules
                   if n not in PACKAGES and n.rpartition(".")[0] not in BY_MODULE)  # fmt: skip
    margin = f'<nav class="api-margin" aria-label="Packages"><ul>\n{rows}</ul></nav>\n'
    (templates / "api_margin.html").write_text(margin, encoding="utf-8")
    return len(stems)
