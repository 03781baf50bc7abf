(** T09: Lookahead's stationary variance over SGD's at the same learning rate (Zhang et al. 2019,
    Proposition 2) is s (1 + R) / (2 - s (1 - R)), with s = 1 + mu and R = (1 - lr lam)^k. *)

From Coq Require Import Reals Lra Lia.
From NalaLab Require Import Algorithm1 T08_noise_one_mode T12_eq5.
Open Scope R_scope.

Definition variance_ratio (s left : R) : R := s * (1 + left) / (2 - s * (1 - left)).
Definition sgd_variance (lr lam w : R) : R := stationary (1 - lr * lam) (lr ^ 2 * w).

Lemma energy_closed r k : (1 - r ^ 2) * energy r k = 1 - (r ^ k) ^ 2.
Proof.
  induction k as [|k IH]; [unfold energy; simpl; ring|].
  rewrite energy_S.
  replace ((1 - r ^ 2) * (1 + r ^ 2 * energy r k))
    with ((1 - r ^ 2) + r ^ 2 * ((1 - r ^ 2) * energy r k)) by ring.
  rewrite IH; simpl; ring.
Qed.

(* SGD itself: lr w / (lam (2 - lr lam)) *)
Theorem sgd_variance_is lr lam w :
  0 < lr * lam < 2 -> sgd_variance lr lam w = lr * w / (lam * (2 - lr * lam)).
Proof.
  intros inside; unfold sgd_variance, stationary; assert (lam <> 0) by nra.
  replace (1 - (1 - lr * lam) ^ 2) with (lr * (lam * (2 - lr * lam))) by ring.
  field; repeat split; nra.
Qed.

Theorem variance_ratio_is lr k mu lam w :
  0 < lr * lam < 2 -> factor lr k mu lam ^ 2 <> 1 ->
  stationary (factor lr k mu lam) (noise_full lr k mu 0 lam w)
  = variance_ratio (1 + mu) ((1 - lr * lam) ^ k) * sgd_variance lr lam w.
Proof.
  intros inside stable; unfold stationary, sgd_variance, stationary, variance_ratio, noise_full.
  pose proof (energy_closed (1 - lr * lam) k) as closed.
  unfold factor in *; set (r := 1 - lr * lam) in *; set (p := r ^ k) in *.
  assert (gap : 1 - r ^ 2 <> 0) by (unfold r; nra).
  replace (energy r k) with ((1 - p ^ 2) / (1 - r ^ 2))
    by (rewrite <- closed; field; exact gap).
  assert (split : 1 - ((1 + mu) * p - mu) ^ 2
                  = (1 + mu) * (1 - p) * (2 - (1 + mu) * (1 - p))) by ring.
  rewrite split.
  assert (nonzero : (1 + mu) * (1 - p) * (2 - (1 + mu) * (1 - p)) <> 0).
  { rewrite <- split; intros zero; apply stable; lra. }
  field; repeat split; try exact gap; intros zero; apply nonzero.
  - rewrite zero; ring.
  - replace (1 - p) with 0 by lra; ring.
  - replace (1 + mu) with 0 by lra; ring.
Qed.

(* At equal learning rate averages lower it and extrapolation raises it: R in (-1, 1), B stable. *)
Theorem averages_lower_it mu left :
  -1 < left < 1 -> 0 < 2 - (1 + mu) * (1 - left) ->
  (variance_ratio (1 + mu) left < 1 <-> mu < 0).
Proof.
  intros range stable; unfold variance_ratio.
  set (d := 2 - (1 + mu) * (1 - left)) in *.
  assert (parts : (1 + mu) * (1 + left) = d + 2 * mu) by (unfold d; ring).
  rewrite parts; clearbody d.
  assert (0 < / d) by now apply Rinv_0_lt_compat.
  replace ((d + 2 * mu) / d) with (1 + 2 * (mu * / d)) by (field; lra).
  split; intros sign; nra.
Qed.

(* The hypotheses can be met, on both sides of 1. *)
Theorem ratio_on_both_sides :
  variance_ratio (1 + -1/2) (1/2) = 3/7 /\ variance_ratio (1 + 1/2) (1/2) = 9/5.
Proof. unfold variance_ratio; split; field. Qed.
