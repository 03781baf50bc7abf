"""A docstring's example runs when it is copied from help() into a fresh interpreter: it imports what it names."""

import doctest
import inspect
import subprocess
import sys

from tools.doors import api

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def examples():
    """Public name -> its doctest, with nothing defined beforehand."""
    found = {}
    for module in api.packages():
        for name in api.public(module):
            value = getattr(module, name)
            if api.kind_of(value) != "data":
                text, label = inspect.getdoc(value) or "", f"{module.__name__}.{name}"
                test = doctest.DocTestParser().get_doctest(text, {}, label, None, 0)
                if test.examples:
                    found[label] = test
    return found


def unknown_names(tests) -> list[str]:
    """The examples that end in a NameError, each run with empty globals."""
    bad = []
    for label, test in tests.items():
        said = []
        runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
        runner.run(test, out=said.append, clear_globs=True)
        if "NameError" in "".join(said):
            bad.append(label)
    return bad


def test_every_example_imports_what_it_names():
    # a process of its own, in which no test has imported or patched anything
    code = "from tests.site.test_examples import examples, unknown_names; print(unknown_names(examples()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_example_that_forgets_its_import_is_seen():
    test = doctest.DocTestParser().get_doctest(">>> stream(0, 'x')\n", {}, "planted", None, 0)
    assert unknown_names({"planted": test}) == ["planted"] and len(examples()) > 250
