(** V04: a strongly convex function in the plane on which NALA ends higher than Lookahead, for
    averages and short steps. mu = -1/2, lr = alpha = 1, k = 3, eight cycles from (1, 0), L = 1,

      f(x, y) = x^2/5 + y^2/200 + h(3 (x - y)/5),   c = 1/2                                       *)

From Coq Require Import Reals Lra QArith Qreals.
From NalaLab Require Import Algorithm1 Inner_product T28_descent T21_worst_functions Plane.
Open Scope R_scope.

Definition f : R * R -> R := bent (Q2R (2#5)) (Q2R (1#100)) (Q2R (3#5)) (Q2R (-3#5)) (Q2R (1#2)).
Definition G : R * R -> R * R := bent_grad (Q2R (2#5)) (Q2R (1#100)) (Q2R (3#5)) (Q2R (-3#5)) (Q2R (1#2)).
Definition QG : Q * Q -> Q * Q := qbent_grad (2#5) (1#100) (3#5) (-3#5) (1#2).
Definition Qf : Q * Q -> Q := qbent (2#5) (1#100) (3#5) (-3#5) (1#2).

(* The function as it is written above. *)
Lemma f_is x y : f (x, y) = x ^ 2 / 5 + y ^ 2 / 200 + hinge (1/2) (3 * (x - y) / 5).
Proof.
  unfold f, bent; cbn [fst snd]; replace (Q2R (1#2)) with (1/2) by (unfold Q2R; simpl; lra).
  replace (Q2R (3#5) * x + Q2R (-3#5) * y) with (3 * (x - y) / 5) by (unfold Q2R; simpl; lra).
  unfold Q2R; simpl; lra.
Qed.

Theorem in_class :
  smooth (add Plane) (scale Plane) dot2 1 f G /\
  strongly_convex (add Plane) (scale Plane) dot2 (1/100) f G /\ G (0, 0) = (0, 0).
Proof.
  destruct (bent_in_class (Q2R (2#5)) (Q2R (1#100)) (Q2R (3#5)) (Q2R (-3#5)) (Q2R (1#2)) (1/100))
    as [one two]; try (unfold Q2R; simpl; lra).
  split; [exact one|split; [exact two|apply bent_minimiser; unfold Q2R; simpl; lra]].
Qed.

Definition nala_after (T : nat) : R * R := nala Plane 1 3 (-1/2) 1 G T (1, 0).
Definition lookahead_after (T : nat) : R * R := nala Plane 1 3 (-1/2) 0 G T (1, 0).
Definition qgap (T : nat) : Q :=
  (Qf (nala QPlane 1 3 (-1#2) 1 QG T (1, 0)) - Qf (nala QPlane 1 3 (-1#2) 0 QG T (1, 0)))%Q.

Lemma qgap_is T : Q2R (qgap T) = f (nala_after T) - f (lookahead_after T).
Proof.
  unfold qgap, Qf; rewrite Q2R_minus, !real_value; unfold QG; rewrite !real_nala.
  unfold nala_after, lookahead_after, f, G, real; simpl fst; simpl snd.
  rewrite RMicromega.Q2R_0, RMicromega.Q2R_1; replace (Q2R (-1#2)) with (-1/2); [reflexivity|].
  unfold Q2R; simpl; lra.
Qed.

Lemma computed : Qle_bool (26#1000000) (qgap 8) = true.
Proof. vm_compute; reflexivity. Qed.

Theorem higher : f (lookahead_after 8) + 26/1000000 <= f (nala_after 8).
Proof.
  pose proof (Qle_Rle _ _ (Qle_bool_imp_le _ _ computed)) as large; rewrite qgap_is in large.
  unfold Q2R in large; simpl in large; lra.
Qed.

(* It takes long: up to seven cycles NALA is lower on this function. *)
Lemma computed_before : List.forallb (fun T => Qle_bool (qgap T) 0) (List.seq 0 8) = true.
Proof. vm_compute; reflexivity. Qed.

Theorem not_before T : (T < 8)%nat -> f (nala_after T) <= f (lookahead_after T).
Proof.
  intros early; pose proof (proj1 (List.forallb_forall _ _) computed_before T) as low.
  specialize (low ltac:(apply List.in_seq; split; [apply Nat.le_0_l|exact early])); cbv beta in low.
  pose proof (Qle_Rle _ _ (Qle_bool_imp_le _ _ low)) as small.
  rewrite qgap_is, RMicromega.Q2R_0 in small; lra.
Qed.
