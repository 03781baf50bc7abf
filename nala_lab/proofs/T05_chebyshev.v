(** T05: whatever lr, mu and alpha are, some mode of [m, L] keeps at least 1/T_{k+1} of its
    error in a cycle, T the Chebyshev polynomial: nothing of this kind is accelerated. For every k.

    The proof: a polynomial of degree n is a weighted sum of its values at n + 1 points, with weights
    of alternating signs at a point beyond them all. At the points where T_n is 1 and -1 in turn, the
    sum for T_n is the sum of the sizes of the weights, so no polynomial with smaller values there
    can be larger at the point beyond. *)

From Coq Require Import Reals Lra Lia.
From NalaLab Require Import Algorithm1 T12_eq5 Polynomials.
Open Scope R_scope.

Fixpoint chebyshev (n : nat) (x : R) : R :=
  match n with
  | O => 1
  | S j => match j with O => x | S i => 2 * x * chebyshev j x - chebyshev i x end
  end.

Lemma two_steps (P : nat -> Prop) : P 0%nat -> P 1%nat -> (forall n, P n -> P (S n) -> P (S (S n))) ->
  forall n, P n.
Proof.
  intros zero one next n; assert (P n /\ P (S n)) as [here _]; [|exact here].
  induction n as [|n [first second]]; [now split|]; split; [exact second|now apply next].
Qed.

Lemma chebyshev_SS n x : chebyshev (S (S n)) x = 2 * x * chebyshev (S n) x - chebyshev n x.
Proof. reflexivity. Qed.

Lemma chebyshev_degree n : polynomial n (chebyshev n).
Proof.
  induction n as [| |n first second] using two_steps; [now exists 1| |].
  - exists 0, (fun _ => 1); split; [now exists 1|intros; simpl; ring].
  - apply polynomial_ext with (fun x => (0 + 2 * x) * chebyshev (S n) x + -1 * chebyshev n x);
      [intros; rewrite chebyshev_SS; ring|].
    apply polynomial_add; [now apply polynomial_times|].
    now apply polynomial_scale, polynomial_weaken, polynomial_weaken.
Qed.

Lemma chebyshev_cos n a : chebyshev n (cos a) = cos (INR n * a).
Proof.
  induction n as [| |n first second] using two_steps.
  - simpl; rewrite Rmult_0_l; symmetry; apply cos_0.
  - simpl; now rewrite Rmult_1_l.
  - rewrite chebyshev_SS, first, second, !S_INR.
    replace ((INR n + 1 + 1) * a) with ((INR n + 1) * a + a) by ring.
    replace (INR n * a) with ((INR n + 1) * a - a) by ring.
    rewrite cos_plus, cos_minus; ring.
Qed.

Lemma cos_multiple j : cos (INR j * PI) = (-1) ^ j.
Proof.
  induction j as [|j IH]; [simpl; rewrite Rmult_0_l; apply cos_0|].
  rewrite S_INR; replace ((INR j + 1) * PI) with (INR j * PI + PI) by ring.
  rewrite neg_cos, IH; simpl; ring.
Qed.

Definition extreme (n j : nat) : R := cos (INR j * PI / INR n).

Lemma extremes_decrease n : (0 < n)%nat -> decreasing n (extreme n).
Proof.
  intros some i j less below; unfold extreme.
  pose proof PI_RGT_0 as pi; assert (0 < INR n) by now apply lt_0_INR.
  pose proof (pos_INR i); pose proof (lt_INR i j less); pose proof (le_INR j n below).
  assert (inverse : 0 < / INR n) by now apply Rinv_0_lt_compat.
  assert (top : forall k, INR k <= INR n -> INR k * PI / INR n <= PI).
  { intros k small; apply Rmult_le_reg_r with (INR n); [assumption|].
    replace (INR k * PI / INR n * INR n) with (INR k * PI) by (field; lra); nra. }
  assert (low : forall k, 0 <= INR k * PI / INR n).
  { intros k; pose proof (pos_INR k); apply Rle_mult_inv_pos; [apply Rmult_le_pos; lra|assumption]. }
  apply cos_decreasing_1; try apply low; try (apply top; lra).
  apply Rmult_lt_compat_r; [assumption|]; apply Rmult_lt_compat_r; lra.
