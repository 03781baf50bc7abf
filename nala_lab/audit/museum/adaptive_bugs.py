"""Bugs of AdaBelief and AdaLA: moments, corrections, eps, the probe."""

from __future__ import annotations

from nala_lab.audit.museum.mutant import Mutant

__all__ = ["ADAPTIVE"]

_BELIEF, _ADALA = "nala_lab.optim:AdaBelief", "nala_lab.optim:AdaLA"

ADAPTIVE = (
    Mutant("no-bias-correction", "the first moment is not bias-corrected",
           (("_adaptive", "/ (1 - beta1**t)", "/ 1"),), _BELIEF,
           "Planted in Adam, this bug passes optax's convergence tests on both the parabola and Rosenbrock; five "
           "steps of numbers catch it.",
           ("first-step", "twin")),
    Mutant("wrong-beta", "the second moment is corrected with beta1",
           (("_adaptive", "sqrt(1 - beta2 **", "sqrt(1 - beta1 **"),), _ADALA,
           "The powers of the two betas exchanged; on a parabola it converges all the same.",
           ("first-step", "twin")),
    Mutant("eps-under-root", "eps is added under the root",
           (("_adaptive", "root = torch._foreach_sqrt(s)\n            "
             'add_number(root, eps * c if form == "hat" else eps)',
             "root = torch._foreach_add(s, eps * c * c)\n            torch._foreach_sqrt_(root)"),), _BELIEF,
           "Eq. (3) of the NALA paper prints sqrt(v + eps), Kingma and Ba sqrt(v) + eps. d2l.ai's Adam was found to "
           "add eps to another place; with eps = 1e-8 and float32 no test of five steps can tell.",
           ("first-step", "after-silence", "twin")),
    Mutant("eps-not-averaged", "eps is left out of the average",
           (("_adaptive", 'return add_number(s, group["eps"])', "return s"),), _ADALA,
           "juntang-zhuang/Adabelief-Optimizer#23 asks whether the gain is the epsilon: in the average it sums to "
           "eps / (1 - beta2), a thousand times eps.",
           ("first-step", "linear-objective", "twin")),
    Mutant("eps-in-place", "eps at the root is written into the average",
           (("_adaptive", "root = add_number(s, eps, new=True)",
             "torch._foreach_add_(s, eps)\n        root = [one.clone() for one in s]"),), _BELIEF,
           "Early AdaBelief programs add eps in place while they form the denominator, so that it accumulates; "
           "printed beside the other eps of Algorithm 2 it is then counted twice a step.",
           ("twin",), {"denominator": "raw"}),
    Mutant("belief-in-old-mean", "the residual is taken from the mean before this step",
           (("adabelief", "        m = add_mean(x.exp_avg, x.g, x.group)",
             "        m = [one.clone() for one in x.exp_avg]\n        add_mean(x.exp_avg, x.g, x.group)"),
            ("adabelief", "move(x.p, m,", "move(x.p, x.exp_avg,")), _BELIEF,
           "Algorithm 2 prints (g_t - m_t)^2 with the new mean; implementations that update s first use the old one,"
           " and the first residual is g instead of beta1 g.",
           ("first-step", "linear-objective", "twin")),
    Mutant("stuck-counter", "the step counter does not run",
           (("adabelief", "        count(pairs, self.state)\n", ""),), _BELIEF,
           "No report is known to us for AdaBelief; resetting `step` without the moments, or the reverse, is what "
           "wrappers do that touch the inner state. The bias correction of the first step is then applied for "
           "ever.",
           ("linear-objective", "twin")),
    Mutant("decay-in-grad", "weight decay is written into the gradient",
           (("_adaptive", "x.g = torch._foreach_add(x.g,", "torch._foreach_add_(x.g,"),),
           _BELIEF,
           "schedule_free's SGD left p.grad changed (1.0 became 1.5), and AdaLA.py:148 adds the decay in place: the "
           "second gradient of the released loop contains it.",
           ("grad-untouched",)),
    Mutant("probe-stays", "the weights are not put back after the probe",
           (("adala", "torch._foreach_copy_(x.p, x.base)", "pass"), ("adala", "p.copy_(base)", "pass")), _ADALA,
           "Section 5 of the AdaLA paper says to revert the parameters before the adapted step. Without it, two "
           "steps are taken and the second is measured from the wrong place.",
           ("probe-restored", "twin")),
    Mutant("aliased-base", "the weights kept before the probe are the weights",
           (("adala", "base=p.detach().clone()", "base=p.detach()"),), _ADALA,
           "detach() shares storage; the aliases of michaelrzhang/lookahead and of adala-optimizer's "
           "old_state.clear(), which empties the list that the optimizer uses, are of this family.",
           ("aliasing", "probe-restored", "twin")),
    Mutant("probe-keeps-m", "the trial step writes into the first moment",
           (("adala", "add_mean(x.exp_avg, x.g, x.group, new=new)", "add_mean(x.exp_avg, x.g, x.group)"),),
           _ADALA,
           "AdaLA.py:155-156 of sharanramjee/adala-optimizer: the first optimizer.step() updates m, s and the "
           "counter, and only the weights were meant to be restored.",
           ("twin", "linear-objective", "after-silence")),
    Mutant("momentum-from-ahead", "m is built from the gradient ahead",
           (("adala", "m = add_mean(x.exp_avg, g, x.group)  # m_t, from",
             "m = add_mean(x.exp_avg, g if ahead is None else ahead, x.group)  # m_t, from"),),
           _ADALA,
           "Algorithm 3 has m_t <- beta1 m + (1 - beta1) g_t; with g_(t+1) it would be an extragradient method.",
           ("twin",)),
    Mutant("no-difference", "s is built from the gradient, not from the difference",
           (("adala", "ahead if blend == 1", "[0 * one for one in ahead] if blend == 1"),), _ADALA,
           "In the released AdaLA loop the two gradients nearly cancel in the wrong way: the residual is about -g, "
           "so s is Adam's second moment and nothing looks ahead.",
           ("twin", "first-step", "newton-first-step")),
    Mutant("half-decay", "weight decay enters the first gradient only",
           (("adala", "        torch._foreach_copy_(x.p, x.base)",
             "        x.g = torch._foreach_sub(x.g, x.p, alpha=x.group['weight_decay'])\n"
             "        torch._foreach_copy_(x.p, x.base)"),),
           _ADALA,
           "AdaLA.py:148 adds the decay to g_t and not to the gradient ahead: their difference contains the decay.",
           ("twin",)),
    Mutant("second-loss", "step() returns the loss at the probe point",
           (("adala", "                self._spend(closure)\n", "                loss = self._spend(closure)\n"),),
           _ADALA,
           "No report is known to us. Which loss does a step with two gradients report? Ours is the first, at the "
           "weights that the caller knows; the last one computed is what a loop leaves in the variable.",
           ("closure",), {"probe_batch": "same"}),
    Mutant("no-lookahead", "the probe point is where the weights already are",
           (("adala", "        self._try(x)\n", ""),), _ADALA,
           "sharanramjee/adala-optimizer evaluates the loss on outputs that were computed before the probe: the "
           "second gradient is that of the same point.",
           ("twin", "newton-first-step")),
)  # fmt: skip
