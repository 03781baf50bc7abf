"""Records: what is written is read, a kill leaves a prefix, and a broken file is named with its line."""

import json
import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from nala_lab.results.metrics import METRICS, timesteps_to, value_of
from nala_lab.results.records import (
    DIVERGED,
    FINISHED,
    UNFINISHED,
    RecordError,
    RecordWriter,
    config_hash,
    load_records,
    read_record,
)
from nala_lab.results.tables import results_table


def header(seed=3, optimizer="sgd", **config):
    return {"task": "toy", "optimizer": optimizer, "seed": seed, "config": {"seed": seed, "lr": 0.1, **config},
            "data": {"name": "none"}, "versions": {}, "platform": {}}  # fmt: skip


def written(path, outcome=FINISHED, accuracies=(0.5, 0.75), **kwargs):
    with RecordWriter(path, header(**kwargs)) as writer:
        for i, accuracy in enumerate(accuracies):
            writer.row("train", timestep=i, loss=2.0 - i, accuracy=accuracy)
            writer.row("test", epoch=i, loss=1.5 - i, accuracy=accuracy, fast_accuracy=accuracy / 2)
        totals = {"timesteps": 2, "grad_evals": 2, "images_per_second": 10.0}
        return writer.finish(outcome, diverged_at=None, totals=totals)


def test_a_record_reads_back_as_it_was_written(tmp_path):
    record = read_record(written(tmp_path / "deep" / "run.jsonl"))
    assert (record.task, record.optimizer, record.seed, record.outcome) == ("toy", "sgd", 3, FINISHED)
    assert record.header["config_hash"] == config_hash({"lr": 0.1, "seed": 3})
    np.testing.assert_array_equal(record.column("test", "accuracy"), [0.5, 0.75])
    np.testing.assert_array_equal(record.column("train", "loss"), [2.0, 1.0])
    assert record.column("other", "loss").shape == (0,)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["run.jsonl"]