Qed.

Lemma chebyshev_extreme n j : (0 < n)%nat -> chebyshev n (extreme n j) = (-1) ^ j.
Proof.
  intros some; unfold extreme; rewrite chebyshev_cos, <- cos_multiple; f_equal.
  field; apply not_0_INR; lia.
Qed.

Lemma largest n (u : nat -> R) :
  (exists j, (j <= n)%nat /\ 1 <= u j) \/ (exists M, M < 1 /\ forall j, (j <= n)%nat -> u j <= M).
Proof.
  induction n as [|n IH].
  - destruct (Rle_lt_dec 1 (u 0%nat)); [left; now exists 0%nat|right].
    exists (u 0%nat); split; [assumption|]; intros j below; replace j with 0%nat by lia; lra.
  - destruct IH as [[j [below large]]|[M [small bound]]]; [left; exists j; split; [lia|exact large]|].
    destruct (Rle_lt_dec 1 (u (S n))) as [large|less]; [left; now exists (S n)|right].
    exists (Rmax M (u (S n))); split; [now apply Rmax_lub_lt|].
    intros j below; destruct (Nat.eq_dec j (S n)) as [->|other]; [apply Rmax_r|].
    apply Rle_trans with M; [apply bound; lia|apply Rmax_l].
Qed.

Lemma total_le n u v : (forall j, (j < n)%nat -> u j <= v j) -> total n u <= total n v.
Proof.
  induction n as [|n IH]; intros below; simpl; [lra|].
  apply Rplus_le_compat; [apply IH; intros; apply below; lia|apply below; lia].
Qed.

(* Chebyshev: no polynomial of degree n is smaller on [-1, 1], given its value 1 at t > 1. *)
Theorem chebyshev_is_least n p t :
  (0 < n)%nat -> 1 < t -> polynomial n p -> p t = 1 ->
  exists x, -1 <= x <= 1 /\ 1 <= chebyshev n t * Rabs (p x).
Proof.
  intros some beyond degree value.
  destruct (interpolation n (extreme n) t) as [w [sign exact]].
  { now apply extremes_decrease. }
  { unfold extreme; simpl; replace (0 * PI / INR n) with 0 by (unfold Rdiv; ring); rewrite cos_0; lra. }
  assert (sizes : chebyshev n t = total (S n) (fun j => (-1) ^ j * w j)).
  { rewrite (exact _ (chebyshev_degree n)); apply total_ext; intros j below.
    rewrite chebyshev_extreme by exact some; ring. }
  assert (at_least_one : 1 <= chebyshev n t).
  { rewrite sizes; rewrite (exact (fun _ => 1) (polynomial_constant n 1)) at 1.
    apply total_le; intros j below; pose proof (sign j ltac:(lia)) as positive.
    rewrite Rmult_1_r; rewrite <- (Rabs_pos_eq _ positive), Rabs_mult, <- RPow_abs.
    replace (Rabs (-1)) with 1 by (rewrite Rabs_left; lra).
    rewrite pow1, Rmult_1_l; apply Rle_abs. }
  destruct (largest n (fun j => chebyshev n t * Rabs (p (extreme n j)))) as [[j [below large]]|[M [small bound]]].
  - exists (extreme n j); split; [apply COS_bound|exact large].
  - exfalso; assert (chebyshev n t <= M * chebyshev n t); [|nra].
    rewrite <- (Rmult_1_r (chebyshev n t)) at 1; rewrite <- value, (exact p degree), <- total_scale.
    replace (M * chebyshev n t) with (total (S n) (fun j => M * ((-1) ^ j * w j)))
      by (rewrite total_scale, sizes; reflexivity).
    apply total_le; intros j below.
    pose proof (sign j ltac:(lia)) as positive; specialize (bound j ltac:(lia)); cbv beta in bound.
    set (T := chebyshev n t) in *; set (q := p (extreme n j)) in *.
    apply Rle_trans with ((-1) ^ j * w j * (T * Rabs q)).
    + replace ((-1) ^ j * w j * (T * Rabs q)) with (T * ((-1) ^ j * w j * Rabs q)) by ring.
      apply Rmult_le_compat_l; [lra|].
      rewrite <- (Rabs_pos_eq _ positive), Rabs_mult, <- RPow_abs.
      replace (Rabs (-1)) with 1 by (rewrite Rabs_left; lra).
      rewrite pow1, Rmult_1_l, <- Rabs_mult; apply Rle_abs.
    + rewrite (Rmult_comm M); now apply Rmult_le_compat_l.
