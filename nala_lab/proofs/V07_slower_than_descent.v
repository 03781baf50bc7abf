(** V07 and the section on mu of T04: on a quadratic with 0 <= lr lam <= 1 plain gradient descent is
    at least as fast as NALA with mu in [-1, 0], and mu = 0 is never worse than an average. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1 Powers.
Open Scope R_scope.

(* the same lr outside: GD with k + 1 steps <= NALA <= Lookahead with k + 1 inner steps *)
Theorem descent_is_faster lr k mu lam :
  -1 <= mu <= 0 -> 0 <= lr * lam <= 1 ->
  (1 - lr * lam) ^ S k <= rho lr k mu lr lam <= factor lr (S k) mu lam.
Proof.
  intros range inside; unfold rho, factor; simpl.
  set (r := 1 - lr * lam); assert (bounds : 0 <= r <= 1) by (unfold r; lra).
  pose proof (pow_unit r k bounds) as power; set (p := r ^ k) in *; clearbody r p.
  assert (0 <= r * (- mu * (1 - p))) by (apply Rmult_le_pos; [lra|apply Rmult_le_pos; lra]).
  assert (0 <= - mu * (1 - r)) by (apply Rmult_le_pos; lra).
  split; nra.
Qed.

(* strictly, where a step does something and mu < 0 *)
Theorem descent_is_strictly_faster :
  (1 - 1/2 * 1) ^ 2 < rho (1/2) 1 (-1/2) (1/2) 1 < factor (1/2) 2 (-1/2) 1.
Proof. unfold rho, factor; lra. Qed.

Theorem zero_mu_is_never_worse lr k mu alpha lam :
  -1 <= mu <= 0 -> 0 <= (1 - lr * lam) ^ k <= 1 ->
  Rabs (rho lr k 0 alpha lam) <= Rabs (rho lr k mu alpha lam).
Proof.
  intros range power; unfold rho, factor; set (p := (1 - lr * lam) ^ k) in *; clearbody p.
  rewrite !Rabs_mult; apply Rmult_le_compat_l; [apply Rabs_pos|].
  rewrite !Rabs_pos_eq by nra; nra.
Qed.

(* The hypothesis on the power is needed: beyond it, for odd k, the average is better. *)
Theorem zero_mu_needs_short_steps :
  exists lr lam, ~ 0 <= (1 - lr * lam) ^ 1 <= 1 /\
  Rabs (rho lr 1 (-1/2) 0 lam) < Rabs (rho lr 1 0 0 lam).
Proof.
  exists 1, (19/10); split; [lra|]; unfold rho, factor.
  rewrite Rabs_pos_eq, Rabs_left by lra; lra.
Qed.

(* And so is mu <= 0: with mu > 0 one mode is finished in one cycle. *)
Theorem zero_mu_needs_averages :
  Rabs (rho (1/2) 1 1 0 1) < Rabs (rho (1/2) 1 0 0 1).
Proof. unfold rho, factor; rewrite !Rabs_pos_eq by lra; lra. Qed.
