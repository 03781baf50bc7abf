"""Runs of a second or less, for the tests of the loop."""

from nala_lab.experiments.run.one_run import execute, plan


def smoke(out, name="adam", *, task="lenet5-digits", seed=0, force=False, saving=None, **options):
    """The record of one run at smoke scale."""
    run = plan(task, name, seed=seed, scale="smoke", **options)
    record, _ = execute(run, out, force=force, progress=False, saving=saving)
    return record


def numbers(record):
    """The rows without the seconds, which are the machine's."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in record.rows]
