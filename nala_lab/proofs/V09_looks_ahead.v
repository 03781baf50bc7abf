(** V09: for mu in [-1, 0] the look-ahead point lies between the old slow weights and the end of the
    inner loop, coordinate by coordinate; for mu > 0 it lies beyond the end. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1.
Open Scope R_scope.

Theorem between {I} mu (phi theta : I -> R) :
  -1 <= mu <= 0 ->
  exists w, 0 <= w <= 1 /\
  forall i, look_ahead (Points I) mu phi theta i = w * theta i + (1 - w) * phi i.
Proof.
  intros range; exists (1 + mu); split; [lra|].
  intros i; unfold look_ahead; simpl; ring.
Qed.

(* The sign of mu decides: no such w exists for any mu > 0. *)
Theorem beyond mu :
  0 < mu ->
  ~ exists w, 0 <= w <= 1 /\
    look_ahead Line mu 0 1 = w * 1 + (1 - w) * 0.
Proof. intros positive [w [range same]]; unfold look_ahead in same; simpl in same; lra. Qed.
