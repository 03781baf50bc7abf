(** V07: on a quadratic with 0 <= lr lam <= 1 plain gradient descent with the same gradients is at
    least as fast as NALA with alpha = lr and mu in [-1, 0]. *)

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
