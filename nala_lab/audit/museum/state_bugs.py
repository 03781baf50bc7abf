"""Bugs of the torch contract: groups, hooks, closures, saving, loading, shown_at."""

from __future__ import annotations

from nala_lab.audit.museum.mutant import Mutant

__all__ = ["PERSISTENCE"]

_LOOKAHEAD, _NALA, _ADALA = "nala_lab.optim:Lookahead", "nala_lab.optim:NALA", "nala_lab.optim:AdaLA"
_BELIEF = "nala_lab.optim:AdaBelief"
_DOC = '"""A torch optimizer that knows its phase, counts its gradients and can show its slow weights."""'
_TENSOR = '    if not isinstance(value, torch.Tensor) or key == "step":'

PERSISTENCE = (
    Mutant("lost-counter", "the phase is not saved",
           (("_base", '"phase": phase,', '"phase": 0,'),), _NALA,
           "michaelrzhang/lookahead and Ranger21 keep the counter in an attribute of the object: after a resume the "
           "next synchronisation comes up to k steps late. lessw2020/Ranger-Deep-Learning-Optimizer#19 reports the "
           "dip.",
           ("resume", "fresh-process")),
    Mutant("slow-not-saved", "the slow weights are not saved",
           (("_base", "own: dict[str, Any] = self.state.get(p, {})", "own: dict[str, Any] = {}"),), _LOOKAHEAD,
           "michaelrzhang/lookahead: state_dict() is the inner optimizer's. Also meta-pytorch/torchft#238 (global "
           "parameters missing) and CyberZHG/keras-lookahead#2 (accuracy falls after a reload).",
           ("resume", "fresh-process")),
    Mutant("probe-forgotten", "a state saved at the probe point does not say so",
           (("adala", "if self._shown and", "if"),), _ADALA,
           "No report is known to us: few optimizers spread one step over two calls. It is the lost counter of "
           "michaelrzhang/lookahead and Ranger21 in another place, a state that is saved between the two calls.",
           ("resume", "fresh-process")),
    Mutant("object-in-state", "the state holds an object",
           (("_two_loop", 'return {"inner": type', 'return {"held": self.hyper, "inner": type'),),
           _LOOKAHEAD,
           "torch.load reads tensors and plain Python by default since 2.6; a class of one's own in the state is "
           "refused. kozistr/pytorch_optimizer#326 to #332 are about serialisation of single optimizers.",
           ("plain-state", "fresh-process")),
    Mutant("own-layout", "state_dict() has a layout of its own",
           (("_base", "            saved = after(self, saved) or saved\n        return saved",
             "            saved = after(self, saved) or saved\n        return {\"lookahead\": saved}"),), _LOOKAHEAD,
           "Lightning, accelerate and torch.distributed.checkpoint carry \"state\" and \"param_groups\" and nothing "
           "else (kozistr/pytorch_optimizer#200, #201, #484; huggingface/accelerate#805).",
           ("state-layout", "resume")),
    Mutant("load-pops", "load_state_dict takes entries out of the caller's dictionary",
           (("_base", "saved = deepcopy(state_dict)", "saved = state_dict"),), _NALA,
           "PrimeIntellect-ai/OpenDiloco pops its own entry from the dictionary it is given; a second load of the "
           "same checkpoint then finds nothing.",
           ("load-leaves-dict",)),
    Mutant("load-casts", "a load casts float32 accumulators to the type of the weights",
           (("_base", _TENSOR,
             "    value = value.to(p.dtype) if key != 'step' and hasattr(value, 'to') else value\n" + _TENSOR),),
           _LOOKAHEAD,
           "torch.optim.Optimizer.load_state_dict does so for every floating-point entry, so a wrapper that keeps "
           "float32 slow weights of bfloat16 parameters loses digits at each resume.",
           ("resume-dtype",)),
    Mutant("settings-not-loaded", "a load keeps the settings of the new optimizer",
           (("_base", '**new, "params": old["params"]}', "**new, **old}"),), _BELIEF,
           "No report is known to us. torch's own load takes over the saved groups, learning rate included; a run that "
           "had decayed its lr starts again with the one of its constructor, and a test at one lr sees nothing.",
           ("resume", "fresh-process")),
    Mutant("numbered-by-group", "the state is numbered from 0 in every group",
           (("_base", "{p: i for i, p in enumerate(self._params())}",
             '{p: i for group in self.param_groups for i, p in enumerate(group["params"])}'),), _BELIEF,
           "No report is known to us. torch numbers parameters through all groups; with the usual two, one with weight "
           "decay and one without, a number that begins again gives one group the moments of the other.",
           ("resume", "fresh-process")),
    Mutant("first-group-options", "the options of the first group are used for all",
           (("_adaptive", "[(p, g) for g in optimizer.param_groups for p",
             "[(p, optimizer.param_groups[0]) for g in optimizer.param_groups for p"),), _BELIEF,
           "No report is known to us. param_groups[0] is what a first program with one group reads; layer-wise rates "
           "and a bias without weight decay then do nothing.",
           ("two-groups",)),
    Mutant("shallow-groups", "param_groups is a copy of the inner optimizer's",
           (("_two_loop", "return self.inner.param_groups\n", "return [dict(g) for g in self.inner.param_groups]\n"),),
           _LOOKAHEAD,
           "kozistr/pytorch_optimizer#237: after a load the groups of the wrapper and of the inner optimizer were "
           "two lists, and the scheduler wrote into the one that nobody read.",
           ("shared-groups", "scheduler-lr")),
    Mutant("hooks-twice", "the inner step fires torch's global hooks too",
           (("_two_loop", "bare = bare_step(type(inner))", "bare = type(inner).step"),),
           _LOOKAHEAD,
           "A wrapper that calls inner.step() fires every global hook a second time: profilers count two steps. The "
           "opposite, hook tables that are missing, is kozistr/pytorch_optimizer#122.",
           ("hooks-once",)),
    Mutant("bare-group", "a group added later has no options",
           (("_two_loop", "self.inner.add_param_group(param_group)", "self.inner.param_groups.append(param_group)"),),
           _LOOKAHEAD,
           "lessw2020/Ranger-Deep-Learning-Optimizer#8: groups that come after construction lack step_counter.",
           ("added-group",)),
    Mutant("late-group", "a group added in mid-cycle has no slow weights",
           (("_two_loop", "        if self._inside_cycle():\n            added = ",
             "        if self._inside_cycle() and not self.state:\n            added = "),), _NALA,
           "The same thread: state that is made in the constructor is missing for parameters that come later, and "
           "the first synchronisation raises KeyError.",
           ("added-group", "added-group-sync")),
    Mutant("no-defaults", "a copy loses its defaults",
           (("_base", "return {**super().__getstate__(), **kept,",
             'return {"state": self.state, "param_groups": self.param_groups, **kept,'),),
           _BELIEF,
           "kozistr/pytorch_optimizer's Lookahead.__getstate__ leaves `defaults` out; add_param_group of the copy, "
           "and torch's own __setstate__, need it.",
           ("copy",)),
    Mutant("closure-twice", "the closure is evaluated twice a step",
           (("lookahead", "loss = self._inner_step(closure)",
             "_ = closure and self._counted(closure)()\n        loss = self._inner_step(closure)"),), _LOOKAHEAD,
           "No report is known to us. Two-gradient optimizers make it easy to write: who evaluates the closure, "
           "the wrapper or the inner optimizer? When both do, a step costs twice and BatchNorm sees each batch "
           "twice.",
           ("closure",)),
    Mutant("closure-no-sync", "a step with a closure never synchronises",
           (("lookahead", "loss = self._inner_step(closure)",
             "loss = self._inner_step(closure)\n        if loss is not None:\n            self._phase %= self.k\n"
             "            return loss"),), _LOOKAHEAD,
           "ReaLLMASIC/ReaLLM-Forge#479 returns early on the path without a closure; this is the other path, which a "
           "test that steps without closures never takes. The loss is returned, so a caller sees nothing.",
           ("closure",)),
    Mutant("closure-no-grad", "the closure runs without gradients",
           (("_base", "with torch.enable_grad():\n                return closure()",
             "with torch.no_grad():\n                return closure()"),), _NALA,
           "No report is known to us. step() is decorated with no_grad, so the closure has to be taken out of it "
           "again by hand, at every place that calls it; torch's documentation asks for it.",
           ("closure",)),
    Mutant("amp-promise", "it promises to handle gradient scaling and does not",
           (("_base", _DOC, f"{_DOC}\n\n    _step_supports_amp_scaling = True"),), _LOOKAHEAD,
           "huggingface/pytorch-image-models#2348 is about this attribute: with it GradScaler neither unscales nor "
           "skips. tensorflow/addons#2351 is what happens to a cycle when skipped steps count.",
           ("amp-skip",)),
    Mutant("not-put-back", "after shown_at the slow weights the fast ones are not put back",
           (("_slow", "        _write([weight for weight, _ in pairs], kept)", "        pass"),), _LOOKAHEAD,
           "guandeh17/Self-Forcing#84: an evaluation that fails leaves the averaged weights in the model; here even "
           "one that succeeds does.",
           ("slow-weights-shown",)),
    Mutant("sync-keeps-phase", "sync() forgets to begin a new cycle",
           (("_base", "        self._back_to_slow()\n        self._phase = 0", "        self._back_to_slow()"),), _NALA,
           "meta-pytorch/torchft#222: the local step runs out of line with the others after a recovery. "
           "lessw2020/Ranger#24 asks for a manual synchronisation at all.",
           ("sync-method",)),
)  # fmt: skip
