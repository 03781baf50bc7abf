"""Runs of a second or less, for the tests of the loop; files of data sets."""

import gzip

from nala_lab.experiments.run.loop import Plan, train
from nala_lab.experiments.run.one_run import execute, plan
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.experiments.run.options import Options
from nala_lab.experiments.tasks import Constant
from nala_lab.methods.counting import counted, timesteps


def smoke(out, name="adam", *, task="lenet5-digits", seed=0, force=False, saving=None, **options):
    """The record of one run at smoke scale."""
    run = plan(task, name, seed=seed, scale="smoke", **options)
    record, _ = execute(run, out, force=force, progress=False, saving=saving)
    return record


def trained(workload, name="sgd", settings=None, *, epochs=2, log_every=1, decay=None, limit=None, seed=0, **options):
    """Train without a file: the rows, the optimizer, and what the loop returns."""
    rows, method = [], METHODS[name]
    settings = method.with_settings(settings or {})
    optimizer = method.build(workload.groups(), settings)
    how = Plan(epochs, log_every=log_every, decay=decay or Constant(), clip=limit, options=Options(**options))
    result = train(workload, optimizer, how, method=method, settings=settings, seed=seed, progress=False,
                   row=lambda kind, **values: rows.append({"kind": kind, **values}))  # fmt: skip
    return rows, optimizer, result


def numbers(record):
    """The rows without the seconds, which are the machine's."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in record.rows]


def left(out):
    """Names of the files that a run has left; its lock, which is empty, stays where it is."""
    return [path.name for path in out.rglob("*.*") if path.suffix != ".lock"]


def rows_at(name, settings, gradients, every=1):
    """Gradients spent before each training row of so many: walked one by one, at the start of a cycle only."""
    flags = counted(name, settings)
    cycle = int(settings.get("k", 1))
    found, owed = [], True
    for n in range(gradients):
        t = timesteps(flags, n)
        owed = owed or (flags[(n - 1) % len(flags)] and t % every == 0)
        if owed and t % cycle == 0 and flags[n % len(flags)]:
            found.append(n)
            owed = False
    return found


def put(folder, files, gz):
    """Write {name: bytes} into a folder, gzipped or not."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in files.items():
        (folder / (name + ".gz" * gz)).write_bytes(gzip.compress(raw) if gz else raw)
    return folder
