(** T01: in the coordinates of the eigenvectors T cycles of NALA over gradient descent multiply the
    error of each mode by rho(lam)^T. Any number of modes, real eigenvalues. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1.
Open Scope R_scope.

(* the gradient of sum_i lam_i (x_i - best_i)^2 / 2 *)
Definition quadratic_grad {I : Type} (lam best x : I -> R) : I -> R :=
  fun i => lam i * (x i - best i).

Lemma descent_on_quadratic {I} (lam best : I -> R) lr k x i :
  descent (Points I) lr (quadratic_grad lam best) k x i - best i
  = (1 - lr * lam i) ^ k * (x i - best i).
Proof.
  induction k as [|k IH]; simpl; [ring|].
  transitivity ((1 - lr * lam i)
    * (descent (Points I) lr (quadratic_grad lam best) k x i - best i)).
  - unfold quadratic_grad; simpl; ring.
  - rewrite IH; ring.
Qed.

Theorem quadratic_rate {I} (lam best : I -> R) lr k mu alpha T phi i :
  nala (Points I) lr k mu alpha (quadratic_grad lam best) T phi i - best i
  = rho lr k mu alpha (lam i) ^ T * (phi i - best i).
Proof.
  induction T as [|T IH]; [unfold nala, nala_over; simpl; ring|].
  rewrite nala_S; set (now := nala (Points I) lr k mu alpha (quadratic_grad lam best) T phi) in *.
  pose proof (descent_on_quadratic lam best lr k now i) as inner.
  set (theta := descent (Points I) lr (quadratic_grad lam best) k now) in *.
  unfold outer_step, step, look_ahead; simpl; unfold quadratic_grad at 1.
  transitivity ((1 - alpha * lam i) * ((1 + mu) * (theta i - best i) - mu * (now i - best i)));
    [simpl; ring|].
  rewrite inner, IH; unfold rho, factor; simpl; ring.
Qed.

(* The minimiser stays where it is: the error is 0 for ever. *)
Corollary minimiser_is_fixed {I} (lam best : I -> R) lr k mu alpha T i :
  nala (Points I) lr k mu alpha (quadratic_grad lam best) T best i = best i.
Proof.
  pose proof (quadratic_rate lam best lr k mu alpha T best i) as error.
  rewrite Rminus_diag_eq with (r1 := best i) (r2 := best i) in error by reflexivity.
  rewrite Rmult_0_r in error; lra.
Qed.
