"""Bugs that look-ahead optimizers really had, planted one by one in the torch twin: parity must see each."""

import pytest
import torch

from nala_lab.core import stream
from nala_lab.methods import WITH_TWINS
from nala_lab.optim import NALA, AdaLA, OuterMomentum, adabelief, adala
from nala_lab.optim._two_loop import TwoLoop
from tests.conformance.twins import DIM, differences, given, gradients_per_row, length, quadratic


def mu_sign(patch):
    patch.setattr(NALA, "_back", lambda self, group: group["mu"])


def sync_one_step_early(patch):
    patch.setattr(TwoLoop, "k", property(lambda self: max(1, self.hyper.k - 1)))


def slow_slot_at_zero(patch):
    def zeros(self, params):
        for p in params:
            self.state[p]["slow"] = torch.zeros_like(p)

    patch.setattr(TwoLoop, "_copy_slow", zeros)
    patch.setattr(TwoLoop, "_start_cycle", lambda self: self._copy_slow(self._params()) if not self.state else None)


def slow_slot_made_after_the_first_step(patch):
    step = TwoLoop._inner_step

    def late(self, closure):
        loss = step(self, closure)
        if self._phase == 1 and not getattr(self, "_late", False):
            self._late = True
            self._copy_slow(self._params())
        return loss

    patch.setattr(TwoLoop, "_inner_step", late)


def slow_slot_aliases_the_weights(patch):
    def alias(self, params):
        for p in params:
            self.state[p]["slow"] = p.detach()

    patch.setattr(TwoLoop, "_copy_slow", alias)


def outer_gradient_at_theta(patch):
    def late_mix(self, closure):
        loss = self._spend(closure)
        self._mix()
        for p in self._params():
            p.add_(p.grad, alpha=-self.alpha)
        self._end_cycle()
        return loss

    def step(self, closure=None):
        if self._phase == self.k:
            return late_mix(self, closure)
        loss = self._inner_step(closure)
        if self._phase == self.k and self.hyper.outer_batch == "last":
            late_mix(self, closure)
        return loss

    patch.setattr(NALA, "step", torch.no_grad()(step))


def outer_gradient_ascends(patch):
    setting = NALA._setting
    patch.setattr(NALA, "_setting", lambda self, group, name: setting(self, group, name) * (-1) ** (name == "alpha"))


def pulled_back_momentum_aliases_the_buffer(patch):
    def alias(self):
        for group in self.param_groups:
            for p in group["params"]:
                for key, momentum in self._momenta(p):
                    anchor = self.state[p].get(f"slow.{key}", torch.zeros_like(momentum))
                    momentum.lerp_(anchor, self._back(group))
                    self.state[p][f"slow.{key}"] = momentum

    patch.setattr(TwoLoop, "_pull_back", alias)


def reset_forgotten(patch):
    patch.setattr(TwoLoop, "_reset_inner", lambda self: None)


def everywhere(patch, name, function):
    for room in (adabelief, adala):
        patch.setattr(room, name, function)


def eps_under_the_root(patch):
    def root(p, m, s, t, group, form, t_s=None):
        (beta1, beta2), steps = group["betas"], t if t_s is None else t_s
        s_hat = torch._foreach_add(torch._foreach_div(s, 1 - beta2**steps), group["eps"])
        torch._foreach_addcdiv_(p, m, torch._foreach_sqrt(s_hat), -float(group["lr"]) / (1 - beta1**t))

    everywhere(patch, "move", root)


def eps_left_out_of_the_average(patch):
    belief = adala.add_belief
    everywhere(patch, "add_belief", lambda s, g, e, group, new=False: belief(s, g, e, {**group, "eps": 0.0}, new=new))


def belief_around_the_old_mean(patch):
    mean, belief = adabelief.add_mean, adabelief.add_belief

    def remembering(m, g, group):
        remembering.old = [x.clone() for x in m]
        return mean(m, g, group)

    patch.setattr(adabelief, "add_mean", remembering)
    patch.setattr(adabelief, "add_belief", lambda s, g, expected, group: belief(s, g, remembering.old, group))


