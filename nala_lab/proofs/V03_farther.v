(** V03: a strongly convex function in the plane on which NALA ends farther from the minimiser than
    Lookahead. mu = -1/2, lr = alpha = 1, k = 2, four cycles from (1, 0), L = 1, m = 1/100,

      f(x, y) = x^2/4 + y^2/200 + h(x/2 - 7 y/10),   c = 3/10                                     *)

From Coq Require Import Reals Lra QArith Qreals.
From NalaLab Require Import Algorithm1 Inner_product T28_descent T21_worst_functions Plane.
Open Scope R_scope.

Definition f : R * R -> R := bent (Q2R (1#2)) (Q2R (1#100)) (Q2R (1#2)) (Q2R (-7#10)) (Q2R (3#10)).
Definition G : R * R -> R * R := bent_grad (Q2R (1#2)) (Q2R (1#100)) (Q2R (1#2)) (Q2R (-7#10)) (Q2R (3#10)).
Definition QG : Q * Q -> Q * Q := qbent_grad (1#2) (1#100) (1#2) (-7#10) (3#10).

(* The function as it is written above. *)
Lemma f_is x y : f (x, y) = x ^ 2 / 4 + y ^ 2 / 200 + hinge (3/10) (x / 2 - 7 * y / 10).
Proof.
  unfold f, bent; cbn [fst snd]; replace (Q2R (3#10)) with (3/10) by (unfold Q2R; simpl; lra).
  replace (Q2R (1#2) * x + Q2R (-7#10) * y) with (x / 2 - 7 * y / 10) by (unfold Q2R; simpl; lra).
  unfold Q2R; simpl; lra.
Qed.

Theorem in_class :
  smooth (add Plane) (scale Plane) dot2 1 f G /\
  strongly_convex (add Plane) (scale Plane) dot2 (1/100) f G /\ G (0, 0) = (0, 0).
Proof.
  destruct (bent_in_class (Q2R (1#2)) (Q2R (1#100)) (Q2R (1#2)) (Q2R (-7#10)) (Q2R (3#10)) (1/100))
    as [one two]; try (unfold Q2R; simpl; lra).
  split; [exact one|split; [exact two|apply bent_minimiser; unfold Q2R; simpl; lra]].
Qed.

Definition nala_end : R * R := nala Plane 1 2 (-1/2) 1 G 4 (1, 0).
Definition lookahead_end : R * R := nala Plane 1 2 (-1/2) 0 G 4 (1, 0).
Definition gap : Q := 139307473361869350784470245598595795261918601 # 25600000000000000000000000000000000000000000000.

Lemma computed :
  Qeq_bool (qsquared (nala QPlane 1 2 (-1#2) 1 QG 4 (1, 0))
            - qsquared (nala QPlane 1 2 (-1#2) 0 QG 4 (1, 0)))%Q gap = true.
Proof. vm_compute; reflexivity. Qed.

Theorem farther : squared nala_end - squared lookahead_end = Q2R gap /\ 54/10000 < Q2R gap.
Proof.
  split; [|unfold gap, Q2R; simpl; lra].
  rewrite <- (Qeq_eqR _ _ (Qeq_bool_eq _ _ computed)), Q2R_minus, !real_squared; unfold QG.
  rewrite !real_nala; unfold nala_end, lookahead_end, G, real; simpl fst; simpl snd.
  rewrite RMicromega.Q2R_0, RMicromega.Q2R_1; replace (Q2R (-1#2)) with (-1/2); [reflexivity|].
  unfold Q2R; simpl; lra.
Qed.
