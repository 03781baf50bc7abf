"""The language workload: what it reads, carries, penalises, measures and resumes; every optimizer at smoke scale."""

import math

import pytest
import torch
from torch.nn import functional as F

from nala_lab.experiments.data.fetch import data_folders
from nala_lab.experiments.data.text import Corpus, load_text
from nala_lab.experiments.models import torch_stream
from nala_lab.experiments.models.lstm import awd_lstm
from nala_lab.experiments.run.one_run import plan
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.experiments.tasks import TASKS, get_task
from nala_lab.experiments.tasks.language import LANGUAGE
from nala_lab.experiments.tasks.language_workload import LanguageWorkload
from nala_lab.experiments.tasks.workload import Workload
from nala_lab.methods import ADALA_METHODS
from nala_lab.results.records import FINISHED
from tests.experiments.runs import rows_at, smoke

CPU = torch.device("cpu")
NAMES = [task.name for task in LANGUAGE]
FILES = [f"ptb.{part}.txt" for part in ("train", "valid", "test")]


def corpus(n=53, words=11):
    draw = torch_stream(0, "text")
    parts = [torch.randint(0, words, (size,), generator=draw) for size in (n, 17, 23)]
    return Corpus("tiny", "0" * 64, *parts, tuple(f"w{i}" for i in range(words)))


def workload(text=None, **options):
    text = text or corpus()
    net = awd_lstm(len(text.words), layers=2, embedding=5, hidden=7, generator=torch_stream(0, "initial weights"),
                   dropout=options.pop("dropout", None))  # fmt: skip
    own = {"batch_size": 4, "bptt": 5, "seed": 0, "device": CPU, "eval_columns": 2}
    made = LanguageWorkload(net, text, **{**own, **options})
    made.start_epoch(0)
    return made


NONE = dict.fromkeys(("words", "input", "between", "output", "weights"), 0.0)


def test_it_is_a_workload():
    assert isinstance(workload(), Workload)
    assert workload().bn_batches() is None and workload().fingerprint["train"] == 53


def test_without_dropout_and_penalties_an_epoch_is_one_pass_over_whole_columns():
    made = workload(dropout=NONE, alpha=0.0, beta=0.0)
    losses = [made.loss(i)[0].item() for i in range(made.batches)]
    assert made.batches == 3  # 53 tokens in 4 columns are 13 rows: 12 to read, in windows of 5, 5 and 2
    text = corpus().train[:52].view(4, 13).t()
    logits, _, _, _ = made.model(text[:-1], made.model.start(4))
    whole = F.cross_entropy(logits, text[1:].flatten()).item()
    # float32: rounding of a mean of 48 terms of size 2.4.
    assert (5 * losses[0] + 5 * losses[1] + 2 * losses[2]) / 12 == pytest.approx(whole, rel=1e-6)


def test_every_epoch_starts_with_a_hidden_state_of_zeros_and_no_window_reaches_into_the_one_before():
    made = workload(dropout=NONE)
    first = made.loss(0)[0].item()
    for i in (1, 2):
        loss, _ = made.loss(i)
        loss.backward()  # a graph that reached back would have been freed already: torch raises
        loss.detach()
    made.start_epoch(1)
    assert made.loss(0)[0].item() == first
    assert not any(h.requires_grad or c.requires_grad for h, c in made._hidden)
    assert any(h.any() for h, _ in made._hidden)


def test_the_penalties_are_those_of_awd_lstm():
    plain, full = workload(alpha=0.0, beta=0.0), workload(alpha=2.0, beta=3.0)
    base, metrics = plain.loss(0)
    loss, same = full.loss(0)
    assert base.item() == metrics["cross_entropy"].item() == same["cross_entropy"].item()
    assert metrics["perplexity"].item() == pytest.approx(math.exp(base.item()), rel=1e-6)  # float32 against double
    x = full._train[:5]
    _, _, raw, dropped = full.model(x, full.model.start(4), torch_stream(0, "dropout"))
    penalty = 2 * (dropped**2).mean() + 3 * ((raw[1:] - raw[:-1]) ** 2).mean()
    assert loss.item() - base.item() == pytest.approx(
        penalty.item(), abs=1e-6
    )  # the difference of two numbers near 2.4


