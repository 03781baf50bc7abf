"""The image tasks: the papers' protocols as data, a first step of each at smoke scale, and what the variants change."""

import math

import pytest
import torch

from nala_lab.experiments.data.augment import Augmentation
from nala_lab.experiments.run.optimizers import METHODS, get_method
from nala_lab.experiments.tasks import SCALES, get_task
from nala_lab.experiments.tasks.image_workload import ImageWorkload
from nala_lab.experiments.tasks.images import IMAGES

NAMES = [task.name for task in IMAGES]
OF_NALA = [name for name in NAMES if name.startswith(("lenet5-cifar", "tf", "alexnet", "resnet18"))]
OF_ADALA = ["vgg11-cifar10", "resnet34-cifar10", "densenet121-cifar10"]
CPU = torch.device("cpu")


def smoke(name, seed=0):
    task = get_task(name)
    return task.make(task.scales["smoke"], seed=seed, folders=(), device=CPU)


def test_the_tasks_are_those_of_the_papers_and_two_of_our_own():
    assert sorted(NAMES) == sorted(
        ["lenet5-digits", "lenet5-fashion-mnist"]
        + [f"{net}-{data}" for net in ("lenet5", "tflenet", "alexnet", "tfalexnet") for data in ("cifar10", "cifar100")]
        + [f"resnet18-{data}{how}" for data in ("cifar10", "fashion-mnist") for how in ("", "-softmax-twice")]
        + OF_ADALA
    )
    for task in IMAGES:
        assert tuple(task.scales) == SCALES and set(task.methods) <= METHODS.keys()


def test_the_protocol_of_the_nala_paper():
    for name in OF_NALA:
        task = get_task(name)
        assert (task.scales["paper"].epochs, task.scales["paper"].batch_size) == (230, 256)
        assert task.scales["paper"].train is task.scales["paper"].test is task.scales["paper"].batches is None
        assert [task.decay.lr_at(1.0, epoch) for epoch in (0, 19, 20, 229)] == [1, 1, 0.5, 2.0**-11]
        three = ("nala", "lookahead", "adam")
        assert task.methods == (("nala", "nag", "lookahead", "adam", "sgd") if "lenet" in name else three)
        rates = {method: {**METHODS[method].settings, **task.settings.get(method, {})}["lr"] for method in task.methods}
        slow = 2e-4 if name.startswith("resnet18") else 1e-3
        assert rates == {method: 0.1 if method in ("nag", "sgd") else slow for method in task.methods}


def test_the_protocol_of_the_adala_paper():
    for name in OF_ADALA:
        task = get_task(name)
        assert (task.scales["paper"].epochs, task.scales["paper"].batch_size) == (200, 128)
        assert [round(task.decay.lr_at(1.0, epoch), 12) for epoch in (149, 150, 199)] == [1, 0.1, 0.1]
        assert len(task.methods) == 10 and task.methods[0] == "adala"
        for method in task.methods:
            settings = get_method(method).with_settings(task.settings.get(method, {}))
            assert settings.get("weight_decay", 5e-4) == 5e-4, method
        assert task.settings["sgd"]["momentum"] == 0.9


@pytest.mark.parametrize("name", NAMES)
def test_a_task_is_made_without_any_file(name):
    workload = smoke(name)
    assert name == "lenet5-digits" or workload.fingerprint["name"].endswith("(generated)")
    workload.start_epoch(0)
    with torch.no_grad():  # that a gradient reaches every weight is the networks' own test
        loss, metrics = workload.loss(0)
    assert math.isfinite(loss.item()) and 0 <= metrics["accuracy"].item() <= 1
    if name in OF_NALA and name.startswith(("lenet", "tflenet", "resnet18")):
        assert workload.batches >= 6  # a whole cycle of NALA at k = 5
    assert workload.batches >= 2  # a whole step of AdaLA


@pytest.mark.parametrize("name", ["lenet5-cifar10", "tflenet-cifar100", "resnet18-fashion-mnist"])
def test_a_seed_fixes_the_start_the_order_and_the_augmentation(name):
    losses = []
    for seed in (3, 3, 4):
        workload = smoke(name, seed)
        workload.start_epoch(0)
        with torch.no_grad():
            losses.append([workload.loss(batch)[0].item() for batch in range(2)])
    assert losses[0] == losses[1] != losses[2]


def test_a_record_says_how_images_were_augmented():
    view = smoke("tflenet-cifar10").fingerprint["augmentation"]
    assert (view["crop"], view["brightness"], view["contrast"], view["standardise"]) == (24, 63, [0.2, 1.8], "image")
    assert smoke("vgg11-cifar10").fingerprint["augmentation"]["padding"] == 4
    assert "augmentation" not in smoke("lenet5-digits").fingerprint


def test_fashion_mnist_grows_to_the_side_that_the_resnet_takes():
    workload = smoke("resnet18-fashion-mnist")
    assert workload.data.train_x.shape[1:] == (1, 28, 28)
    seen = []
    workload.model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].shape))
    workload.start_epoch(0)
    with torch.no_grad():
        workload.loss(0)
    workload.evaluate()
    assert {shape[1:] for shape in seen} == {(1, 32, 32)}


class Certain(torch.nn.Module):
    """Says the class that the first pixel names, without a doubt."""

    def forward(self, x):
        return 1e4 * torch.nn.functional.one_hot(x[:, 0, 0, 0].round().long(), 10)


def test_softmax_twice_has_the_published_floor():
    class Data:
        name, sha256, classes = "toy", "0" * 64, 10
        train_y = test_y = torch.arange(10)
        train_x = test_x = torch.arange(10, dtype=torch.uint8).view(10, 1, 1, 1)

    _, prepare = Augmentation().functions(torch.zeros(1, 1, 1), torch.ones(1, 1, 1))
    losses = [
        ImageWorkload(Certain(), Data, batch_size=5, seed=0, prepare=prepare, softmax_twice=twice).evaluate()["loss"]
        for twice in (False, True)
    ]
    # Every answer is right and certain: cross-entropy 0, or log(e + 9) - 1 when the softmax is taken twice.
    # Four float32 roundings of numbers of size 2.5.
    assert losses[0] == 0 and abs(losses[1] - (math.log(math.e + 9) - 1)) < 4 * 2.5 * 2**-23
    assert abs(losses[1] - 1.461150) < 1e-6  # as printed beside the tables


def test_softmax_twice_changes_the_loss_and_no_answer():
    plain, twice = smoke("resnet18-cifar10"), smoke("resnet18-cifar10-softmax-twice")
    plain.start_epoch(0), twice.start_epoch(0)
    with torch.no_grad():
        (a, seen), (b, seen_twice) = plain.loss(0), twice.loss(0)
    assert seen["accuracy"] == seen_twice["accuracy"]
    # Scores between 0 and 1: the loss lies between its floor and one more, wherever the logits are.
    assert a.item() != b.item() and 1.4611 < b.item() < 2.4612
