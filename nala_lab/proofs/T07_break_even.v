(** T07: per gradient, NALA (k + 1 gradients a cycle) against Lookahead (k) and gradient descent, on
    one mode of a quadratic. Roots are avoided: |rho|^(1/(k+1)) < |B|^(1/k) is written
    |rho|^k < |B|^(k+1), which is the same as both sides are not negative. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1 Powers.
Open Scope R_scope.

(* the outer step that is always long enough *)
Definition sufficient (lr mu : R) : R := (1 + mu) * lr.

Lemma factor_is_a_mean lr k mu lam :
  -1 <= mu <= 0 -> 0 <= lr * lam <= 1 -> 0 <= factor lr k mu lam <= 1.
Proof.
  intros range inside; unfold factor.
  pose proof (pow_unit (1 - lr * lam) k ltac:(lra)); nra.
Qed.

(* The exact break-even: the outer step must shrink the mode by more than an inner gradient does. *)
Theorem break_even_exact lr k mu alpha lam :
  factor lr k mu lam <> 0 ->
  (Rabs (rho lr k mu alpha lam) ^ k < Rabs (factor lr k mu lam) ^ S k
   <-> Rabs (1 - alpha * lam) ^ k < Rabs (factor lr k mu lam)).
Proof.
  intros moves; unfold rho; rewrite Rabs_mult, Rpow_mult_distr; simpl.
  assert (0 < Rabs (factor lr k mu lam) ^ k) by now apply pow_lt, Rabs_pos_lt.
  split; intros less; [|nra].
  apply Rmult_lt_reg_r with (Rabs (factor lr k mu lam) ^ k); lra.
Qed.

(* In k + 1 gradients descent shrinks the mode by |1 - lr lam|^(k+1). *)
Theorem break_even_descent lr k mu alpha lam :
  factor lr k mu lam <> 0 ->
  (Rabs (rho lr k mu alpha lam) < Rabs (1 - lr * lam) ^ S k
   <-> Rabs (1 - alpha * lam) < Rabs (1 - lr * lam) ^ S k / Rabs (factor lr k mu lam)).
Proof.
  intros moves; unfold rho; rewrite Rabs_mult.
  pose proof (Rabs_pos_lt _ moves) as positive; set (b := Rabs (factor lr k mu lam)) in *.
  replace (Rabs (1 - lr * lam) ^ S k) with (Rabs (1 - lr * lam) ^ S k / b * b) at 1 by (field; lra).
  split; intros less; [apply Rmult_lt_reg_r with b|apply Rmult_lt_compat_r]; assumption.
Qed.

(* For 0 <= lr lam <= 1 and mu in [-1, 0] both factors are at least 0, and this step is enough. *)
Theorem break_even lr k mu alpha lam :
  -1 <= mu <= 0 -> 0 <= lr * lam <= 1 -> 0 <= lam ->
  sufficient lr mu <= alpha -> alpha * lam <= 1 ->
  rho lr k mu alpha lam ^ k <= factor lr k mu lam ^ S k.
Proof.
  intros range inside convex long short; unfold sufficient in long.
  pose proof (factor_is_a_mean lr k mu lam range inside) as mean.
  unfold rho; rewrite Rpow_mult_distr, <- tech_pow_Rmult.
  apply Rmult_le_compat_r; [apply pow_le; lra|].
  apply Rle_trans with (((1 + mu) * (1 - lr * lam) + (1 - (1 + mu))) ^ k).
  - apply pow_incr; split; [lra|].
    assert ((1 + mu) * lr * lam <= alpha * lam) by now apply Rmult_le_compat_r.
    lra.
  - apply Rle_trans with ((1 + mu) * (1 - lr * lam) ^ k + (1 - (1 + mu))).
    + apply power_mean; lra.
    + unfold factor; lra.
Qed.

(* Attained: at mu = 0 and alpha = lr both sides are equal, for every mode. *)
Theorem break_even_attained lr k lam :
  rho lr k 0 (sufficient lr 0) lam ^ k = factor lr k 0 lam ^ S k.
Proof.
  unfold rho, factor, sufficient.
  replace ((1 - (1 + 0) * lr * lam) * ((1 + 0) * (1 - lr * lam) ^ k - 0))
    with ((1 - lr * lam) ^ S k) by (simpl; ring).
  replace ((1 + 0) * (1 - lr * lam) ^ k - 0) with ((1 - lr * lam) ^ k) by ring.
  rewrite <- !pow_mult; f_equal; ring.
Qed.

(* "Long enough" is needed: with the paper's alpha = 1/1000 the order is the other one. *)
Theorem break_even_needs_a_long_step :
  factor (1/10) 5 (-1/2) 1 ^ 6 < rho (1/10) 5 (-1/2) (1/1000) 1 ^ 5.
Proof. unfold rho, factor; lra. Qed.