def test_held_out_text_is_measured_without_dropout_and_without_a_trace():
    made = workload()
    before = made.streams["dropout"].get_state(), made._hidden
    one, two = made.evaluate(), made.evaluate()
    assert one == two and torch.equal(before[0], made.streams["dropout"].get_state()) and before[1] is made._hidden
    for name, tokens in (("", corpus().test), ("valid_", corpus().valid)):
        rows = len(tokens) // 2
        text = tokens[: 2 * rows].view(2, rows).t()
        logits, _, _, _ = made.model(text[:-1], made.model.start(2))
        loss = F.cross_entropy(logits, text[1:].flatten()).item()
        assert one[f"{name}loss"] == pytest.approx(loss, rel=1e-6)  # float32
        assert one[f"{name}perplexity"] == math.exp(one[f"{name}loss"])
    made.model.bias.data.fill_(math.nan)
    assert math.isnan(made.evaluate()["perplexity"])


@pytest.mark.parametrize("random_windows", [False, True])
def test_it_goes_on_from_a_saved_state(random_windows, tmp_path):
    options = {"random_windows": random_windows, "text": corpus(300)}
    made = workload(**options)
    made.loss(0), made.loss(1)
    streams = {name: generator.get_state() for name, generator in made.streams.items()}
    torch.save(made.state_dict(), tmp_path / "state.pt")
    expected = [made.loss(2)[0].item(), made.loss(3)[0].item()]
    other = workload(**options, seed=1)  # other windows and masks until the state is loaded
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    for name, state in streams.items():
        other.streams[name].set_state(state)
    assert [other.loss(2)[0].item(), other.loss(3)[0].item()] == expected
    other.start_epoch(1), made.start_epoch(1)
    assert other._windows == made._windows


def test_every_epoch_has_as_many_random_windows():
    made = workload(corpus(2000), random_windows=True, batch_size=2, bptt=20)
    seen = []
    for epoch in range(5):
        made.start_epoch(epoch)
        assert len(made._windows) == made.batches
        seen.append(made._windows)
    assert seen[0] != seen[1]


def test_under_bf16_autocast_the_hidden_state_stays_float32():
    made, exact = workload(), workload()
    for i in range(2):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss, _ = made.loss(i)
        loss.backward()
        # bfloat16 has 8 bits: 2^-8 relative on each of a few operations in a row.
        assert loss.item() == pytest.approx(exact.loss(i)[0].item(), rel=0.02)
    assert all(h.dtype == torch.float32 for pair in made._hidden for h in pair)


def test_a_text_too_short_and_penalties_out_of_range_are_refused():
    for options, said in (({"batch_size": 40}, "rows must satisfy integer rows >= 2"),
                          ({"alpha": math.nan}, "alpha must satisfy"), ({"beta": -1.0}, "beta must satisfy"),
                          ({"batches": 0}, "batches must satisfy")):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            workload(**options)


def test_the_tasks_are_those_of_table_3():
    assert {f"lstm{n}-ptb" for n in (1, 2, 3)} < set(NAMES) and "lstm1-wikitext2" in NAMES
    for task in LANGUAGE:
        assert task.methods == ADALA_METHODS and task.clip == 0.25 and task.best is min
        assert [task.decay.lr_at(1.0, epoch) for epoch in (99, 100, 144, 145)] == pytest.approx([1, 0.1, 0.1, 0.01])
        for name, changes in task.settings.items():
            METHODS[name].with_settings(changes)
    settings = {name: get_task(name).settings for name in ("lstm1-ptb-released", "lstm2-ptb-released", "lstm2-ptb")}
    assert settings["lstm1-ptb-released"]["adam"]["lr"] == settings["lstm1-ptb-released"]["adala"]["lr"] == 1e-3
    assert settings["lstm2-ptb-released"]["adabelief"] == {"lr": 0.01, "eps": 1e-12, "weight_decay": 1.2e-6}
    assert settings["lstm2-ptb"]["sgd"] == {"momentum": 0.9, "weight_decay": 5e-4}
    assert settings["lstm2-ptb-released"]["sgd"] == settings["lstm2-ptb-released"]["ntasgd"]


