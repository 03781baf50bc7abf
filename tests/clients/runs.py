"""One training run by a client, in a process of its own: ``python -m tests.clients.runs CLIENT OPTIMIZER FOLDER PART``.

PART "whole" trains EPOCHS epochs. "first" trains one, which ends inside a cycle, and saves as the client does; "rest"
loads that in a new process and trains the others. The weights at the end, the slow weights, and what the client's
evaluation saw, are written to FOLDER.
"""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaLA, Lookahead, OuterMomentum

EPOCHS, STEPS, BATCH = 3, 5, 8
SETTINGS = {"NALA": (NALA, {"k": 3, "alpha": 0.05}), "Lookahead": (Lookahead, {"k": 3}), "AdaLA": (AdaLA, {}),
            "OuterMomentum": (OuterMomentum, {"k": 3})}  # fmt: skip


def network():
    model = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Tanh(), torch.nn.Linear(6, 3))
    draw = stream(0, "clients", "weights")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.tensor(draw.normal(size=tuple(p.shape))))
    return model


def examples():
    draw = stream(0, "clients", "examples")
    inputs = torch.tensor(draw.normal(size=(STEPS * BATCH, 4)), dtype=torch.float32)
    return TensorDataset(inputs, torch.tensor(draw.integers(3, size=STEPS * BATCH)))


def optimizer(name, params):
    kind, settings = SETTINGS[name]
    return kind(params, lr=0.02, **settings)


def by_accelerate(name, folder, part):
    from accelerate import Accelerator

    accelerator, model = Accelerator(cpu=True), network()
    data = DataLoader(examples(), batch_size=BATCH)
    model, opt, data = accelerator.prepare(model, optimizer(name, model.parameters()), data)
    if part == "rest":
        accelerator.load_state(str(folder / "state"))
    for _ in {"whole": range(EPOCHS), "first": range(1), "rest": range(1, EPOCHS)}[part]:
        opt.train()
        for x, y in data:
            opt.zero_grad()
            accelerator.backward(cross_entropy(model(x), y))
            opt.step()
        opt.eval()
        seen = [p.detach().clone() for p in model.parameters()]
    if part == "first":
        accelerator.save_state(str(folder / "state"))  # of the weights that were evaluated
    opt.train()
    return model, opt.optimizer, seen


def by_transformers(name, folder, part):
    from transformers import Trainer, TrainerCallback, TrainingArguments

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = network()

        def forward(self, x, labels=None):
            if not self.training:
                seen[:] = [p.detach().clone() for p in self.parameters()]
            logits = self.body(x)
            return {"loss": cross_entropy(logits, labels), "logits": logits}

    class Stop(TrainerCallback):
        def on_save(self, args, state, control, **kwargs):
            control.should_training_stop = part == "first"

    seen, model = [], Model()
    data = [{"x": x, "labels": y} for x, y in examples()]
    opt = optimizer(name, model.parameters())
    plan = torch.optim.lr_scheduler.LambdaLR(opt, lambda step: 1 / (1 + step / 10))
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"), per_device_train_batch_size=BATCH, num_train_epochs=EPOCHS, use_cpu=True,
        eval_strategy="epoch", save_strategy="epoch", report_to=[], disable_tqdm=True, seed=0, max_grad_norm=0.0,
    )  # fmt: skip
    trainer = Trainer(model, arguments, train_dataset=data, eval_dataset=data, optimizers=(opt, plan),
                      callbacks=[Stop()])  # fmt: skip
    trainer.train(resume_from_checkpoint=part == "rest")
    opt.train()
    return model, opt, seen


def by_lightning(name, folder, part):
    import lightning

    class Model(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.body = network()

        def training_step(self, batch, index):
            return cross_entropy(self.body(batch[0]), batch[1])

        def validation_step(self, batch, index):
            seen[:] = [p.detach().clone() for p in self.parameters()]

        def on_validation_epoch_start(self):
            self.optimizers(use_pl_optimizer=False).eval()

        def on_validation_epoch_end(self):
            self.optimizers(use_pl_optimizer=False).train()

        def configure_optimizers(self):
            return optimizer(name, self.parameters())

    seen, model = [], Model()
    data = DataLoader(examples(), batch_size=BATCH)
    trainer = lightning.Trainer(
        max_epochs=1 if part == "first" else EPOCHS, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0, default_root_dir=str(folder),
    )  # fmt: skip
    saved = str(folder / "lightning.ckpt")
    trainer.fit(model, data, data, ckpt_path=saved if part == "rest" else None)
    if part == "first":
        trainer.save_checkpoint(saved)
    return model, trainer.optimizers[0], seen


def by_skorch(name, folder, part):
    from skorch import NeuralNet

    kind, settings = SETTINGS[name]
    net = NeuralNet(
        network, torch.nn.CrossEntropyLoss, optimizer=kind, lr=0.02, batch_size=BATCH, train_split=None, verbose=0,
        iterator_train__shuffle=False, **{f"optimizer__{key}": value for key, value in settings.items()},
    ).initialize()  # fmt: skip
    files = {"f_params": str(folder / "params.pt"), "f_optimizer": str(folder / "optimizer.pt")}
    if part == "rest":
        net.load_params(**files)
    for epoch in {"whole": range(EPOCHS), "first": range(1), "rest": range(1, EPOCHS)}[part]:
        if name != "AdaLA":
            net.set_params(optimizer__alpha=0.05 / (1 + epoch))  # skorch writes it into the parameter groups
            assert net.optimizer_.alpha == 0.05 / (1 + epoch)
        net.partial_fit(examples(), epochs=1)
    if part == "first":
        net.save_params(**files)
    with net.optimizer_.slow_weights():
        seen = [p.detach().clone() for p in net.module_.parameters()]
    return net.module_, net.optimizer_, seen


CLIENTS = {"accelerate": by_accelerate, "transformers": by_transformers, "lightning": by_lightning, "skorch": by_skorch}


def main(client, name, folder, part):
    warnings.simplefilter("ignore")
    logging.disable()
    torch.set_num_threads(1)
    model, opt, seen = CLIENTS[client](name, Path(folder), part)
    ends = {"end": [p.detach().clone() for p in model.parameters()], "seen": seen, "grad_evals": opt.grad_evals,
            "phase": opt.phase}  # fmt: skip
    with opt.slow_weights():
        ends["slow"] = [p.detach().clone() for p in model.parameters()]
    torch.save(ends, Path(folder) / f"{part}.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