Qed.

Lemma power_degree u v k : polynomial k (fun x => (u + v * x) ^ k).
Proof.
  induction k as [|k IH]; [now exists 1|].
  exact (polynomial_times k u v (fun x => (u + v * x) ^ k) IH).
Qed.

Theorem chebyshev_floor m L lr k mu alpha :
  0 < m < L ->
  exists lam, m <= lam <= L /\ 1 <= chebyshev (S k) ((L + m) / (L - m)) * Rabs (rho lr k mu alpha lam).
Proof.
  intros range; set (at_x := fun x => (L + m) / 2 - (L - m) / 2 * x).
  set (t := (L + m) / (L - m)).
  assert (scaled : (L - m) * t = L + m) by (unfold t; field; lra).
  destruct (chebyshev_is_least (S k) (fun x => rho lr k mu alpha (at_x x)) t) as [x [inside large]].
  - lia.
  - nra.
  - set (c := (L + m) / 2); set (h := (L - m) / 2).
    apply polynomial_ext with
      (fun x => (1 - alpha * c + alpha * h * x) * ((1 + mu) * (1 - lr * c + lr * h * x) ^ k + - mu)).
    { intros x; unfold rho, factor, at_x; fold c h.
      replace (1 - lr * (c - h * x)) with (1 - lr * c + lr * h * x) by ring.
      replace (1 - alpha * (c - h * x)) with (1 - alpha * c + alpha * h * x) by ring; ring. }
    apply polynomial_times, polynomial_add; [|apply polynomial_constant].
    apply polynomial_scale, power_degree.
  - replace (at_x t) with 0 by (unfold at_x; lra).
    unfold rho, factor; rewrite !Rmult_0_r, Rminus_0_r, pow1; ring.
  - exists (at_x x); split; [unfold at_x; split; nra|exact large].
Qed.

(* Attained for k = 1, at two steps that are the inverses of the roots of T_2 ... *)
Theorem floor_attained_k1 m L :
  0 < m < L -> exists lr alpha, forall lam, m <= lam <= L ->
  chebyshev 2 ((L + m) / (L - m)) * Rabs (rho lr 1 0 alpha lam) <= 1.
