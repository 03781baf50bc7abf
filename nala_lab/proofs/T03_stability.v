(** T03: the stable inner steps of Lookahead on a quadratic (alpha = 0, -1 < mu < 1), and how they
    depend on whether k is odd. *)

From Coq Require Import Reals Lra Lia.
From NalaLab Require Import Algorithm1 Powers.
Open Scope R_scope.

Definition stable (lr : R) (k : nat) (mu lam : R) : Prop := Rabs (rho lr k mu 0 lam) < 1.

(* |rho| < 1 says that the power of 1 - lr lam lies between two numbers. *)
Lemma stable_between lr k mu lam : -1 < mu < 1 ->
  (stable lr k mu lam <-> - ((1 - mu) / (1 + mu)) < (1 - lr * lam) ^ k < 1).
Proof.
  intros range; unfold stable, rho, factor; set (p := (1 - lr * lam) ^ k).
  replace ((1 - 0 * lam) * ((1 + mu) * p - mu)) with ((1 + mu) * p - mu) by ring.
  assert (edge : (1 + mu) * ((1 - mu) / (1 + mu)) = 1 - mu) by (field; lra).
  set (e := (1 - mu) / (1 + mu)) in *; clearbody p e.
  split.
  - intros inside; apply Rabs_def2 in inside; destruct inside; split; nra.
  - intros [low high]; apply Rabs_def1; nra.
Qed.

Theorem stability_odd lr k mu lam q :
  -1 < mu < 1 -> odd k -> 0 < q -> q ^ k = (1 - mu) / (1 + mu) ->
  (stable lr k mu lam <-> 0 < lr * lam < 1 + q).
Proof.
  intros range is_odd positive root; rewrite stable_between, <- root by exact range.
  rewrite <- (odd_pow_opp q k is_odd).
  assert (unit : 1 ^ k = 1) by apply pow1.
  assert (top : (1 - lr * lam) ^ k < 1 <-> 1 - lr * lam < 1).
  { rewrite <- unit at 2; now apply odd_pow_lt_iff. }
  rewrite top, (odd_pow_lt_iff _ _ k is_odd).
  split; intros [? ?]; split; lra.
Qed.

Theorem stability_even lr k mu lam :
  -1 < mu < 1 -> even k -> (stable lr k mu lam <-> 0 < lr * lam < 2).
Proof.
  intros range is_even; rewrite stable_between, (even_pow_abs _ k is_even) by exact range.
  assert (positive : 0 < (1 - mu) / (1 + mu)) by (apply Rdiv_lt_0_compat; lra).
  assert (0 <= Rabs (1 - lr * lam) ^ k) by (apply pow_le, Rabs_pos).
  destruct is_even as [j ->]; split.
  - intros [_ below]; destruct (Rlt_le_dec (Rabs (1 - lr * lam)) 1) as [inside|outside].
    + apply Rabs_def2 in inside; lra.
    + assert (big : 1 ^ (2 * S j) <= Rabs (1 - lr * lam) ^ (2 * S j)) by (apply pow_incr; lra).
      rewrite pow1 in big; lra.
  - intros [low high]; split; [lra|].
    replace (2 * S j)%nat with (S (2 * j + 1)) by lia.
    apply Rlt_le_trans with (1 ^ S (2 * j + 1)); [|rewrite pow1; lra].
    apply pow_lt_mono; split; [apply Rabs_pos|apply Rabs_def1; lra].
Qed.

(* The hypotheses on q can be met, for every odd k and every mu: the limit of the theorem exists. *)
Theorem limit_exists k mu : -1 < mu < 1 -> odd k -> exists q, 0 < q /\ q ^ k = (1 - mu) / (1 + mu).
Proof.
  intros range [j ->]; apply root_exists; [|lia].
  apply Rdiv_lt_0_compat; lra.
Qed.

(* For averages (mu < 0) the odd limit is above 2, the even one is not: parity decides. *)
Theorem parity_matters mu q k : -1 < mu < 0 -> odd k -> 0 < q -> q ^ k = (1 - mu) / (1 + mu) -> 1 < q.
Proof.
  intros range is_odd positive root; apply (odd_pow_lt_iff 1 q k is_odd); rewrite pow1, root.
  apply Rmult_lt_reg_r with (1 + mu); [lra|].
  replace ((1 - mu) / (1 + mu) * (1 + mu)) with (1 - mu) by (field; lra); lra.
Qed.