def test_lr_goes_by_the_length_of_a_window_in_the_tasks_after_adabeliefs_program():
    for name, task in TASKS.items():
        after_it = task in LANGUAGE and not name.endswith("-ptb")
        assert {scale.extra.get("lr_by_length", False) for scale in task.scales.values()} == {after_it}
    run = plan("lstm1-ptb-released", "adala", seed=0, scale="smoke")
    assert run.workload().lr_by_length and run.request["extra"]["lr_by_length"] is True
    # What a record of a task with printed hyperparameters is called is what it was before there was such a switch.
    assert plan("lstm1-ptb", "adala", seed=0).request["extra"] == {"bptt": 70}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("optimizer", ADALA_METHODS)
def test_every_optimizer_runs_at_smoke_scale_on_generated_text(name, optimizer, tmp_path):
    record = smoke(tmp_path, optimizer, task=name)
    assert record.outcome == FINISHED and record.header["data"]["name"].endswith("(generated)")
    before, after = record.column("test", "perplexity")
    assert math.isfinite(after) and before == pytest.approx(len_words(name), rel=0.05)  # an untrained softmax: uniform
    assert len(record.column("train", "cross_entropy")) == len(rows_at(optimizer, METHODS[optimizer].settings, 4))


def len_words(name):
    return 33_278 if "wikitext2" in name else 10_000


def test_nala_and_lookahead_train_it_too(tmp_path):
    for optimizer, changes in (("nala", {}), ("nala", {"inner": "adala"}), ("lookahead", {"inner": "adabelief"})):
        record = smoke(tmp_path, optimizer, task="lstm1-ptb", epochs=3, changes={**changes, "lr": 0.01})
        loss = record.column("test", "loss")
        assert loss[-1] < loss[0]


def test_adam_learns_generated_text_and_records_are_those_of_the_seed(tmp_path):
    def losses(seed, folder):
        record = smoke(tmp_path / folder, "adam", task="lstm2-ptb-released", seed=seed, epochs=3)
        return record.column("test", "loss").tolist()

    one = losses(0, "a")
    assert one[-1] < one[0] - 1 and one == losses(0, "b") and one != losses(1, "a")


@pytest.mark.data(*FILES)
def test_real_penn_treebank_trains_at_smoke_scale(tmp_path):
    for optimizer in ("adala", "sgd"):
        record = smoke(tmp_path, optimizer, task="lstm1-ptb", folders=data_folders())
        loss = record.column("test", "loss")
        assert record.header["data"]["name"] == "ptb" and loss[-1] < loss[0]
        assert record.header["data"]["sha256"] == load_text("ptb", folders=data_folders()).sha256


def test_a_window_that_goes_on_from_the_start_forgets_the_end():
    """Windows of random lengths may reach the end in mid-epoch; what follows there is the beginning of the text."""
    made = workload(dropout=NONE)
    fresh = made.loss(0)[0]
    made._windows = [[0, 5], [5, 5], [0, 5], [5, 2]]
    for batch in range(2):
        made.loss(batch)
    assert any(h.any() for h, _ in made._hidden)
    assert torch.equal(made.loss(2)[0], fresh)
    kept = [h.clone() for h, _ in made._hidden]
    assert not torch.equal(made.loss(3)[0], made.loss(3)[0]) and any(h.any() for h in kept)  # and then it is kept