Proof.
  intros range; set (t := (L + m) / (L - m)); set (s := sqrt (1/2)).
  assert (scaled : (L - m) * t = L + m) by (unfold t; field; lra).
  assert (square : s * s = 1/2) by (unfold s; apply sqrt_sqrt; lra).
  assert (positive : 0 <= s) by apply sqrt_pos.
  assert (beyond : 1 < t) by nra; assert (small : s < 1) by nra.
  exists (2 / ((L - m) * (t + s))), (2 / ((L - m) * (t - s))).
  intros lam between; set (x := (L + m - 2 * lam) / (L - m)).
  assert (x_is : (L - m) * x = L + m - 2 * lam) by (unfold x; field; lra).
  assert (inside : -1 <= x <= 1) by (split; nra).
  assert (lam_is : lam = (L - m) * (t - x) / 2) by (rewrite Rmult_minus_distr_l, scaled, x_is; field).
  assert (value : rho (2 / ((L - m) * (t + s))) 1 0 (2 / ((L - m) * (t - s))) lam
                  = (2 * x ^ 2 - 1) / (2 * t ^ 2 - 1)).
  { assert (split : forall z, 2 * z ^ 2 - 1 = 2 * ((z - s) * (z + s))) by (intros z; lra).
    rewrite !split, lam_is; unfold rho, factor; simpl; field; repeat split; nra. }
  rewrite value; change (chebyshev 2 t) with (2 * t * t - 1); assert (0 < 2 * t ^ 2 - 1) by nra.
  unfold Rdiv; rewrite Rabs_mult, (Rabs_pos_eq (/ _)) by (apply Rlt_le, Rinv_0_lt_compat; assumption).
  replace ((2 * t * t - 1) * (Rabs (2 * x ^ 2 - 1) * / (2 * t ^ 2 - 1))) with (Rabs (2 * x ^ 2 - 1))
    by (field; lra).
  apply Rabs_le; split; nra.
Qed.

(* ... and for k = 2 with lr = alpha = 2/(L+m): the best mu is positive. *)
Definition best_mu_k2 (m L : R) : R := 3 / (4 * ((L + m) / (L - m)) ^ 2 - 3).

Theorem floor_attained_k2 m L :
  0 < m < L -> 0 < best_mu_k2 m L /\ forall lam, m <= lam <= L ->
  chebyshev 3 ((L + m) / (L - m)) * Rabs (rho (2 / (L + m)) 2 (best_mu_k2 m L) (2 / (L + m)) lam) <= 1.
Proof.
  intros range; unfold best_mu_k2; set (t := (L + m) / (L - m)).
  assert (scaled : (L - m) * t = L + m) by (unfold t; field; lra).
  assert (beyond : 1 < t) by nra; assert (positive : 0 < 4 * t ^ 2 - 3) by nra.
  split; [apply Rdiv_lt_0_compat; lra|].
  intros lam between; set (x := (L + m - 2 * lam) / (L - m)).
  assert (x_is : (L - m) * x = L + m - 2 * lam) by (unfold x; field; lra).
  assert (inside : -1 <= x <= 1) by (split; nra).
  assert (value : rho (2 / (L + m)) 2 (3 / (4 * t ^ 2 - 3)) (2 / (L + m)) lam
                  = (4 * x ^ 3 - 3 * x) / (4 * t ^ 3 - 3 * t)).
  { assert (ratio : 1 - 2 / (L + m) * lam = x / t)
      by (rewrite <- scaled; replace lam with ((L - m) * (t - x) / 2)
            by (rewrite Rmult_minus_distr_l, scaled, x_is; field); field; split; lra).
    unfold rho, factor; rewrite ratio; field; repeat split; nra. }
  rewrite value; change (chebyshev 3 t) with (2 * t * (2 * t * t - 1) - t).
  assert (0 < 4 * t ^ 3 - 3 * t) by (replace (4 * t ^ 3 - 3 * t) with (t * (4 * t ^ 2 - 3)) by ring; nra).
  unfold Rdiv; rewrite Rabs_mult, (Rabs_pos_eq (/ _)) by (apply Rlt_le, Rinv_0_lt_compat; assumption).
  replace ((2 * t * (2 * t * t - 1) - t) * (Rabs (4 * x ^ 3 - 3 * x) * / (4 * t ^ 3 - 3 * t)))
    with (Rabs (4 * x ^ 3 - 3 * x)) by (field; lra).
  apply Rabs_le; split.
  - assert (0 <= (x + 1) * (2 * x - 1) ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]); lra.
  - assert (0 <= (1 - x) * (2 * x + 1) ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]); lra.
Qed.
