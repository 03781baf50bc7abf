"""What two processes check together: ``python -m tests.optim.ranks FOLDER RANK``, started twice by test_distributed."""

from __future__ import annotations

import sys
import traceback
import warnings
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import state_dict as named
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from tests.optim.training import CALLS, HALF, MAKERS, K, kept, loss_on, train

RANKS = 2
SIZES = (4, 5, 3, 1)  # over two ranks: 5 rows are 3 and 2, 1 row is 1 and 0
HALVES = (slice(0, 4), slice(4, 8))  # of a batch, one a rank


def small(dtype=torch.float64):
    """A network without BatchNorm, at weights that are the same on every rank."""
    layers = [torch.nn.Linear(a, b, dtype=dtype) for a, b in zip(SIZES, SIZES[1:], strict=False)]
    for i, p in enumerate(p for layer in layers for p in layer.parameters()):
        with torch.no_grad():
            p.copy_(torch.linspace(-1, 1 + 0.1 * i, p.numel(), dtype=p.dtype).reshape(p.shape))
    return torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1], torch.nn.Tanh(), layers[2])


def full(p):
    return (p.full_tensor() if hasattr(p, "full_tensor") else p).detach().clone()


def shown(model, opt):
    with opt.slow_weights(model):
        return [full(p) for p in model.parameters()]


def require_equal_on_ranks(tensors, what):
    for i, tensor in enumerate(tensors):
        others = [torch.empty_like(tensor) for _ in range(RANKS)]
        dist.all_gather(others, tensor.contiguous())
        assert all(torch.equal(tensor, other) for other in others), f"{what}: tensor {i} differs between the ranks"


def require_close(one, two, what):
    # the mean of two halves against the whole batch: a rounding or two a gradient, carried through a few calls of
    # steps of 1e-2 and, in the adaptive methods, quotients of nearly equal numbers
    off = max((a - b).abs().max().item() for a, b in zip(one, two, strict=True) if a.numel())
    assert off <= 1e-9, f"{what}: off by {off:.3g}"


# ---- what is checked ------------------------------------------------------------------------------------------------


def beside_one_process(name, rank, model, opt, each):
    """Weights, slow weights and phase of the run are those of one process on the whole batch; `each` checks more."""
    alone = small()
    single = MAKERS[name](alone.parameters())
    for call in range(CALLS):
        train(model, opt, call, call + 1, HALVES[rank])
        train(alone, single, call, call + 1)
        require_close(shown(model, opt), shown(alone, single), f"call {call}, slow")
        require_close([full(p) for p in model.parameters()], [full(p) for p in alone.parameters()], f"call {call}")
        assert opt.phase == single.phase and opt.grad_evals == single.grad_evals
        each(f"call {call}")
    opt.sync()
    require_close([full(p) for p in model.parameters()], shown(alone, single), "sync")


def ddp(name, rank, folder, **options):
    """P36: every rank has the weights, slow weights and phase of the run in one process on the whole batch."""
    model = DistributedDataParallel(small(), **options)
    opt = MAKERS[name](model.parameters())
    both = lambda what: require_equal_on_ranks([*shown(model, opt), *map(full, model.parameters())], what)  # noqa: E731
    beside_one_process(name, rank, model, opt, both)


# A bucket of 64 bytes: most tensors have one of their own, and the largest is larger than it.
buckets = partial(ddp, bucket_cap_mb=64 / 2**20, gradient_as_bucket_view=True)


def overflow(name, rank, folder):
    """A gradient that is infinite on one rank is so on both: both skip, and stay in the same phase."""
    model = DistributedDataParallel(small())
    opt = MAKERS[name](model.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    for call in range(CALLS):
        opt.zero_grad()
        bad = call % 3 == 1 and rank == call % 2
        scaler.scale(loss_on(model, call, HALVES[rank]) * (torch.inf if bad else 1.0)).backward()
        scaler.step(opt)
        scaler.update()
        require_equal_on_ranks([*shown(model, opt), torch.tensor([opt.phase])], f"call {call}")
    assert opt.grad_evals == CALLS - len(range(1, CALLS, 3))


def sharded(make, mesh, dtype=torch.float64):
    model = small(dtype)
    for layer in model:
        if isinstance(layer, torch.nn.Linear):
            fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    return model, make(model.parameters())


def require_sharded_state(opt):
    """P25: slow weights and moments are sharded as their parameter is."""
    for p, key, value in kept(opt):
        if isinstance(value, torch.Tensor) and value.ndim:
            assert value.placements == p.placements and value.shape == p.shape, key
            assert value.to_local().shape == p.to_local().shape, key


def fsdp(name, rank, folder):
    """P25: parameters sharded over two processes, unevenly, take the steps of the run in one process."""
    model, opt = sharded(MAKERS[name], init_device_mesh("cpu", (RANKS,)))
    beside_one_process(name, rank, model, opt, lambda what: require_sharded_state(opt))


def through_a_checkpoint(saved, loaded, folder):
    """Save one model and optimizer and load them into another pair, whose weights must not help."""
    with torch.no_grad():
        for p in loaded[0].parameters():
            p.zero_()
    dcp.save(dict(zip("mo", named.get_state_dict(*saved), strict=True)), checkpoint_id=folder)
    state = dict(zip("mo", named.get_state_dict(*loaded), strict=True))
    dcp.load(state, checkpoint_id=folder)
    named.set_state_dict(*loaded, model_state_dict=state["m"], optim_state_dict=state["o"])
    assert (loaded[1].phase, loaded[1].grad_evals) == (saved[1].phase, saved[1].grad_evals)


def resume(name, rank, folder, makers=MAKERS, dtype=torch.float64):
    """P24, P25: sharded checkpoints from before the first step and from inside a cycle, to the last bit."""
    mesh = init_device_mesh("cpu", (RANKS,))
    for stop in (0, 1, K):
        pairs = [sharded(makers[name], mesh, dtype) for _ in range(2)]
        train(*pairs[0], 0, stop, HALVES[rank])
        through_a_checkpoint(*pairs, folder / f"{name}-{dtype}-{stop}")
        for pair in pairs:
            train(*pair, stop, CALLS, HALVES[rank])
        for a, b in zip(*(model.parameters() for model, _ in pairs), strict=True):
            assert torch.equal(full(a), full(b)), stop


# The same in bfloat16, where the slow weights have digits that the weights lack.
resume_half = partial(resume, makers=HALF, dtype=torch.bfloat16)
CHECKS = {
    "ddp": (ddp, list(MAKERS)),
    "buckets": (buckets, ["NALA", "AdaLA"]),
    "overflow": (overflow, ["NALA", "Lookahead", "AdaLA"]),
    "fsdp": (fsdp, list(MAKERS)),
    "resume": (resume, list(MAKERS)),
    "resume_half": (resume_half, list(HALF)),
}


def main(folder: Path, rank: int) -> None:
    """Run every check; write ``ok`` or the traceback of each to a file of its own."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # torch's own, about running without accelerators
    store = dist.FileStore(str(folder / "store"), RANKS)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=RANKS)
    for what, (check, names) in CHECKS.items():
        for name in names:
            try:
                check(name, rank, folder)
                said = "ok"
            except Exception:
                said = traceback.format_exc()
            (folder / f"{what} {name} {rank}").write_text(said)
    dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
