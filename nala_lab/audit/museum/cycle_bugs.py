"""Bugs of the slow loop: when it mixes, what it mixes with, what it leaves out."""

from __future__ import annotations

from nala_lab.audit.museum.mutant import Mutant

__all__ = ["TWO_LOOPS"]

_LOOKAHEAD, _NALA = "nala_lab.optim:Lookahead", "nala_lab.optim:NALA"
_SYNC = "        if self._phase == self.k:\n            self._mix()"
_COPY = "torch._foreach_copy_([slow for _, slow in same], [p for p, _ in same])"
_SLOW = 'self.state[p]["slow"] = p.detach().to(wide(p), copy=True)'
_MIX = "self._mix()"
_SPEND = "loss = self._spend(closure)"

TWO_LOOPS = (
    Mutant("lazy-slow", "slow weights are made after the first step",
           (("_two_loop", "            self._phase += 1\n",
             "            self._phase += 1\n            self._grad_evals == 1 and self._start_cycle()\n"),),
           _LOOKAHEAD,
           "alphadl/lookahead.pytorch, its copy in jettify/pytorch-optimizer, and timm at 44ed0f8 make the slow copy"
           " at the first synchronisation, after step 1: one step is lost. Their programs, which also mix after steps"
           " 1, 6, ..., end at 0.296972 after 20 steps instead of 0.399948; late slow weights alone make half a step.",
           ("path", "which-program", "slow-at-start")),
    Mutant("sync-first", "synchronised after inner steps 1, k + 1, 2k + 1",
           (("lookahead", _SYNC, _SYNC.replace("self._phase == self.k", "self._grad_evals % self.k == 1 % self.k")),),
           _LOOKAHEAD,
           "jettify/pytorch-optimizer 0.3.0 and SNOO ask whether the counter is zero before they raise it; the "
           "reference program with eager slow weights would end at 0.313470 after 20 steps.",
           ("path", "sync-steps", "which-program")),
    Mutant("sync-early", "synchronised after k - 1 inner steps",
           (("_two_loop", "return int(self.hyper.k)", "return max(int(self.hyper.k) - 1, 1)"),), _NALA,
           "The common off-by-one of a loop that counts from 1; both papers count inner steps i = 0 .. k-1.",
           ("closure", "nala-closed-form", "nala-gradient-at-y")),
    Mutant("sync-late", "synchronised after k + 1 inner steps",
           (("_two_loop", "return int(self.hyper.k)", "return int(self.hyper.k) + 1"),), _LOOKAHEAD,
           "A counter that is compared before it is raised. With k = 5 training looks much the same, which is why "
           "only a list of the steps shows it.",
           ("sync-steps", "closed-form")),
    Mutant("zero-slot", "the first slow weights are zeros",
           (("_two_loop", _COPY, _COPY.replace("[p for", "[p * (self._grad_evals > 0) for")),), _NALA,
           "TensorFlow's _zeros_slot in the released NALA and Lookahead programs (guanzhongzx/Nesterov-Look-ahead), "
           "and tensorflow/addons#2351: the first synchronisation multiplies every weight by 1 + mu.",
           ("path", "nala-closed-form", "nala-first-slow")),
    Mutant("stale-slow", "slow weights are never renewed",
           (("_two_loop", f"        if same:\n            {_COPY}",
             f"        if same and self._grad_evals == 0:\n            {_COPY}"),), _LOOKAHEAD,
           "The slow copy is made once and not written at the synchronisation, so every cycle pulls towards the "
           "initial weights: averaging with a fixed anchor is another method.",
           ("path", "closed-form")),
    Mutant("aliased-slow", "the slow weights are the weights",
           (("_two_loop", _SLOW, 'self.state[p]["slow"] = p.detach()'),), _LOOKAHEAD,
           "michaelrzhang/lookahead and kozistr/pytorch_optimizer kept references to live tensors (there the "
           "momentum); a missing clone() makes mixing a no-op.",
           ("aliasing", "path")),
    Mutant("wrong-end", "alpha is measured from the fast weights",
           (("lookahead", "return 1 - self", "return self"),), _LOOKAHEAD,
           "Conventions differ: NALA's program writes (1 + a) x - a s with a in (-1, 0), optax calls alpha "
           "slow_step_size, SNOO calls it lr. At the default 0.5 nobody notices.",
           ("path", "alpha-one", "alpha-zero"), {"alpha": 0.3}),
    Mutant("early-return", "step() returns before the synchronisation",
           (("lookahead", "loss = self._inner_step(closure)",
             "loss = self._inner_step(closure)\n        if loss is None:\n            return None"),), _LOOKAHEAD,
           "ReaLLMASIC/ReaLLM-Forge#479: an early return on the path without a closure; the wrapper becomes its "
           "inner optimizer and trains as well as that.",
           ("path", "sync-steps")),
    Mutant("skip-no-grad", "parameters without a gradient are left out of the synchronisation",
           (("_two_loop", "same, mixed = self._pairs(params)\n            if same:",
             "same, mixed = self._pairs([p for p in params if p.grad is not None])\n            if same:"),),
           _LOOKAHEAD,
           "kozistr/pytorch_optimizer 4.1.0 and timm loop over parameters with a gradient; a layer that is frozen in"
           " mid-cycle keeps its fast weights and its slow copy drifts.",
           ("frozen-at-sync",)),
    Mutant("first-of-group", "the first parameter of each group is synchronised, the others are not",
           (("_two_loop", "same, mixed = self._pairs(params)\n            if same:",
             "same, mixed = self._pairs(params[:1])\n            if same:"),), _NALA,
           "No report is known to us. Where one parameter in one group is all that is compared, an index that is left "
           "over from trying things out, or a return inside the loop, is the right algorithm.",
           ("path", "path-adam")),
    Mutant("aliased-momentum", "pullback's saved momentum is the live buffer",
           (("_two_loop", "anchor.copy_(momentum)", "anchor.set_(momentum)"),), _LOOKAHEAD,
           "michaelrzhang/lookahead, pullback: the cached momentum is the buffer itself, so from the second "
           "synchronisation on it is mixed with itself.",
           ("path", "aliasing"), {"inner_state": "pullback"}),
    Mutant("pullback-forgotten", "pullback leaves the momentum as it is",
           (("_two_loop", "            self._pull_back()\n", "            pass\n"),), _LOOKAHEAD,
           "kozistr/pytorch_optimizer 4.1.0 around Adam: pullback makes and mixes a key named momentum_buffer, "
           "which Adam does not read, and exp_avg stays as it was.",
           ("momentum-pullback",)),
    Mutant("reset-forgotten", "reset leaves the inner state as it is",
           (("_two_loop", "        self.inner.state.clear()\n", ""),), _LOOKAHEAD,
           "michaelrzhang/lookahead and kozistr/pytorch_optimizer 4.1.0, reset around Adam: a key named "
           "momentum_buffer is set to zero, exp_avg stays as it was.",
           ("momentum-reset",)),
    Mutant("half-reset", "reset clears the moments and keeps the step counter",
           (("_two_loop", "self.inner.state.clear()\n",
             '[t.zero_() for own in self.inner.state.values() for key, t in own.items() if key != "step"]\n'),),
           _LOOKAHEAD,
           "Moments without their counter break the bias correction: the first step after a reset is too short by a "
           "factor of about 1 / (1 - beta1). A reset has to take both.",
           ("path-adam",), {"inner_state": "reset"}, "adam"),
    Mutant("state-in-inner", "the wrapper writes into the inner optimizer's state",
           (("_two_loop", _SLOW, _SLOW + '; self.inner.state[p]["slow"] = self.state[p]["slow"]'),), _LOOKAHEAD,
           "facebookresearch/schedule_free's wrapper put z there; torch's Adam asks whether the state is empty and "
           "then skips its own set-up: KeyError 'exp_avg', also in kohya-ss/sd-scripts#1605.",
           ("inner-keys", "any-inner", "path-adam"), {}, "adam"),
    Mutant("half-slow", "slow weights in the type of the weights",
           (("_base", "return torch.float32 if p.dtype in (torch.float16, torch.bfloat16) else p.dtype",
             "return p.dtype"),), _LOOKAHEAD,
           "In bfloat16 a step of a fifth of an ulp rounds to nothing: the slow weights stand still however long one"
           " trains. Public wrappers clone the parameter, type included.",
           ("half-precision",)),
    Mutant("mu-sign", "the look-ahead point lies on the other side",
           (("nala", "return -self", "return self"),), _NALA,
           "Eq. (5) of the NALA paper is printed with |mu|, right for mu <= 0 only; with mu = -0.5 one sign makes an"
           " interpolation, the other an extrapolation.",
           ("path", "nala-closed-form", "nala-gradient-at-y")),
    Mutant("gradient-at-theta", "the outer gradient is taken at theta, not at y",
           (("nala", f"            {_MIX}  #", "            pass  #"),
            ("nala", _SPEND, f"{_SPEND}\n        {_MIX}")), _NALA,
           "guanzhongzx/Nesterov-Look-ahead, with resource variables under TensorFlow 1.15: the weights of the outer"
           " gradient are theta_{t,k} in 20 of 20 runs, and mu has no effect on it.",
           ("nala-gradient-at-y", "nala-closed-form")),
    Mutant("stale-gradient", "the closure is not evaluated again at y",
           (("nala", _SPEND, "loss = None"),), _NALA,
           "guanzhongzx/Nesterov-Look-ahead: activations of the outer gradient are those of the last inner step; on "
           "a quadratic that is exactly the last inner gradient.",
           ("closure", "nala-gradient-at-y", "nala-batch"), {"outer_batch": "same"}),
    Mutant("uphill", "the outer step goes uphill",
           (("nala", "else -alpha", "else alpha"),), _NALA,
           "A pseudo-gradient is slow - fast, a gradient is subtracted; mixing the two conventions flips one sign. "
           "With alpha = 0.001 the loss still falls.",
           ("path", "nala-closed-form")),
    Mutant("inner-lr-outside", "the outer step has the inner learning rate",
           (("nala", "else -alpha", 'else -self.param_groups[0]["lr"]'),), _NALA,
           "One name for two step sizes: a factory that forwards alpha or lr to both loops "
           "(kozistr/pytorch_optimizer's create_optimizer forwards keywords that way).",
           ("path", "nala-closed-form")),
)  # fmt: skip
