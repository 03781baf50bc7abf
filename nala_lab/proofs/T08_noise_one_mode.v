(** T08: one mode of a quadratic, gradients lam x + xi. A cycle of Algorithm 1 is written out for
    every sequence of noises. The variance of a sum of independent noises of variance w is w times
    the sum of the squared coefficients; that sentence of probability is the definition [spread]. *)

From Coq Require Import Reals Lra Lia.
From NalaLab Require Import Algorithm1 T12_eq5 Powers.
Open Scope R_scope.

(* k noisy inner steps; the j-th gradient is lam x + xi j *)
Fixpoint noisy_descent (lr lam : R) (xi : nat -> R) (k : nat) (x : R) : R :=
  match k with
  | O => x
  | S j => let theta := noisy_descent lr lam xi j x in step Line lr (lam * theta + xi j) theta
  end.

Definition noisy_cycle (lr : R) (k : nat) (mu alpha lam : R) (xi : nat -> R) (outer phi : R) : R :=
  outer_step Line mu alpha (fun y => lam * y + outer) phi (noisy_descent lr lam xi k phi).

Lemma noisy_descent_is lr lam xi k x :
  noisy_descent lr lam xi k x
  = (1 - lr * lam) ^ k * x - lr * total k (fun j => (1 - lr * lam) ^ (k - S j) * xi j).
Proof.
  pose proof (memory_S (- (1 - lr * lam))) as shift; unfold memory in shift.
  rewrite Ropp_involutive in shift.
  induction k as [|k IH]; [simpl; ring|].
  rewrite shift; simpl noisy_descent; rewrite IH; unfold step; simpl.
  generalize ((1 - lr * lam) ^ k), (total k (fun j => (1 - lr * lam) ^ (k - S j) * xi j)); intros; ring.
Qed.

(* A fresh outer batch: the coefficient of the start, of each inner noise, of the outer one. *)
Theorem noisy_cycle_is lr k mu alpha lam xi outer phi :
  noisy_cycle lr k mu alpha lam xi outer phi
  = rho lr k mu alpha lam * phi
    + total k (fun j => - (1 - alpha * lam) * (1 + mu) * lr * (1 - lr * lam) ^ (k - S j) * xi j)
    - alpha * outer.
Proof.
  unfold noisy_cycle, outer_step, step, look_ahead; simpl.
  rewrite noisy_descent_is.
  assert (pulled : total k (fun j => - (1 - alpha * lam) * (1 + mu) * lr * (1 - lr * lam) ^ (k - S j) * xi j)
    = - (1 - alpha * lam) * (1 + mu) * lr * total k (fun j => (1 - lr * lam) ^ (k - S j) * xi j))
    by (rewrite <- total_scale; apply total_ext; intros; apply Rmult_assoc).
  rewrite pulled; unfold rho, factor.
  generalize ((1 - lr * lam) ^ k), (total k (fun j => (1 - lr * lam) ^ (k - S j) * xi j)); intros; ring.
Qed.

(* sum_{j < k} r^(2 j) *)
Definition energy (r : R) (k : nat) : R := total k (fun j => r ^ (2 * j)).

Lemma energy_S r k : energy r (S k) = 1 + r ^ 2 * energy r k.
Proof.
  unfold energy; induction k as [|k IH]; [simpl; ring|].
  change (total (S (S k)) (fun j => r ^ (2 * j)))
    with (total (S k) (fun j => r ^ (2 * j)) + r ^ (2 * S k)).
  replace (1 + r ^ 2 * total (S k) (fun j => r ^ (2 * j)))
    with (1 + r ^ 2 * (total k (fun j => r ^ (2 * j)) + r ^ (2 * k))) by reflexivity.
  rewrite IH; replace (2 * S k)%nat with (2 + 2 * k)%nat by lia; rewrite pow_add; ring.
Qed.

(* w times the sum of squared coefficients of the inner noises *)
Definition spread (w : R) (k : nat) (coefficient : nat -> R) : R :=
  w * total k (fun j => coefficient j ^ 2).

Lemma spread_of_powers w a r k :
  spread w k (fun j => a * r ^ (k - S j)) = a ^ 2 * w * energy r k.
