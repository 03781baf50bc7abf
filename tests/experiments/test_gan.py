"""The GAN workload: whose gradient, what loss, what is measured, and that a run can be stopped anywhere."""

import copy
import math

import numpy as np
import pytest
import torch

from nala_lab.experiments.data.images import load_pixels
from nala_lab.experiments.gan.extractors import random_features
from nala_lab.experiments.gan.fid import cloud_of
from nala_lab.experiments.gan.gan_workload import Game, GanWorkload, gradient_penalty, samples
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.methods.task_settings import TASK_SETTINGS

WGAN = Game(clip=0.01, n_critic=2, latent=5, width=2)
GP = Game(penalty=10.0, n_critic=2, latent=5, width=2, norm=False)


def make(game=WGAN, seed=0, **options):
    data = load_pixels("cifar-10", standin=True).first(64, 24)
    sizes = {"batch_size": 8, "samples": 40, "real": 50, "extractor": random_features(), **options}
    return GanWorkload(data, game, seed=seed, **sizes)


def build(workload, name, **changes):
    method, own = METHODS[name], TASK_SETTINGS["wgan-cifar10"].get(name, {})
    optimizer = method.build(workload.groups(), method.with_settings({**own, **changes}))
    workload.bind(optimizer)
    return optimizer


def step(workload, optimizer, batch):
    optimizer.zero_grad(set_to_none=True)
    loss, metrics = workload.loss(batch)
    loss.backward()
    optimizer.step()
    workload.after(batch)
    return loss.detach(), metrics


def train(workload, optimizer, first, last, epoch=10):
    for n in range(first, last):
        if n % epoch == 0:
            workload.start_epoch(n // epoch)
        step(workload, optimizer, n % epoch)


def weights(workload):
    return torch.cat([p.detach().flatten() for p in workload.model.parameters()])


def with_grad(workload):
    return [name for name, net in workload.model.items() if all(p.grad is not None for p in net.parameters())]


def without_grad(workload):
    return [name for name, net in workload.model.items() if all(p.grad is None for p in net.parameters())]


@pytest.mark.parametrize("game", [WGAN, GP])
@pytest.mark.parametrize("name", ["adam", "adala", "nala"])
def test_only_the_player_whose_turn_it_is_gets_a_gradient(game, name):
    workload = make(game)
    optimizer = build(workload, name, **({"k": 3} if name == "nala" else {}))
    workload.start_epoch(0)
    turns = {"adam": "ccgccgcc", "adala": "ccccggcc", "nala": "ccgbccgb"}[name]
    for n, player in enumerate(turns):
        before = {key: weights_of(net) for key, net in workload.model.items()}
        _, metrics = step(workload, optimizer, n)
        moved = {"c": ["critic"], "g": ["generator"], "b": ["critic", "generator"]}[player]
        assert with_grad(workload) == moved and sorted(without_grad(workload) + moved) == ["critic", "generator"]
        assert metrics["player"].item() == "cgb".index(player)
        if name != "nala":  # its synchronisation moves both
            for key, old in before.items():
                assert torch.equal(old, weights_of(workload.model[key])) == (key not in moved)


def weights_of(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()]).clone()


