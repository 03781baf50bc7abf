(** The counter-examples in the plane: a quadratic with axes a, b, bent once along p x + q y.

      f(x, y) = a x^2/2 + b y^2/2 + h(p x + q y),   h one-sided Huber: 0, t^2/2 up to c, then straight

    The class is shown over the real numbers; the runs are computed in fractions, and a run in
    fractions is shown to be the run in real numbers. *)

From Coq Require Import Reals Lra QArith Qreals.
From NalaLab Require Import Algorithm1 Inner_product T28_descent T21_worst_functions.
Open Scope R_scope.

Definition Plane : Space R (R * R) := Ops R (R * R) 1 Rplus Ropp
  (fun x y => (fst x + fst y, snd x + snd y)) (fun a x => (a * fst x, a * snd x)).
Definition dot2 (x y : R * R) : R := fst x * fst y + snd x * snd y.

Theorem plane_laws : InnerProduct (add Plane) (scale Plane) dot2.
Proof.
  split; intros; unfold dot2; simpl; try ring.
  pose proof (pow2_ge_0 (fst x)); pose proof (pow2_ge_0 (snd x)); lra.
Qed.

Definition hinge (c t : R) : R :=
  if Rle_dec t 0 then 0 else if Rle_dec t c then t ^ 2 / 2 else c * t - c ^ 2 / 2.
Definition hinge_slope (c t : R) : R := if Rle_dec t 0 then 0 else if Rle_dec t c then t else c.

Lemma hinge_in_class c s t :
  0 <= c ->
  hinge c t + hinge_slope c t * (s - t) <= hinge c s
  <= hinge c t + hinge_slope c t * (s - t) + (s - t) ^ 2 / 2.
Proof.
  intros positive; unfold hinge, hinge_slope.
  pose proof (pow2_ge_0 (s - c)); pose proof (pow2_ge_0 s); pose proof (pow2_ge_0 (s - t)).
  destruct (Rle_dec t 0), (Rle_dec t c), (Rle_dec s 0), (Rle_dec s c); try lra; split; nra.
Qed.