Proof.
  unfold spread; rewrite (total_ext k _ (fun j => a ^ 2 * (r ^ (k - S j)) ^ 2)) by (intros; ring).
  rewrite total_scale.
  assert (same : total k (fun j => (r ^ (k - S j)) ^ 2) = energy r k).
  { pose proof (memory_S (- r ^ 2)) as shift; unfold memory in shift.
    rewrite Ropp_involutive in shift.
    induction k as [|k IH]; [reflexivity|].
    rewrite energy_S, <- IH.
    rewrite (total_ext (S k) _ (fun j => (r ^ 2) ^ (S k - S j) * 1)), shift.
    - rewrite (total_ext k _ (fun j => (r ^ (k - S j)) ^ 2)); [ring|].
      intros; rewrite <- !pow_mult, Rmult_1_r; f_equal; lia.
    - intros; rewrite <- !pow_mult, Rmult_1_r; f_equal; lia. }
  rewrite same; ring.
Qed.

Definition noise_full lr k mu alpha lam w :=
  (1 - alpha * lam) ^ 2 * (1 + mu) ^ 2 * lr ^ 2 * w * energy (1 - lr * lam) k.
Definition noise_fresh lr k mu alpha lam w := noise_full lr k mu alpha lam w + alpha ^ 2 * w.
Definition noise_last lr k mu alpha lam w :=
  noise_fresh lr k mu alpha lam w + 2 * (1 - alpha * lam) * (1 + mu) * lr * alpha * w.

(* The coefficients of [noisy_cycle_is]. *)
Definition inner_coefficient lr k mu alpha lam (j : nat) : R :=
  - (1 - alpha * lam) * (1 + mu) * lr * (1 - lr * lam) ^ (k - S j).

Theorem fresh_batch lr k mu alpha lam w :
  spread w k (inner_coefficient lr k mu alpha lam) + w * (- alpha) ^ 2
  = noise_fresh lr k mu alpha lam w.
Proof.
  unfold inner_coefficient; rewrite spread_of_powers; unfold noise_fresh, noise_full; ring.
Qed.

(* The outer gradient on the last inner batch: its noise is xi (k-1), which has two coefficients. *)
Theorem last_batch lr k mu alpha lam w :
  spread w (S k) (fun j =>
    inner_coefficient lr (S k) mu alpha lam j - (if Nat.eqb j k then alpha else 0))
  = noise_last lr (S k) mu alpha lam w.
Proof.
  pose proof (fresh_batch lr (S k) mu alpha lam w) as fresh.
  unfold noise_last; rewrite <- fresh; unfold spread; rewrite !total_S, Nat.eqb_refl.
  rewrite (total_ext k (fun j => (inner_coefficient lr (S k) mu alpha lam j
                                  - (if Nat.eqb j k then alpha else 0)) ^ 2)
                       (fun j => inner_coefficient lr (S k) mu alpha lam j ^ 2)).
  - unfold inner_coefficient; rewrite Nat.sub_diag; simpl; ring.
  - intros j below; rewrite (proj2 (Nat.eqb_neq j k)) by lia; ring.
Qed.

(* Var' = T^2 Var + N *)
Definition variance_after (T N : R) (cycles : nat) (start : R) : R :=
  Nat.iter cycles (fun v => T ^ 2 * v + N) start.

Theorem variance_approaches T N cycles start :
  T ^ 2 <> 1 ->
  variance_after T N cycles start - N / (1 - T ^ 2)
  = (T ^ 2) ^ cycles * (start - N / (1 - T ^ 2)).
Proof.
  intros stable; induction cycles as [|t IH]; [simpl; ring|].
  change (variance_after T N (S t) start) with (T ^ 2 * variance_after T N t start + N).
  replace (T ^ 2 * variance_after T N t start + N - N / (1 - T ^ 2))
    with (T ^ 2 * (variance_after T N t start - N / (1 - T ^ 2))) by (field; lra).
  rewrite IH; simpl; ring.
Qed.

Definition stationary (T N : R) : R := N / (1 - T ^ 2).

(* The hypothesis is needed: with T = 1 nothing is reproduced, the variance grows for ever. *)
Theorem no_stationary_variance_at_one N v : 0 < N -> variance_after 1 N 1 v <> v.
Proof. intros noise; unfold variance_after; simpl; lra. Qed.
