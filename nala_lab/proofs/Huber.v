(** Huber's function on the line: quadratic with curvature L up to d, straight beyond. It is convex
    and L-smooth, by the two inequalities that the theorems use. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1 Inner_product T28_descent T21_worst_functions.
Open Scope R_scope.

Definition huber (L d x : R) : R :=
  if Rle_dec x (- d) then L * (- d * x - d ^ 2 / 2)
  else if Rle_dec x d then L * (x ^ 2 / 2) else L * (d * x - d ^ 2 / 2).

Definition huber_grad (L d x : R) : R :=
  if Rle_dec x (- d) then - (L * d) else if Rle_dec x d then L * x else L * d.

(* each of the three pieces, for the computations *)
Lemma huber_grad_middle L d x : - d < x <= d -> huber_grad L d x = L * x.
Proof. intros between; unfold huber_grad; repeat destruct Rle_dec; lra. Qed.

Lemma huber_grad_right L d x : 0 <= d -> d < x -> huber_grad L d x = L * d.
Proof. intros positive beyond; unfold huber_grad; repeat destruct Rle_dec; lra. Qed.

Lemma huber_middle L d x : - d < x <= d -> huber L d x = L * (x ^ 2 / 2).
Proof. intros between; unfold huber; repeat destruct Rle_dec; lra. Qed.

Lemma huber_right L d x : 0 <= d -> d < x -> huber L d x = L * (d * x - d ^ 2 / 2).
Proof. intros positive beyond; unfold huber; repeat destruct Rle_dec; lra. Qed.

Theorem huber_in_class L d :
  0 <= L -> 0 <= d ->
  smooth Rplus Rmult Rmult L (huber L d) (huber_grad L d) /\
  strongly_convex Rplus Rmult Rmult 0 (huber L d) (huber_grad L d).
Proof.
  assert (unit : 0 <= d -> forall x y,
    huber 1 d x + huber_grad 1 d x * (y - x) <= huber 1 d y
    <= huber 1 d x + huber_grad 1 d x * (y - x) + (y - x) ^ 2 / 2).
  { intros positive x y; unfold huber, huber_grad.
    pose proof (pow2_ge_0 (y + d)); pose proof (pow2_ge_0 (y - d)); pose proof (pow2_ge_0 (y - x)).
    destruct (Rle_dec x (- d)), (Rle_dec x d), (Rle_dec y (- d)), (Rle_dec y d); try lra;
      try assert (0 <= (- d - x) * (2 * y + d - x)) by (apply Rmult_le_pos; lra);
      try assert (0 <= (x - d) * (x + d - 2 * y)) by (apply Rmult_le_pos; lra);
      try assert (0 <= (d - x) * (2 * y - d - x)) by (apply Rmult_le_pos; lra);
      try assert (0 <= (d + x) * (x - d - 2 * y)) by (apply Rmult_le_pos; lra);
      try assert (0 <= d * y) by (apply Rmult_le_pos; lra);
      try assert (0 <= d * - y) by (apply Rmult_le_pos; lra);
      split; nra. }
  assert (value : forall x, huber L d x = L * huber 1 d x)
    by (intros x; unfold huber; repeat destruct Rle_dec; ring).
  assert (slope : forall x, huber_grad L d x = L * huber_grad 1 d x)
    by (intros x; unfold huber_grad; repeat destruct Rle_dec; ring).
  intros curved positive; specialize (unit positive); split; intros x y;
    destruct (unit x y) as [low high]; unfold minus; cbv zeta; rewrite !value, slope.
  - apply Rle_trans with (L * (huber 1 d x + huber_grad 1 d x * (y - x) + (y - x) ^ 2 / 2));
      [now apply Rmult_le_compat_l|right; field].
  - apply Rle_trans with (L * (huber 1 d x + huber_grad 1 d x * (y - x)));
      [right; field|now apply Rmult_le_compat_l].
Qed.
