"""The image tasks of both papers, and two of our own on smaller data.

NALA paper (section "Experiments"): batches of 256, 230 epochs, lr halved every 20 epochs, random crop, flip, brightness
and contrast, a row every 100 mini-batches. It states no sizes for the augmentation: brightness 63 and contrast 0.2 to
1.8 are the released program's, the crop of 32 after a border of 4 is the usual one, and pixels are standardised with
the training images' moments, so that brightness and contrast are seen. Tasks called ``tf...`` are the released program:
its own networks, crops of 24, every image standardised by itself. It goes through the images in one fixed order, which
we do not follow: every task here shuffles.

AdaLA paper (section 3, "in accordance to the experiments conducted by Zhuang et al."): 200 epochs, batches of 128, lr
divided by 10 after 150, crop after a border of 4, and flip, as AdaBelief's program; weight decay 5e-4 is its own
section 4. That program divides by other standard deviations (0.2023, 0.1994, 0.2010), ours are those of the pixels.

The released ResNet is not public; that its losses are of a softmax taken twice is seen from their floor,
log(e + 9) - 1 = 1.4612. The default here is plain cross-entropy; ``...-softmax-twice`` has the published scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from nala_lab.experiments.data.augment import Augmentation
from nala_lab.experiments.tasks.base import Decay, Halving, Milestones, Scale, Task
from nala_lab.methods.table import ADALA_METHODS, PAPER_METHODS
from nala_lab.methods.task_settings import TASK_SETTINGS

__all__ = ["IMAGES", "make_images"]

NALA_METHODS = PAPER_METHODS
NALA_THREE = ("nala", "lookahead", "adam")  # Figs. 3 and 4
NALA_DECAY = Halving(every=20)
AS_IS = Augmentation()
CROPPED = Augmentation(crop=32, padding=4, flip=True)
LIT = Augmentation(crop=32, padding=4, flip=True, brightness=63, contrast=(0.2, 1.8))
GROWN = Augmentation(size=32, crop=32, padding=4, flip=True, brightness=63, contrast=(0.2, 1.8))
RELEASED = Augmentation(crop=24, flip=True, brightness=63, contrast=(0.2, 1.8), standardise="image")


def make_images(scale: Scale, *, seed: int, folders: Sequence[Path], device: Any, data: str, network: str,
                options: Mapping[str, Any], view: Augmentation, softmax_twice: bool = False) -> Any:  # fmt: skip
    """Make the workload of an image task.

    Parameters
    ----------
    scale : sizes; with ``extra={"standin": True}``, data are generated where no folder is named, and with
        ``"held_out"`` a part of the training images takes the place of the test images.
    seed : names the initial weights, the order of the images and their augmentation.
    folders, device : where the files are, and where the data go.
    data : name in DATASETS.
    network, options : function of `nala_lab.experiments.models`, and what it takes beside classes and generator.
    view : what happens to an image on its way into the network.
    softmax_twice : see `ImageWorkload`.
    """
    from nala_lab.experiments import models
    from nala_lab.experiments.data.images import load_pixels
    from nala_lab.experiments.tasks.image_workload import ImageWorkload

    standin = bool(scale.extra.get("standin", False))
    pixels = load_pixels(data, folders=folders, device=device, standin=standin).first(scale.train, scale.test)
    if "held_out" in scale.extra:
        pixels = pixels.held_out(scale.extra["held_out"])
    generator = models.torch_stream(seed, "initial weights")
    model = getattr(models, network)(pixels.classes, generator=generator, **options)
    make = partial(ImageWorkload, model, batch_size=scale.batch_size, seed=seed, batches=scale.batches,
                   softmax_twice=softmax_twice)  # fmt: skip
    if view == AS_IS:
        return make(pixels.standardised())  # once for all epochs
    augment, prepare = view.functions(pixels.mean, pixels.sd)
    workload = make(pixels, augment=augment, prepare=prepare)
    workload.fingerprint["augmentation"] = {**asdict(view), "contrast": list(view.contrast)}
    return workload


def _task(name: str, source: str, data: str, model_name: str, network: str, *, methods: Sequence[str],
          view: Augmentation, scales: Mapping[str, Scale], decay: Decay = NALA_DECAY,
          softmax_twice: bool = False, channels_last: bool = False, **options: Any) -> Task:  # fmt: skip
    make = partial(make_images, data=data, network=network, options=options, view=view, softmax_twice=softmax_twice)
    return Task(name, source, data, model_name, tuple(methods), make, scales, decay, TASK_SETTINGS.get(name, {}),
                channels_last=channels_last)  # fmt: skip


def _smoke(batch_size: int, batches: int, epochs: int = 1) -> Scale:
    """Seconds, and a whole cycle of the method where that can be had; on generated data where no folder is named."""
    train = batch_size * batches
    return Scale(epochs, batch_size, 1, train=train, test=min(train, 100), extra={"standin": True})


def _nala_scales(cpu: Scale, smoke: Scale) -> dict[str, Scale]:
    return {"smoke": smoke, "cpu": cpu, "paper": Scale(230, 256, 100)}


# At `cpu` scale LeNet-5 sees all images eight times; the others take as many small mini-batches as fit in a minute or
# two. With 100 classes AlexNet leaves log 100 after some 260 gradients, so there it takes 360.
LENET_SCALES = _nala_scales(Scale(8, 256, 20), _smoke(64, 6))
TF_LENET_SCALES = _nala_scales(Scale(1, 64, 2, test=1000, batches=120), _smoke(32, 6))
ALEXNET_SCALES = {
    classes: _nala_scales(Scale(1, 32, every, test=500, batches=batches), _smoke(4, 2))
    for classes, batches, every in ((10, 60, 1), (100, 360, 4))
}
RESNET_SCALES = _nala_scales(Scale(1, 32, 1, test=200, batches=30), _smoke(2, 6))
ADALA_PAPER = Scale(200, 128, 100)

OWN = (
    _task("lenet5-digits", "our own, at the NALA paper's settings", "digits", "LeNet-5 (tanh)", "lenet5",
          methods=NALA_METHODS, view=AS_IS,
          scales={"smoke": Scale(3, 256, 2, train=1024, test=200), "cpu": Scale(40, 256, 10),
                  "paper": Scale(230, 256, 10)}),
    _task("lenet5-fashion-mnist", "our own, at the NALA paper's settings", "fashion-mnist", "LeNet-5 (tanh)", "lenet5",
          methods=NALA_METHODS, view=AS_IS,
          scales={"smoke": Scale(1, 256, 2, train=3072, test=1000, extra={"standin": True}),
                  "cpu": Scale(10, 256, 100), "paper": Scale(230, 256, 100)}),
)  # fmt: skip


def _of_nala(classes: int) -> tuple[Task, ...]:
    """The tasks of the NALA paper on CIFAR-10 or CIFAR-100 that are not ResNets, and those of its program."""
    data, short = f"cifar-{classes}", f"cifar{classes}"
    lenet, alex = "NALA paper, Fig. 2, Tables 1 and 2", "NALA paper, Fig. 3, Tables 3 and 4"
    return (
        _task(f"lenet5-{short}", f"{lenet}; the network is LeCun's of 1998", data, "LeNet-5 (tanh)", "lenet5",
              methods=NALA_METHODS, view=LIT, scales=LENET_SCALES, channels=3, size=32,
              channels_last=True),
        _task(f"tflenet-{short}", f"released program ('LeNet'): {lenet}", data, "LeNet of TensorFlow's tutorial",
              "tf_lenet", methods=NALA_METHODS, view=RELEASED, scales=TF_LENET_SCALES, channels_last=True),
        _task(f"alexnet-{short}", f"{alex}; layers as in the released program, He's start", data, "AlexNet (32 x 32)",
              "alexnet", methods=NALA_THREE, view=LIT, scales=ALEXNET_SCALES[classes]),
        _task(f"tfalexnet-{short}", f"released program ('alexnet2'): {alex}", data, "AlexNet (24 x 24, std 0.1)",
              "alexnet", methods=NALA_THREE, view=RELEASED, scales=ALEXNET_SCALES[classes], size=24, init="std 0.1"),
    )  # fmt: skip


def _resnet18(short: str, data: str, view: Augmentation, channels: int) -> tuple[Task, ...]:
    """ResNet-18 with plain cross-entropy, and with the softmax taken twice as the published losses have it."""
    source = "NALA paper, Fig. 4, Tables 5 and 6"
    make = partial(_task, data=data, model_name="ResNet-18", network="resnet", methods=NALA_THREE, view=view,
                   scales=RESNET_SCALES, depth=18, channels=channels)  # fmt: skip
    return (
        make(f"resnet18-{short}", source),
        make(f"resnet18-{short}-softmax-twice", f"{source}; losses on the published scale, floor log(e + 9) - 1",
             softmax_twice=True),
    )  # fmt: skip


def _of_adala(name: str, model_name: str, network: str, cpu: Scale, smoke: Scale, **options: Any) -> Task:
    """One of the networks of the AdaLA paper, Fig. 1 and Table 2."""
    return _task(name, "AdaLA paper, Fig. 1 and Table 2; protocol of AdaBelief's program", "cifar-10", model_name,
                 network, methods=ADALA_METHODS, view=CROPPED, decay=Milestones((150,), 0.1),
                 scales={"smoke": smoke, "cpu": cpu, "paper": ADALA_PAPER}, **options)  # fmt: skip


IMAGES: tuple[Task, ...] = (
    *OWN,
    *_of_nala(10),
    *_of_nala(100),
    *_resnet18("cifar10", "cifar-10", LIT, 3),
    *_resnet18("fashion-mnist", "fashion-mnist", GROWN, 1),
    # VGG11 has no BatchNorm and stays at log 10 for hundreds of gradients: one epoch of the published protocol.
    _of_adala("vgg11-cifar10", "VGG11", "vgg11", Scale(1, 128, 5, test=1000), _smoke(4, 2)),
    _of_adala("resnet34-cifar10", "ResNet-34", "resnet", Scale(1, 32, 1, test=100, batches=30), _smoke(2, 2), depth=34),
    _of_adala("densenet121-cifar10", "DenseNet121", "densenet121", Scale(1, 16, 1, test=100, batches=90), _smoke(2, 2)),
)