def test_the_losses_are_those_of_the_formulas():
    workload = make(GP)
    workload.start_epoch(0)
    judge, paint = workload.model["critic"], workload.model["generator"]
    for p in judge.parameters():
        p.data.mul_(12)  # so that the gradient of a score depends on where it is taken
    streams = {name: torch.Generator() for name in workload.streams}
    for name, stream in streams.items():
        stream.set_state(workload.streams[name].get_state())
    loss, metrics = workload.loss(0)
    x = workload.data.train_x[workload._order[:8]].float() / 127.5 - 1
    fake = paint(torch.randn(8, 5, generator=streams["latent noise"]))
    u = torch.rand(8, 1, 1, 1, generator=streams["interpolation"])
    gap = (judge(x) - judge(fake)).mean()
    between = u * x + (1 - u) * fake
    grads = torch.autograd.functional.jacobian(judge, between.detach()).diagonal().permute(3, 0, 1, 2)
    want = -gap + 10 * ((grads.square().sum((1, 2, 3)).sqrt() - 1) ** 2).mean()
    # float32: sums of some hundred terms of size 1.
    torch.testing.assert_close(loss, want, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(metrics["gap"], gap.detach(), rtol=1e-4, atol=1e-6)
    workload.turns.whole = 2
    loss, _ = workload.loss(1)
    again = paint(torch.randn(8, 5, generator=streams["latent noise"]))
    torch.testing.assert_close(loss, -judge(again).mean(), rtol=1e-4, atol=1e-6)


def test_the_penalty_is_differentiated_through_the_gradient():
    scale = torch.tensor(2.0, requires_grad=True)
    gradient_penalty(lambda x: scale * x @ torch.tensor([3.0, 4.0]), torch.ones(6, 2)).backward()
    assert scale.grad.item() == pytest.approx(2 * (5 * 2 - 1) * 5)  # d/ds (5 s - 1)^2


def test_both_get_their_own_gradient_where_the_outer_step_is_taken():
    """At y_t the joint gradient is the critic's of its loss beside the generator's of its own, from one mini-batch."""
    workload = make(GP)
    optimizer = build(workload, "nala", k=1)
    workload.start_epoch(0)
    step(workload, optimizer, 0)
    assert optimizer.phase == optimizer.k
    optimizer.zero_grad(set_to_none=True)
    alone = copy.deepcopy(workload.model).requires_grad_(True)
    noise = torch.Generator()
    noise.set_state(workload.streams["latent noise"].get_state())
    twin = make(GP)
    twin.load_state_dict(workload.state_dict())
    twin.model.load_state_dict(workload.model.state_dict())
    for name in twin.streams:
        twin.streams[name].set_state(workload.streams[name].get_state())
    workload.loss(1)[0].backward()
    twin.turns.whole = 0  # an optimizer that rests nowhere: the critic's turn
    twin.loss(1)[0].backward()
    (-alone["critic"](alone["generator"](torch.randn(8, 5, generator=noise))).mean()).backward()
    for key, expected in (("critic", twin.model), ("generator", alone)):
        for p, q in zip(workload.model[key].parameters(), expected[key].parameters(), strict=True):
            torch.testing.assert_close(p.grad, q.grad, rtol=1e-4, atol=1e-6)


def test_the_critic_stays_in_its_box_and_the_generator_is_free():
    for name in ("adam", "adala", "nala"):
        workload = make()
        optimizer = build(workload, name, lr=0.05, **({"k": 2} if name == "nala" else {}))
        for n in range(9):
            train(workload, optimizer, n, n + 1)
            assert weights_of(workload.model["critic"]).abs().max() <= np.float32(0.01), (name, n)
        assert weights_of(workload.model["generator"]).abs().max() > 0.05
    free = make(GP)
    train(free, build(free, "adam", lr=0.05), 0, 3)
    assert weights_of(free.model["critic"]).abs().max() > 0.05


def test_fid_is_between_the_features_of_generated_and_real_images():
    workload = make()
    measured = workload.evaluate()
    extractor = random_features()
    fakes = list(workload._generated(1, torch.Generator()))[0]
    assert fakes.abs().max() <= 1 and fakes.shape == (1, 3, 32, 32)
    real = cloud_of([extractor.features(workload.data.train_x[:50]).numpy()])
    assert real.distance(workload._real_cloud()) < 1e-6 * np.trace(real.covariance)  # float32 features, other parts
    with torch.no_grad(), workload._steady_generator():
        fake = workload._fake_cloud()
    assert measured["fid"] == fake.distance(workload._real_cloud()) > 0 and fake.n == 40
    assert sorted(measured) == ["fid", "gap"]


def test_measuring_changes_nothing_and_gives_the_same_numbers():
    workload, twin = make(), make()
    optimizer, other = build(workload, "adam"), build(twin, "adam")
    train(workload, optimizer, 0, 4)
    train(twin, other, 0, 4)
    buffers = [buffer.clone() for buffer in workload.model.buffers()]
    first = workload.evaluate()
    picture = samples(workload, 5)
    assert workload.evaluate() == first and (samples(workload, 5) == picture).all()
    assert picture.shape == (5, 32, 32, 3) and picture.dtype == np.uint8 and len(np.unique(picture)) > 2
    assert all(torch.equal(a, b) for a, b in zip(buffers, workload.model.buffers(), strict=True))
    workload.model.train()
    train(workload, optimizer, 4, 12)
    train(twin, other, 4, 12)
    assert torch.equal(weights(workload), weights(twin))


def test_images_that_are_no_numbers_have_no_fid():
    workload = make()
    with torch.no_grad():
        next(workload.model["generator"].parameters()).fill_(math.nan)
    assert math.isnan(workload.evaluate()["fid"])


def test_fid_does_not_see_how_far_the_running_statistics_lag_behind():
    """AdaLA's slow weights would get fresh ones and Adam's not: that alone was a difference of 14.5 and 19.8."""
    workload = make()
    first = workload.evaluate()
    for buffer in workload.model["generator"].buffers():
        buffer.fill_(7)
    assert workload.evaluate() == first and workload.bn_batches() is None
    assert all((buffer == 7).all() for buffer in workload.model["generator"].buffers())


@pytest.mark.parametrize("name", ["adam", "adala", "nala", "yogi"])
def test_a_run_can_be_stopped_after_any_gradient(name):
    """Rounds of 3 turns; AdaLA takes 6 gradients for one, NALA 4 for a cycle of k = 3. Epochs of 5 gradients."""
    changes = {"k": 3} if name == "nala" else {}
    whole = make(GP)
    train(whole, build(whole, name, **changes), 0, 13, epoch=5)
    piece = make(GP)
    optimizer = build(piece, name, **changes)
    for n in range(13):  # a new process, as it were, after every gradient
        train(piece, optimizer, n, n + 1, epoch=5)
        fresh = make(GP)
        resumed = build(fresh, name, **changes)
        fresh.model.load_state_dict(piece.model.state_dict())
        resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        fresh.load_state_dict(copy.deepcopy(piece.state_dict()))
        for key, stream in fresh.streams.items():
            stream.set_state(piece.streams[key].get_state())
        piece, optimizer = fresh, resumed
    assert torch.equal(weights(whole), weights(piece)) and torch.equal(whole._gap, piece._gap)


def test_every_image_is_shown_once_before_any_is_shown_again():
    workload = make()  # 64 images, 8 mini-batches of the critic and so 12 gradients
    assert workload.batches == 12
    optimizer = build(workload, "adam")
    workload.start_epoch(0)
    shown = []
    for n in range(12):
        used = workload._used
        step(workload, optimizer, n)
        shown += workload._order[used : workload._used].tolist()
    assert sorted(shown) == list(range(64))
    order = workload._order
    while workload._used == 64:  # NALA's outer gradients want more: the next mini-batch begins another pass
        step(workload, optimizer, 0)
    assert workload._used == 8 and not torch.equal(order, workload._order)


def test_all_optimizers_of_a_seed_start_alike_and_see_the_same():
    starts = set()
    for name in ("adam", "adala", "nala", "sgd"):
        workload = make(GP, seed=3)
        optimizer = build(workload, name)
        start = weights(workload).sum().item()
        workload.start_epoch(0)
        loss, _ = step(workload, optimizer, 0)
        starts.add((start, loss.item(), tuple(workload._order.tolist())))
    assert len(starts) == 1
    assert weights(make(GP, seed=4)).sum().item() != start


def test_the_critic_learns_to_tell_the_images_apart():
    """Its estimate of the distance is what moves first: from about 0 up, while the generator stands still."""
    workload = make(Game(penalty=10.0, n_critic=40, latent=5, width=4, norm=False))
    before = workload.evaluate()["gap"]
    workload.model.train()
    train(workload, build(workload, "adam", lr=1e-3), 0, 40)
    assert abs(before) < 0.01 and workload.evaluate()["gap"] > 0.05


def test_sizes_that_cannot_be_are_refused():
    for options, rule in (({"batch_size": 25}, "batch_size"), ({"samples": 1}, "samples"), ({"batches": 0}, "batches")):
        with pytest.raises(ValueError, match=rule):
            make(**options)
    for rules in ({"clip": -0.01}, {"clip": 0.0}, {"clip": math.nan}, {"penalty": -1.0}, {"penalty": math.nan}):
        with pytest.raises(ValueError, match=f"{next(iter(rules))} must satisfy 0 <"):
            Game(**rules)
    for no_number in (2.5, True, "8", None):
        with pytest.raises(ValueError, match="batch_size must satisfy integer 1 <= batch_size <= "):
            make(batch_size=no_number)
    with pytest.raises(ValueError, match="n must satisfy"):
        samples(make(), 0)


def test_images_are_enlarged_for_networks_of_64_pixels():
    workload = make(Game(penalty=10.0, n_critic=1, latent=5, width=1, size=64, bounded=True))
    optimizer = build(workload, "adam")
    train(workload, optimizer, 0, 2)
    assert samples(workload, 2).shape == (2, 64, 64, 3) and np.isfinite(workload.evaluate()["fid"])
    ((kind, row),) = workload.closing_rows()
    assert kind == "samples" and (row["rows"], row["size"]) == (4, 64) and len(row["png"]) < 60_000
