"""Checkpoints are whole or absent, plain, and say in one sentence what is wrong with them."""

import os
from collections import defaultdict

import numpy as np
import pytest
import torch

from nala_lab.core import stream
from nala_lab.experiments import checkpoint
from nala_lab.experiments.checkpoint import CheckpointError, load, save
from nala_lab.experiments.models import torch_stream
from nala_lab.optim import NALA
from tests.optim.test_resume import identical
from tests.optim.training import CALLS, MAKERS, SCHEDULERS, advance, network, train, trained


@pytest.mark.parametrize("name", MAKERS)
def test_a_run_goes_on_from_its_file_bit_for_bit(name, tmp_path):
    model, opt = trained(name, 4)
    path = save(tmp_path / "deep" / "run.pt", model=model, optimizer=opt, step=4, best=0.5)
    assert os.listdir(path.parent) == ["run.pt"]
    again, fresh = trained(name)
    assert load(path, model=again, optimizer=fresh) == {"step": 4, "best": 0.5}
    train(model, opt, 4, CALLS)
    train(again, fresh, 4, CALLS)
    assert identical(model.state_dict(), again.state_dict())


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler_is_saved(scheduler, tmp_path):
    model, opt = trained("NALA")
    plan = SCHEDULERS[scheduler](opt)
    for call in range(5):
        train(model, opt, call, call + 1)
        advance(plan)
    path = save(tmp_path / "run.pt", model=model, optimizer=opt, scheduler=plan)
    again, fresh = trained("NALA")
    fresh_plan = SCHEDULERS[scheduler](fresh)
    load(path, model=again, optimizer=fresh, scheduler=fresh_plan)
    for call in range(5, CALLS):
        for m, o, s in ((model, opt, plan), (again, fresh, fresh_plan)):
            train(m, o, call, call + 1)
            advance(s)
        assert opt.param_groups[0]["lr"] == fresh.param_groups[0]["lr"]
    assert identical(model.state_dict(), again.state_dict())


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_streams_stand_where_they_stood(kind, tmp_path):
    numbers, order = np.random.Generator(kind(3)), torch_stream(0, "order")
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    numbers.normal(size=3)
    torch.randperm(5, generator=order)
    path = save(tmp_path / "run.pt", scaler=scaler, streams={"noise": numbers, "order": order})
    want = numbers.normal(size=4), torch.randperm(9, generator=order)
    other = np.random.Generator(kind(8)), torch_stream(1, "order")
    other_scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
    load(path, scaler=other_scaler, streams={"noise": other[0], "order": other[1]})
    assert np.array_equal(other[0].normal(size=4), want[0])
    assert torch.equal(torch.randperm(9, generator=other[1]), want[1])
    assert other_scaler.get_scale() == 8.0


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    model, opt = trained("NALA", 4)
    path = save(tmp_path / "run.pt", model=model, step=1)
    whole = path.read_bytes()

    def full(content, file):
        file.write(b"half of it")
        raise OSError("no space left on device")

    monkeypatch.setattr(checkpoint.torch, "save", full)
    with pytest.raises(CheckpointError, match=r"run\.pt: cannot be written \(no space left on device\)"):
        save(path, model=model, step=2)
    assert path.read_bytes() == whole and os.listdir(tmp_path) == ["run.pt"]