def test_numbers_that_are_not_finite_stay_strict_json(tmp_path):
    values = [math.nan, math.inf, -math.inf, 0.1]
    with RecordWriter(tmp_path / "run.jsonl", header()) as writer:
        for value in values:
            writer.row("train", loss=value)
        path = writer.finish(DIVERGED, diverged_at=4, totals={"rate": math.nan})
    for line in path.read_text().splitlines():
        json.loads(line, parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
    record = read_record(path)
    np.testing.assert_array_equal(record.column("train", "loss"), values)
    assert math.isnan(record.footer["totals"]["rate"])


def test_a_killed_writer_leaves_a_readable_prefix(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from nala_lab.results.records import RecordWriter\n"
        "w = RecordWriter(Path(sys.argv[1]), dict(task='t', optimizer='o', seed=0, config={}, data={}, versions={},"
        " platform={}))\n"
        "for i in range(3): w.row('train', timestep=i)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / "run.jsonl"
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode < 0
    assert not path.exists()
    partial = path.with_name("run.jsonl.partial")
    assert read_record(partial).outcome == UNFINISHED
    assert len(read_record(partial).rows) == 3
    with partial.open("a") as file:
        file.write('{"kind":"tra')  # killed in the middle of a line
    assert len(read_record(partial).rows) == 3
    with pytest.raises(RecordError, match="no record"):
        load_records(tmp_path)  # a prefix is not a record


def test_leaving_the_block_early_keeps_the_old_record(tmp_path):
    path = written(tmp_path / "run.jsonl")
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt), RecordWriter(path, header()) as writer:
        writer.row("train", loss=1.0)
        raise KeyboardInterrupt
    assert path.read_bytes() == before


def lines_of(path):
    return path.read_text().splitlines()


def changed(line, **entries):
    """A break that gives entries of one line other values."""
    return lambda lines: "".join(f"{json.dumps(json.loads(one) | entries) if one is lines[line] else one}\n"
                                 for one in lines)  # fmt: skip


OF_SGD = {"optimizer": {"name": "sgd", "lr": 0.1}}
BREAKS = {
    "seed": (changed(0, seed="x"), "line 1: the header has seed 'x', which is not of type int"),
    "another seed": (changed(0, seed=4), "line 1: seed is 4 of a run whose config says 3"),
    "another optimizer": (
        changed(0, optimizer="adam", config=OF_SGD, config_hash=config_hash(OF_SGD)),
        "line 1: optimizer is 'adam' of a run whose config says 'sgd'",
    ),
    "config": (changed(0, config=None), "line 1: the header has config None, which is not of type dict"),
    "data": (changed(0, data=None), "line 1: the header has data None"),
    "no totals": (changed(-1, totals=None), "line 6: the footer has totals None"),
    "deep": (lambda lines: "[" * 100_000 + "\n", "line 1: not valid JSON"),
    "cut off": (lambda lines: "\n".join(lines)[:-4], "line 6: the line is cut off"),
    "empty": (lambda lines: "", "line 1: the file is empty"),
    "no footer": (lambda lines: "\n".join(lines[:-1]) + "\n", "line 5: the last line must be a footer"),
    "row lost": (lambda lines: "\n".join(lines[:2] + lines[3:]) + "\n", "counts 4 rows, the file has 3"),
    "not json": (lambda lines: "\n".join([*lines[:2], "{", *lines[3:]]) + "\n", "line 3: not valid JSON"),
    "bare NaN": (lambda lines: "\n".join([*lines[:2], '{"kind":NaN}', *lines[3:]]) + "\n", "line 3: .*NaN"),
    "no kind": (lambda lines: "\n".join([*lines[:2], "[1]", *lines[3:]]) + "\n", "line 3: not an object"),
    "no header": (lambda lines: "\n".join(lines[1:]) + "\n", "line 1: a header was expected"),
    "two headers": (lambda lines: "\n".join([lines[0], *lines]) + "\n", "line 2: a header in the middle"),
    "edited": (lambda lines: "\n".join(lines).replace('"lr":0.1', '"lr":0.2') + "\n", "config_hash"),
    "schema": (lambda lines: "\n".join(lines).replace('"schema":1', '"schema":9') + "\n", "schema 9"),
    "key": (lambda lines: "\n".join(lines).replace('"versions"', '"v"') + "\n", "header lacks versions"),
    "outcome": (lambda lines: "\n".join(lines).replace('"finished"', '"fine"') + "\n", "unknown outcome 'fine'"),
    "inf timesteps": (changed(-1, totals={"timesteps": "inf"}), "total timesteps is inf, which is not an integer"),
    "a list": (changed(-1, totals={"seconds": [1]}), r"line 6: the footer.s total seconds is \[1\]"),
    "totals": (lambda lines: "\n".join(lines).replace('"totals"', '"t"') + "\n", "footer lacks totals"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_record_is_named_with_its_line(tmp_path, name):
    path = written(tmp_path / "run.jsonl")
    spoil, sentence = BREAKS[name]
    path.write_text(spoil(lines_of(path)))
    with pytest.raises(RecordError, match=sentence) as caught:
        read_record(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


@pytest.mark.parametrize("read", [
    lambda run: run.column("test", "accuracy"), lambda run: value_of(run, METRICS["test accuracy"]),
    lambda run: results_table([run]),
])  # fmt: skip
def test_a_column_that_is_no_number_is_named_with_its_line(tmp_path, read):
    path = written(tmp_path / "run.jsonl")
    before = lines_of(path)
    for value in ("high", {}, [1], None, 10**400):
        path.write_text(changed(4, accuracy=value)(before))
        with pytest.raises(RecordError, match="line 5: a test row has no number called accuracy"):
            read(read_record(path))


def test_a_number_that_is_not_there_is_named_with_its_line(tmp_path):
    path = written(tmp_path / "run.jsonl")
    text = changed(-1, totals={"other_cores": 10**400})(lines_of(path))
    path.write_text(text.replace("timestep", "step"))
    with pytest.raises(RecordError, match="line 2: a train row has no number called timestep"):
        value_of(read_record(path), timesteps_to(0.5))
    with pytest.raises(RecordError, match="line 6: a footer row has no number called timesteps"):
        results_table([read_record(path)])
    with pytest.raises(RecordError, match="line 6: a footer row has no number called other_cores"):
        _ = read_record(path).machine


def test_a_missing_file_and_a_wrong_name_are_record_errors(tmp_path):
    with pytest.raises(RecordError, match="cannot be read"):
        read_record(tmp_path / "none.jsonl")
    with pytest.raises(RecordError, match=r"ends in \.jsonl"):
        RecordWriter(tmp_path / "run.json", header())


def test_the_hash_of_a_configuration_sees_values_and_not_order():
    assert config_hash({"a": 1, "b": [1.0, 2.0]}) == config_hash({"b": (1.0, 2.0), "a": 1})
    assert config_hash({"a": 1}) != config_hash({"a": 2})


WRITES = {
    "no totals": (lambda w: w.finish(FINISHED), "line 2: the footer lacks totals"),
    "another end": (lambda w: w.finish("done", totals={}), "line 2: unknown outcome 'done'"),
    "an array": (lambda w: w.row("train", loss=np.ones(1)), "holds numbers, words, lists and tables"),
    "a fraction": (lambda w: w.finish(FINISHED, totals={"loss": Fraction(1, 3)}), "which is not a number"),
    "a number as a kind": (lambda w: w.row(3, loss=1.0), "the kind of a row is a word, got 3"),
    "a footer as a row": (lambda w: w.row("footer", x=1), "line 2: a footer in the middle of the rows"),
}


@pytest.mark.parametrize("name", WRITES)
def test_what_could_not_be_read_is_not_written(tmp_path, name):
    write, sentence = WRITES[name]
    with RecordWriter(str(tmp_path / "run.jsonl"), header()) as writer:
        with pytest.raises(RecordError, match=sentence):
            write(writer)
        writer.row("train", loss=np.float32(0.5), timestep=np.int64(3))
    assert [path.name for path in tmp_path.iterdir()] == ["run.jsonl.partial"]
    assert read_record(writer.partial).rows == ({"kind": "train", "loss": 0.5, "timestep": 3},)


@pytest.mark.parametrize("change", [{"config": None}, {"platform": {"p": Path("x")}}, {"optimizer": "nan"}])
def test_a_header_that_could_not_be_read_makes_no_file(change, tmp_path):
    with pytest.raises(RecordError):
        RecordWriter(tmp_path / "run.jsonl", {**header(), **change})
    assert not list(tmp_path.iterdir())


def test_a_header_that_lacks_something_makes_no_file(tmp_path):
    with pytest.raises(RecordError, match="line 1: the header lacks seed"):
        RecordWriter(tmp_path / "run.jsonl", {key: value for key, value in header().items() if key != "seed"})
    assert not list(tmp_path.iterdir())
