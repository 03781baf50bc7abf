"""The networks of the experiments, initialised from a named stream so that every optimizer starts at the same point."""

from nala_lab.experiments.models.alexnets import alexnet
from nala_lab.experiments.models.densenet import densenet121
from nala_lab.experiments.models.lenet import ACTIVATIONS, lenet5, tf_lenet
from nala_lab.experiments.models.resnets import resnet
from nala_lab.experiments.models.start import initialise, torch_stream
from nala_lab.experiments.models.vgg import vgg11

__all__ = ["ACTIVATIONS", "alexnet", "densenet121", "initialise", "lenet5", "resnet", "tf_lenet", "torch_stream",
           "vgg11"]  # fmt: skip
