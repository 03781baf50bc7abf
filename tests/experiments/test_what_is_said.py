"""What a command says about its data, its settings and its records, and that saying it never ends a run."""

import hashlib
import io
import sys

import numpy as np
import pytest
import torch

from nala_lab.cli import main
from nala_lab.experiments.commands.train import changes_of
from nala_lab.experiments.data.fetch import data_folders, read_all
from nala_lab.experiments.data.idx import DataError, MissingData
from nala_lab.experiments.data.images import load_pixels
from nala_lab.experiments.gan.fid import frechet_distance
from nala_lab.experiments.run.sweeping import cells, sweep
from nala_lab.results.records import load_records
from tests.experiments.runs import put

SMOKE = ["--scale", "smoke", "--epochs", "1", "--quiet"]


def test_generated_pictures_are_said_to_be_generated(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("NALA_LAB_DATA", raising=False)
    assert main(["train", "lenet5-fashion-mnist", "--optimizer", "sgd", *SMOKE, "--out", str(tmp_path)]) == 0
    assert "on GENERATED data, not the real ones" in capsys.readouterr().out
    (outcome,) = sweep(cells({"tasks": ["lenet5-fashion-mnist"], "optimizers": ["sgd"], "seeds": [1],
                              "scale": "smoke", "epochs": 1}), tmp_path)  # fmt: skip
    assert outcome.detail == "finished, on generated data"


def test_who_names_a_folder_gets_its_data_or_an_error(tmp_path, capsys):
    command = ["train", "lenet5-fashion-mnist", "--optimizer", "sgd", *SMOKE, "--out", str(tmp_path / "out")]
    (tmp_path / "data").mkdir()
    assert main([*command, "--data-dir", str(tmp_path / "data")]) == 2
    assert "fashion-mnist: no train-images-idx3-ubyte[.gz] in" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


CONTENT = {"train-images-idx3-ubyte": b"pictures", "train-labels-idx1-ubyte": b"labels"}


@pytest.mark.parametrize("inside", ["", "fashion-mnist", "FashionMNIST/raw", "FashionMNIST", "raw"])
@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_the_layouts_that_people_have_are_read(tmp_path, inside, dotted, packed):
    files = {name.replace("-idx", ".idx") if dotted else name: raw for name, raw in CONTENT.items()}
    put(tmp_path / inside, files, packed)
    sums = {name: hashlib.sha256(raw).hexdigest() for name, raw in CONTENT.items()}
    assert read_all("fashion-mnist", sums, [tmp_path], "") == CONTENT
    with pytest.raises(MissingData):
        read_all("fashion-mnist", sums, [tmp_path / "elsewhere"], "")


@pytest.mark.parametrize("name", ["cifar-10-batches-py/data_batch_1", "cifar-10-python.tar.gz"])
def test_pickles_are_refused_with_the_name_of_the_right_archive(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"\x80\x04.")
    with pytest.raises(DataError, match=r"holds Python pickles, which are never loaded: take cifar-10-binary.tar.gz"):
        load_pixels("cifar-10", folders=(tmp_path,), standin=True)


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "data").mkdir()
    assert data_folders("~/data") == [tmp_path / "data"]


def test_settings_are_of_all_optimizers_or_of_one():
    names = ["nala", "adam", "mine:Factory"]
    found = changes_of(["lr=0.01", "nala.k=3", "nala.lr=0.1", "nala.inner.eps=1e-6", "mine.Factory.decay=2"], names)
    assert found == {"nala": {"lr": 0.1, "k": 3, "inner.eps": 1e-6}, "adam": {"lr": 0.01},
                     "mine:Factory": {"lr": 0.01, "decay": 2}}  # fmt: skip
    both = ["nala", "nala.mine:Mine"]
    assert changes_of(["nala.mine.Mine.lr=0.1"], both) == {"nala": {}, "nala.mine:Mine": {"lr": 0.1}}
    words = changes_of(["amsgrad=False", "b=True", "c=None"], ["adam"])["adam"]  # as text, "False" would count as true
    assert words == {"amsgrad": False, "b": True, "c": None}


