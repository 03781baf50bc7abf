"""The networks of the experiments, initialised from a named stream so that every optimizer starts at the same point."""

from nala_lab.experiments.models.lenet import ACTIVATIONS, lenet5, tf_lenet
from nala_lab.experiments.models.start import initialise, torch_stream

__all__ = ["ACTIVATIONS", "initialise", "lenet5", "tf_lenet", "torch_stream"]