def no_bias_correction(patch):
    move = adala.move

    def uncorrected(p, m, s, t, group, form, t_s=None):
        move(p, [x * (1 - group["betas"][0] ** t) for x in m], s, t, group, form, t_s)

    everywhere(patch, "move", uncorrected)


def probe_not_restored(patch):
    back = AdaLA._adapted_step

    def stay(self):
        for p in self._params():
            self.state[p]["base"] = p.detach().clone()
        back(self)

    patch.setattr(AdaLA, "_adapted_step", stay)


def probe_keeps_its_moments(patch):
    trial = AdaLA._try

    def keeping(self, x):
        trial(self, x)
        adala.add_mean(x.exp_avg, x.g, x.group)

    patch.setattr(AdaLA, "_try", keeping)


def second_gradient_without_decay(patch):
    adapt = AdaLA._adapt

    def bare(self, x):
        x.g = torch._foreach_sub(x.g, x.p, alpha=x.group["weight_decay"])
        adapt(self, x)

    patch.setattr(AdaLA, "_adapt", bare)


def velocity_forgotten(patch):
    kept = TwoLoop._kept_as
    zero = lambda self, p, name="slow": kept(self, p, name) * (name != "velocity")  # noqa: E731
    patch.setattr(OuterMomentum, "_kept_as", zero)


def leap_without_the_new_displacement(patch):
    patch.setattr(OuterMomentum, "_back", lambda self, group: 1 - group["nu"])
    patch.setattr(OuterMomentum, "_go", NALA._go)


def looks_ahead_one_step_late(patch):
    whole = property(lambda self: vars(self)["held"] + 1, lambda self, value: vars(self).update(held=value))
    patch.setattr(AdaLA, "_steps", whole, raising=False)


BUGS = {
    velocity_forgotten: "OuterMomentum",
    leap_without_the_new_displacement: "OuterMomentum",
    looks_ahead_one_step_late: "AdaLA",
    mu_sign: "NALA",
    sync_one_step_early: "NALA Lookahead",
    slow_slot_at_zero: "NALA Lookahead",
    slow_slot_made_after_the_first_step: "NALA Lookahead",
    slow_slot_aliases_the_weights: "NALA Lookahead",
    outer_gradient_at_theta: "NALA",
    outer_gradient_ascends: "NALA",
    pulled_back_momentum_aliases_the_buffer: "NALA Lookahead",
    reset_forgotten: "NALA Lookahead",
    eps_under_the_root: "AdaBelief AdaLA",
    eps_left_out_of_the_average: "AdaBelief AdaLA",
    belief_around_the_old_mean: "AdaBelief",
    no_bias_correction: "AdaBelief AdaLA",
    probe_not_restored: "AdaLA",
    probe_keeps_its_moments: "AdaLA",
    second_gradient_without_decay: "AdaLA",
}


def parts_on(name, kind):
    """True as soon as one hard setting of the line shows a difference."""
    for index, settings in enumerate(WITH_TWINS[name].hard):
        if kind == "given":
            n = (length(name, settings) + 2) * (gradients_per_row(name, settings) + 1)
            grads = [given(name, index, n), given(name, index, n)]
            x0 = stream(0, "parity", name, "start").normal(size=DIM) + 3
        else:
            grad, x0 = quadratic()
            grads = [grad, grad]
        try:
            if differences(name, dict(settings), *grads, x0):
                return True
        except AssertionError:  # the walk has another number of rows, or phi moved inside a cycle
            return True
    return False


@pytest.mark.parametrize("kind", ["given", "quadratic"])
@pytest.mark.parametrize(("bug", "name"), [(b, n) for b, names in BUGS.items() for n in names.split()])
def test_parity_catches(bug, name, kind, monkeypatch):
    assert not parts_on(name, kind)  # without the bug the twins agree
    bug(monkeypatch)
    assert parts_on(name, kind)
