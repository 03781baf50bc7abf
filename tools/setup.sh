#!/bin/sh
# Creates the virtual environment named by $1 unless it is there, and installs the lab with the extras $2 (all of them
# where none is named) at the pinned versions. `make` calls it only when pyproject.toml or constraints.txt changed.
set -eu
venv=$1
extras=${2:-all}

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

stop() { echo "set-up stopped: $*" >&2; exit 1; }

pick() {  # the interpreter asked for, else the first one here that is recent enough
    if [ -n "${PYTHON:-}" ]; then
        recent "$PYTHON" || stop "PYTHON=$PYTHON is not a working Python 3.11 or newer."
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
        if recent "$candidate"; then echo "$candidate"; return; fi
    done
    stop "no Python 3.11 or newer found; install one, or name it: make setup PYTHON=/path/to/python3"
}

if [ ! -x "$venv/bin/python" ]; then
    python=$(pick)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || stop "$python cannot make virtual environments" \
        "(no ensurepip). On Debian and Ubuntu: apt-get install python3-venv. Elsewhere: use a Python with pip."
    echo "set-up: creating $venv with $("$python" --version)"
    "$python" -m venv "$venv"
fi
recent "$venv/bin/python" || stop "$venv does not hold a working Python 3.11 or newer; remove $venv and run make again."

echo "set-up: installing the pinned packages (the first time this takes a few minutes)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[$extras]" ||
    stop "pip could not install the packages; its message is above. Is the package index reachable?"
echo "set-up: done"