Section Bent.
  Variables (a b p q c : R).
  Definition bent (x : R * R) : R :=
    a * fst x ^ 2 / 2 + b * snd x ^ 2 / 2 + hinge c (p * fst x + q * snd x).
  Definition bent_grad (x : R * R) : R * R :=
    let slope := hinge_slope c (p * fst x + q * snd x) in (a * fst x + p * slope, b * snd x + q * slope).

  (* 1 - f's curvature is not negative in any direction; the least curvature is m. *)
  Theorem bent_in_class m :
    0 <= c -> m <= a -> m <= b -> 0 < 1 - a - p ^ 2 ->
    p ^ 2 * q ^ 2 <= (1 - a - p ^ 2) * (1 - b - q ^ 2) ->
    smooth (add Plane) (scale Plane) dot2 1 bent bent_grad /\
    strongly_convex (add Plane) (scale Plane) dot2 m bent bent_grad.
  Proof.
    intros positive low1 low2 steep room; split; intros [x1 y1] [x2 y2];
      unfold minus, dot2, bent, bent_grad; simpl;
      destruct (hinge_in_class c (p * x2 + q * y2) (p * x1 + q * y1) positive) as [below above];
      set (slope := hinge_slope c (p * x1 + q * y1)) in *; clearbody slope;
      set (there := hinge c (p * x2 + q * y2)) in *; set (here := hinge c (p * x1 + q * y1)) in *;
      clearbody there here.
    - assert (form : 0 <= (1 - a - p ^ 2) * (x2 - x1) ^ 2 - 2 * p * q * (x2 - x1) * (y2 - y1)
                          + (1 - b - q ^ 2) * (y2 - y1) ^ 2).
      { set (u := x2 - x1); set (v := y2 - y1).
        apply Rmult_le_reg_l with (1 - a - p ^ 2); [exact steep|]; rewrite Rmult_0_r.
        replace ((1 - a - p ^ 2) * ((1 - a - p ^ 2) * u ^ 2 - 2 * p * q * u * v + (1 - b - q ^ 2) * v ^ 2))
          with (((1 - a - p ^ 2) * u - p * q * v) ^ 2
                + ((1 - a - p ^ 2) * (1 - b - q ^ 2) - p ^ 2 * q ^ 2) * v ^ 2) by ring.
        apply Rplus_le_le_0_compat; [apply pow2_ge_0|].
        apply Rmult_le_pos; [lra|apply pow2_ge_0]. }
      lra.
    - assert (0 <= (a - m) * (x2 - x1) ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
      assert (0 <= (b - m) * (y2 - y1) ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
      lra.
  Qed.

  Theorem bent_minimiser : 0 <= c -> bent_grad (0, 0) = (0, 0).
  Proof.
    intros positive; unfold bent_grad; simpl; replace (p * 0 + q * 0) with 0 by ring.
    unfold hinge_slope; destruct Rle_dec; [|lra]; f_equal; ring.
  Qed.
End Bent.

(* The same in fractions. *)
Definition QPlane : Space Q (Q * Q) := Ops Q (Q * Q) 1%Q (fun x y => Qred (x + y)) Qopp
  (fun x y => (Qred (fst x + fst y), Qred (snd x + snd y)))
  (fun a x => (Qred (a * fst x), Qred (a * snd x))).
Definition qhinge_slope (c t : Q) : Q := if Qle_bool t 0 then 0%Q else if Qle_bool t c then t else c.
Definition qbent_grad (a b p q c : Q) (x : Q * Q) : Q * Q :=
  let slope := qhinge_slope c (p * fst x + q * snd x) in
  (Qred (a * fst x + p * slope), Qred (b * snd x + q * slope)).
Definition qhinge (c t : Q) : Q :=
  if Qle_bool t 0 then 0%Q else if Qle_bool t c then (t * t * (1 # 2))%Q else (c * t - c * c * (1 # 2))%Q.
Definition qbent (a b p q c : Q) (x : Q * Q) : Q :=
  (a * fst x * fst x * (1 # 2) + b * snd x * snd x * (1 # 2) + qhinge c (p * fst x + q * snd x))%Q.

Definition real (x : Q * Q) : R * R := (Q2R (fst x), Q2R (snd x)).

Lemma Q2R_red x : Q2R (Qred x) = Q2R x.
Proof. apply Qeq_eqR, Qred_correct. Qed.

Ltac to_reals := repeat rewrite
  ?Q2R_red, ?Q2R_plus, ?Q2R_minus, ?Q2R_mult, ?Q2R_opp, ?RMicromega.Q2R_0, ?RMicromega.Q2R_1.

Lemma below_or_above x y : if Qle_bool x y then Q2R x <= Q2R y else Q2R y < Q2R x.
Proof.
  destruct (Qle_bool x y) eqn:order; [apply Qle_Rle; now apply Qle_bool_iff|].
  apply Qlt_Rlt, Qnot_le_lt; intros less; apply Qle_bool_iff in less; congruence.
Qed.

Lemma real_slope c t : Q2R (qhinge_slope c t) = hinge_slope (Q2R c) (Q2R t).
Proof.
  pose proof (below_or_above t 0) as first; pose proof (below_or_above t c) as second.
  rewrite RMicromega.Q2R_0 in first; unfold qhinge_slope, hinge_slope.
  destruct (Qle_bool t 0), (Qle_bool t c), (Rle_dec (Q2R t) 0), (Rle_dec (Q2R t) (Q2R c));
    try lra; apply RMicromega.Q2R_0.
Qed.

Lemma half : Q2R (1 # 2) = / 2.
Proof. unfold Q2R; simpl; lra. Qed.

Lemma real_hinge c t : Q2R (qhinge c t) = hinge (Q2R c) (Q2R t).
Proof.
  pose proof (below_or_above t 0) as first; pose proof (below_or_above t c) as second.
  rewrite RMicromega.Q2R_0 in first; unfold qhinge, hinge.
  destruct (Qle_bool t 0), (Qle_bool t c), (Rle_dec (Q2R t) 0), (Rle_dec (Q2R t) (Q2R c));
    try lra; to_reals; rewrite ?half; simpl; lra.
Qed.

Section Transfer.
  Variables (a b p q c : Q).
  Let G := bent_grad (Q2R a) (Q2R b) (Q2R p) (Q2R q) (Q2R c).
  Let QG := qbent_grad a b p q c.

  Lemma real_grad x : real (QG x) = G (real x).
  Proof.
    unfold QG, G, real, qbent_grad, bent_grad; cbv zeta; cbn [fst snd].
    to_reals; rewrite real_slope; to_reals; reflexivity.
  Qed.

  Lemma real_step h g x : real (step QPlane h g x) = step Plane (Q2R h) (real g) (real x).
  Proof.
    unfold real, step, QPlane, Plane; cbn [add scale opp fst snd]; to_reals; reflexivity.
  Qed.

  Lemma real_descent lr k x : real (descent QPlane lr QG k x) = descent Plane (Q2R lr) G k (real x).
  Proof.
    induction k as [|k IH]; [reflexivity|]; cbn [descent]; now rewrite real_step, real_grad, IH.
  Qed.

  Theorem real_nala lr k mu alpha T x :
    real (nala QPlane lr k mu alpha QG T x) = nala Plane (Q2R lr) k (Q2R mu) (Q2R alpha) G T (real x).
  Proof.
    induction T as [|T IH]; [reflexivity|].
    rewrite !nala_S, <- IH; set (now := nala QPlane lr k mu alpha QG T x).
    unfold outer_step; rewrite real_step, real_grad.
    replace (real (look_ahead QPlane mu now (descent QPlane lr QG k now)))
      with (look_ahead Plane (Q2R mu) (real now) (descent Plane (Q2R lr) G k (real now)));
      [reflexivity|].
    rewrite <- real_descent; unfold look_ahead, real, QPlane, Plane.
    cbn [add scale opp plus one fst snd]; to_reals; reflexivity.
  Qed.

  Theorem real_value x : Q2R (qbent a b p q c x) = bent (Q2R a) (Q2R b) (Q2R p) (Q2R q) (Q2R c) (real x).
  Proof.
    unfold qbent, bent, real; to_reals; rewrite real_hinge; to_reals; rewrite half; cbn [fst snd]; lra.
  Qed.
End Transfer.

Definition squared (x : R * R) : R := dot2 x x.
Definition qsquared (x : Q * Q) : Q := (fst x * fst x + snd x * snd x)%Q.

Lemma real_squared x : Q2R (qsquared x) = squared (real x).
Proof. unfold qsquared, squared, dot2, real; to_reals; reflexivity. Qed.
