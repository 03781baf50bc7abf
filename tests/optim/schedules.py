"""Every learning rate scheduler that torch has, at settings under which the lr really moves."""

import torch

lrs = torch.optim.lr_scheduler

SCHEDULERS = {
    "LambdaLR": lambda o: lrs.LambdaLR(o, lambda step: 1 / (1 + step)),
    "MultiplicativeLR": lambda o: lrs.MultiplicativeLR(o, lambda step: 0.9),
    "StepLR": lambda o: lrs.StepLR(o, 2),
    "MultiStepLR": lambda o: lrs.MultiStepLR(o, [2, 5]),
    "ConstantLR": lambda o: lrs.ConstantLR(o, total_iters=3),
    "LinearLR": lambda o: lrs.LinearLR(o, total_iters=6),
    "ExponentialLR": lambda o: lrs.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: lrs.PolynomialLR(o, total_iters=20, power=2.0),
    "CosineAnnealingLR": lambda o: lrs.CosineAnnealingLR(o, 20),
    "CosineAnnealingWarmRestarts": lambda o: lrs.CosineAnnealingWarmRestarts(o, 4),
    "CyclicLR": lambda o: lrs.CyclicLR(o, 0.001, 0.1, step_size_up=3, cycle_momentum="betas" in o.defaults),
    "OneCycleLR": lambda o: lrs.OneCycleLR(o, 0.1, total_steps=50),
    "ReduceLROnPlateau": lambda o: lrs.ReduceLROnPlateau(o, patience=0),
    "SequentialLR": lambda o: lrs.SequentialLR(o, [lrs.ConstantLR(o), lrs.ExponentialLR(o, 0.9)], milestones=[3]),
    "ChainedScheduler": lambda o: lrs.ChainedScheduler([lrs.ConstantLR(o), lrs.ExponentialLR(o, 0.9)]),
    "SWALR": lambda o: torch.optim.swa_utils.SWALR(o, swa_lr=0.5, anneal_epochs=4),
}


def advance(plan):
    """One scheduler step; the loss that ReduceLROnPlateau is shown never falls."""
    plan.step(*([1.0] if isinstance(plan, lrs.ReduceLROnPlateau) else []))
