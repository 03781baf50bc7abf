(** T04: the best mu without an outer step. q = 1 - R fills [low, high] = [1 - R_max, 1 - R_min],
    s = 1 + mu, and a mode is multiplied by 1 - s q. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1.
Open Scope R_scope.

Definition optimal_mu (least most : R) : R := (most + least) / (2 - most - least).
Definition optimal_rate (least most : R) : R := (most - least) / (2 - most - least).

(* what one mode is multiplied by when its inner loop leaves the part [left] of the error *)
Definition mode (mu left : R) : R := (1 + mu) * left - mu.

Lemma mode_is_factor lr k mu lam : mode mu ((1 - lr * lam) ^ k) = factor lr k mu lam.
Proof. reflexivity. Qed.

Theorem optimal_mu_floor least most mu :
  least <= most < 1 ->
  optimal_rate least most <= Rmax (Rabs (mode mu least)) (Rabs (mode mu most)).
Proof.
  intros range; unfold optimal_rate, mode.
  set (rate := (most - least) / (2 - most - least)).
  assert (exact : rate * (2 - most - least) = most - least) by (unfold rate; field; lra).
  clearbody rate.
  destruct (Rle_lt_dec rate (Rmax (Rabs ((1 + mu) * least - mu)) (Rabs ((1 + mu) * most - mu))))
    as [fine|below]; [exact fine|].
  apply Rmax_Rlt in below; destruct below as [first second].
  apply Rabs_def2 in first; apply Rabs_def2 in second; nra.
Qed.

Theorem optimal_mu_attained least most inside :
  least <= most < 1 -> least <= inside <= most ->
  Rabs (mode (optimal_mu least most) inside) <= optimal_rate least most.
Proof.
  intros range between; unfold mode, optimal_mu, optimal_rate.
  assert (positive : 0 < 2 - most - least) by lra.
  assert (slope : 1 + (most + least) / (2 - most - least) = 2 / (2 - most - least)) by (field; lra).
  rewrite slope.
  replace (2 / (2 - most - least) * inside - (most + least) / (2 - most - least))
    with ((2 * inside - most - least) / (2 - most - least)) by (field; lra).
  assert (0 < / (2 - most - least)) by now apply Rinv_0_lt_compat.
  unfold Rdiv; apply Rabs_le; split; nra.
Qed.

(* Averages (mu* < 0) are the best exactly where the powers are negative enough. *)
Theorem optimal_mu_sign least most :
  least <= most < 1 -> (optimal_mu least most < 0 <-> most + least < 0).
Proof.
  intros range; unfold optimal_mu, Rdiv.
  assert (0 < / (2 - most - least)) by (apply Rinv_0_lt_compat; lra).
  split; intros sign; nra.
Qed.

(* One mode is finished in one cycle. *)
Theorem one_mode_is_finished left : left < 1 -> mode (left / (1 - left)) left = 0.
Proof. intros less; unfold mode; field; lra. Qed.