def test_a_disk_that_is_full_in_mid_file_is_one_sentence(tmp_path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(CheckpointError, match=r"run\.pt: cannot be written \(\[Errno 27\] File too large\)"):
            save(tmp_path / "run.pt", weights=torch.zeros(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("stream", ["data", np.random.SeedSequence(0)])
def test_what_is_no_stream_is_refused(stream, tmp_path):
    with pytest.raises(CheckpointError, match="a stream is a torch.Generator or a numpy.random.Generator"):
        save(tmp_path / "c.pt", streams={"data": stream})


def test_what_cannot_be_read_back_safely_is_refused_before_anything_is_written(tmp_path):
    for value, sentence in [(object(), "progress.x is a object"), ([{1}], r"progress.x\[0\] is a set")]:
        with pytest.raises(CheckpointError, match=f"{sentence}; only tensors and plain Python can be saved"):
            save(tmp_path / "run.pt", x=value)
    with pytest.raises(CheckpointError, match="progress.x is a float64"):
        save(tmp_path / "run.pt", x=np.float64(1.0))
    assert not os.listdir(tmp_path)
    save(tmp_path / "run.pt", x=1)
    marked, known = torch.ones(1), torch.ones(1)
    marked.of, known.of = object(), "a word"
    for value in (defaultdict(int), torch.ones(1).as_subclass(Marked), [marked]):  # torch reads none of it
        with pytest.raises(CheckpointError, match="only tensors and plain Python can be saved"):
            save(tmp_path / "run.pt", x=value)
    assert load(tmp_path / "run.pt") == {"x": 1}
    assert torch.equal(load(save(tmp_path / "run.pt", x=known))["x"], known)


class Marked(torch.Tensor):
    """A tensor of somebody's own."""


def test_every_cut_and_every_kind_of_damage_is_one_sentence(tmp_path):
    model, opt = trained("NALA", 4)
    path = save(tmp_path / "run.pt", model=model, optimizer=opt, step=1)
    whole = path.read_bytes()
    draw = stream(0, "checkpoint", "damage")
    for length in [0, 1, len(whole) // 2, len(whole) - 1, *draw.integers(2, len(whole), size=20)]:
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"^\S+run\.pt: [^\n]+$"):
            load(path)
    before = network()
    bit = whole.index(model[0].weight.detach().numpy().tobytes())  # in the middle of a tensor
    path.write_bytes(whole[:bit] + bytes([whole[bit] ^ 1]) + whole[bit + 1 :])
    with pytest.raises(CheckpointError, match=r"run\.pt: is damaged \(the checksum of .* is wrong\)"):
        load(path, model=before)
    assert identical(before.state_dict(), network().state_dict())  # nothing was touched


def test_foreign_files_are_named_for_what_they_are(tmp_path):
    model, opt = trained("NALA", 4)
    path = tmp_path / "run.pt"
    with pytest.raises(CheckpointError, match=r"run\.pt: there is no such file$"):
        load(path)
    path.write_text("not a checkpoint")
    with pytest.raises(CheckpointError, match="cut off, damaged, or no checkpoint at all"):
        load(path)
    torch.save(model.state_dict(), path)
    with pytest.raises(CheckpointError, match="was not written by nala_lab.experiments.checkpoint.save"):
        load(path)
    torch.save(opt, path)  # a whole object: reading it would run code
    with pytest.raises(CheckpointError, match=r"cannot be read \(UnpicklingError\)"):
        load(path)
    torch.save({"format": checkpoint.FORMAT, "version": checkpoint.VERSION + 1}, path)
    with pytest.raises(CheckpointError, match="is of version 2, this program reads up to 1"):
        load(path)


def test_a_part_that_is_missing_or_does_not_fit_is_named(tmp_path):
    model, opt = trained("NALA", 4)
    path = save(tmp_path / "run.pt", model=model, optimizer=opt, streams={"a": torch_stream(0, "a")})
    with pytest.raises(CheckpointError, match="holds no scheduler, no stream 'b'"):
        load(path, scheduler=torch.optim.lr_scheduler.StepLR(opt, 1), streams={"b": torch_stream(0, "b")})
    with pytest.raises(CheckpointError, match=r"^[^\n]*its model does not fit \(Error.* size mismatch[^\n]*\)$"):
        load(path, model=torch.nn.Sequential(torch.nn.Linear(4, 6)))
    other = NALA(network().parameters(), inner=torch.optim.SGD)
    with pytest.raises(CheckpointError, match="its optimizer does not fit .*inner=SGD, got state_dict='Adam'"):
        load(path, optimizer=other)
    with pytest.raises(CheckpointError, match="stream 'a' belongs to another library than the numpy"):
        load(path, streams={"a": np.random.default_rng(0)})
