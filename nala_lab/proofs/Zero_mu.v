(** On a mode of a quadratic that the inner loop does not throw across the minimiser, mu = 0 is never
    worse than an average, whatever the outer step is: averaging does not help there. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1.
Open Scope R_scope.

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
