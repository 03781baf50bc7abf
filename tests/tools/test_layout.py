"""What every file of the repository keeps to."""

import re

import pytest

from tests.tools.tree import ROOT, files, name, python_files

LONGEST = 400  # lines; a longer file is two files
TEXT = {".py", ".v", ".md", ".toml", ".txt", ".sh", ".cff", ".ipynb", ".jsonl", ".html", ".yml", ".cfg", ""}
# Each is written so that this file does not match itself.
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|X{3})\b|raise NotImplemented[E]rror|\bNotImplemented[E]rror\(")
MACHINE_PATH = re.compile(
    r"(?<![\w.:/~-])/(?:(?:work|farm|root|tmp)(?![\w-])|(?:home|Users|opt|usr/share|usr/local)/\w)"
)
ADDRESS = re.compile(r"file:/{2}|index[-_]url|find[-_]links|//(?:[\w-]+\.)*(?:pypi|pythonhosted|debian|npmjs)\.\w")


def hits(pattern, paths):
    return [
        f"{name(path)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def text_files():
    return [path for path in files() if path.suffix in TEXT]


def test_no_file_is_longer_than_it_should_be():
    long = {name(p): n for p in python_files() if (n := len(p.read_text().splitlines())) > LONGEST}
    assert not long, f"more than {LONGEST} lines: {long}"


def test_nothing_is_left_unfinished():
    assert not hits(UNFINISHED, python_files())


def test_no_machine_path_is_written_down():
    # .ci/run names the folder in which Debian's package puts Fashion-MNIST on every machine
    found = [hit for hit in hits(MACHINE_PATH, text_files()) if not hit.startswith(".ci/run:") or "fashion" not in hit]
    assert not found


def test_no_index_address_is_written_down():
    assert not hits(ADDRESS, text_files())


@pytest.mark.parametrize(
    ("pattern", "bad", "good"),
    [
        (UNFINISHED, "# TO" + "DO: later", "the todo-list"),
        (UNFINISHED, "raise NotImplemented" + "Error", "return NotImplemented"),
        (MACHINE_PATH, "data = '/wo" + "rk/x'", "a/work/x, ../work"),
        (MACHINE_PATH, "open('/ho" + "me/ada/x')", "https://example.org/home/ada"),
        (MACHINE_PATH, "see /us" + "r/share/datasets", "#!/usr/bin/env bash"),
        (ADDRESS, "pip install --index" + "-url x", "an index of names"),
        (ADDRESS, "https:/" + "/pypi.org/simple", "the Python package index"),
        (ADDRESS, "torch @ file:/" + "//x", "a file: here"),
    ],
)
def test_the_patterns_see_what_they_are_for(pattern, bad, good):
    assert pattern.search(bad) and not pattern.search(good)


def test_the_top_level_holds_what_the_architecture_names_and_no_data():
    top = {path.relative_to(ROOT).parts[0] for path in files()}
    assert top <= {
        "pyproject.toml", "nala_lab", "notebooks", "problems", "tests", "paper_figs", "tools", "benchmarks", "docs",
        ".ci", ".binder", ".gitattributes", ".gitignore", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md",
        "CITATION.cff", "Makefile", "constraints.txt",
    }  # fmt: skip


def test_no_committed_file_is_large():
    # notebooks have their own limit; records are kept small enough to read in a review
    large = {name(p): p.stat().st_size for p in files() if p.suffix != ".ipynb" and p.stat().st_size > 400_000}
    records = {name(p): p.stat().st_size for p in files() if p.suffix == ".jsonl" and p.stat().st_size > 200_000}
    assert not large and not records, (large, records)
