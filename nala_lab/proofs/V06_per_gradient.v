(** V06: at the paper's setting NALA is slower per gradient than Lookahead, and plain gradient descent
    is faster than both. f = x^2/2, lr = 1/10, k = 5, mu = -1/2, alpha = 1/1000, 60 gradients from 1:
    ten cycles of NALA, twelve of Lookahead. The runs themselves, not a formula for them. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1 T01_quadratic_rate T25_identities.
Open Scope R_scope.

Definition bowl : (unit -> R) -> unit -> R := quadratic_grad (fun _ => 1) (fun _ => 0).
Definition ones : unit -> R := fun _ => 1.
Definition nala_end (alpha : R) : R := nala (Points unit) (1/10) 5 (-1/2) alpha bowl 10 ones tt.
Definition lookahead_end : R :=
  lookahead (Points unit) (descent (Points unit) (1/10) bowl 5) (1/2) 12 ones tt.
Definition descent_end : R := descent (Points unit) (1/10) bowl 60 ones tt.

Lemma nala_end_is alpha : nala_end alpha = rho (1/10) 5 (-1/2) alpha 1 ^ 10.
Proof.
  pose proof (quadratic_rate (fun _ : unit => 1) (fun _ => 0) (1/10) 5 (-1/2) alpha 10 ones tt) as rate.
  unfold nala_end, bowl; unfold ones in *; lra.
Qed.

Lemma lookahead_end_is : lookahead_end = factor (1/10) 5 (-1/2) 1 ^ 12.
Proof.
  unfold lookahead_end; replace (1/2) with (1 + -1/2) by lra.
  rewrite <- (no_outer_step (descent (Points unit) (1/10) bowl 5) bowl).
  pose proof (quadratic_rate (fun _ : unit => 1) (fun _ => 0) (1/10) 5 (-1/2) 0 12 ones tt) as rate.
  unfold bowl, nala in *; unfold ones in *; unfold rho in rate.
  replace ((1 - 0 * 1) * factor (1/10) 5 (-1/2) 1) with (factor (1/10) 5 (-1/2) 1) in rate by ring.
  lra.
Qed.

Lemma descent_end_is : descent_end = (9/10) ^ 60.
Proof.
  pose proof (descent_on_quadratic (fun _ : unit => 1) (fun _ => 0) (1/10) 60 ones tt) as rate.
  unfold descent_end, bowl; unfold ones in *.
  replace (1 - 1/10 * 1) with (9/10) in rate by lra; lra.
Qed.

Theorem slower_per_gradient : descent_end < lookahead_end /\ lookahead_end < nala_end (1/1000).
Proof. rewrite descent_end_is, lookahead_end_is, nala_end_is; unfold rho, factor; lra. Qed.

(* With alpha = (1 + mu) lr = 1/20 the order turns, as T07 says. *)
Theorem order_turns : nala_end (1/20) < lookahead_end.
Proof. rewrite lookahead_end_is, nala_end_is; unfold rho, factor; lra. Qed.