def test_an_optimizer_with_its_own_settings_trains_beside_its_rivals(tmp_path, capsys):
    command = ["train", "lenet5-digits", "--optimizer", "nala", "adam", "--set", "nala.k=3", *SMOKE]
    assert main([*command, "--out", str(tmp_path)]) == 0
    found = {one.optimizer: one.header["config"]["optimizer"] for one in load_records(tmp_path)}
    assert found["nala"]["k"] == 3 and "k" not in found["adam"]


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "latin-1"])
def test_a_terminal_that_cannot_show_a_sign_loses_no_table(tmp_path, monkeypatch, encoding):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    assert main(["train", "lenet5-digits", "--optimizer", "sgd", "adam", "--seeds", "0", "1", *SMOKE, "--out",
                 str(tmp_path)]) == 0  # fmt: skip
    sys.stdout.flush()
    assert b"| SGD |" in raw.getvalue()


def test_one_record_that_cannot_be_read_stops_nothing_else_and_is_named(tmp_path):
    todo = cells({"tasks": ["lenet5-digits"], "optimizers": ["sgd", "adam"], "seeds": [0], "scale": "smoke",
                  "epochs": 1})  # fmt: skip
    first = list(sweep(todo[:1], tmp_path))
    first[0].record.write_text("not a record\n", encoding="utf-8")
    again = {one.cell.optimizer: one for one in sweep(todo, tmp_path)}
    assert again["adam"].state == "finished" and again["sgd"].state == "failed"
    said = again["sgd"].detail
    assert first[0].record.name in said and "removing the file, trains the run again" in said


@pytest.mark.parametrize(("n", "d"), [(2, 64), (32, 128), (500, 64)])
def test_a_distance_of_float32_features_is_that_of_float64(n, d):
    """Fewer images than features, covariances in float32 as torch makes them: the value to float32's rounding."""
    draw = torch.Generator().manual_seed(n)
    a, b = torch.randn(n, d, generator=draw), torch.randn(n, d, generator=draw) + 1
    exact = [(x.numpy().astype(float).mean(0), np.cov(x.numpy().astype(float).T)) for x in (a, b)]
    want = frechet_distance(*exact[0], *exact[1])
    got = frechet_distance(a.mean(0), torch.cov(a.T), b.mean(0), torch.cov(b.T))
    # roots of eigenvalues that are rounding, d of them at sqrt(2^-24 * 16 d) of the largest at most
    assert got == pytest.approx(want, rel=1e-3)


def test_a_matrix_that_is_no_covariance_is_still_refused():
    bad = np.array([[1.0, 2.0], [2.0, 1.0]], np.float32)  # eigenvalues 3 and -1
    with pytest.raises(ValueError, match="covariance must satisfy positive semidefinite"):
        frechet_distance([0, 0], bad, [0, 0], np.eye(2))


def test_tuning_shares_the_work_and_keeps_what_is_not_tuned(tmp_path, capsys):
    command = ["tune", "lenet5-digits", "--optimizer", "nala", "sgd", "--trials", "2", "--set", "nala.k=3", "--equal",
               "timesteps", "--jobs", "2", *SMOKE]  # fmt: skip
    assert main([*command, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    records = load_records(tmp_path)
    assert len(records) == 4 and all(one.header["config"]["equal"] == "timesteps" for one in records)
    assert {one.header["config"]["optimizer"].get("k") for one in records} == {3, None}
    assert "| nala |" in said and "| sgd |" in said


def test_an_edge_is_said_only_where_there_is_one():
    from nala_lab.experiments.run.tuning import Trial, judge, markdown
    from nala_lab.experiments.tasks import get_task

    def told(space, best):
        found = [Trial("nala", {name: value}, (float(value == best),), 1) for name, values in space.items()
                 for value in values]  # fmt: skip
        return judge("nala", space, found)

    assert told({"mu": [-1.0, -0.5, 0.0]}, -1.0).edges == ()  # nothing below -1 is allowed
    assert told({"mu": [-1.0, -0.5, 0.0]}, 0.0).edges == ("mu (upper)",)
    assert told({"k": [1, 3, 5]}, 1).edges == () and told({"k": [2, 3]}, 2).edges == ("k (lower)",)
    assert told({"inner": ["adam", "sgd"]}, "sgd").edges == () and told({"lr": [0.1]}, 0.1).edges == ()
    table = markdown([told({"mu": [-1.0, 0.0, 0.5]}, 0.0)], get_task("lenet5-digits"))
    assert "edge of its axis" not in table
    assert "edge of its axis" in markdown([told({"mu": [-1.0, 0.0]}, 0.0)], get_task("lenet5-digits"))
