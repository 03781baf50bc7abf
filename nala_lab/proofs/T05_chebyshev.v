(** T05: whatever lr, mu and alpha are, some mode of [m, L] keeps at least 1/T_{k+1} of its
    error in a cycle, T the Chebyshev polynomial: nothing of this kind is accelerated. For every k.

    The proof: a polynomial of degree n is a weighted sum of its values at n + 1 points, with weights
    of alternating signs at a point beyond them all. At the points where T_n is 1 and -1 in turn, the
    sum for T_n is the sum of the sizes of the weights, so no polynomial with smaller values there
    can be larger at the point beyond. *)

From Coq Require Import Reals Lra Lia.
From NalaLab Require Import Algorithm1 T12_eq5.
Open Scope R_scope.

(* degree at most n, in Horner's form *)
Fixpoint polynomial (n : nat) (p : R -> R) : Prop :=
  match n with
  | O => exists c, forall x, p x = c
  | S j => exists c q, polynomial j q /\ forall x, p x = c + x * q x
  end.

Lemma polynomial_ext n p q : (forall x, p x = q x) -> polynomial n p -> polynomial n q.
Proof.
  destruct n; intros same; simpl.
  - intros [c is_c]; exists c; intros x; now rewrite <- same.
  - intros [c [r [degree is_p]]]; exists c, r; split; [exact degree|]; intros x; now rewrite <- same.
Qed.

Lemma polynomial_constant n c : polynomial n (fun _ => c).
Proof.
  revert c; induction n as [|n IH]; intros c; simpl; [now exists c|].
  exists c, (fun _ => 0); split; [apply IH|intros; ring].
Qed.

Lemma polynomial_add n p q : polynomial n p -> polynomial n q -> polynomial n (fun x => p x + q x).
Proof.
  revert p q; induction n as [|n IH]; intros p q; simpl.
  - intros [c is_p] [d is_q]; exists (c + d); intros x; now rewrite is_p, is_q.
  - intros [c [r [deg_r is_p]]] [d [s [deg_s is_q]]].
    exists (c + d), (fun x => r x + s x); split; [now apply IH|].
    intros x; rewrite is_p, is_q; ring.
Qed.

Lemma polynomial_scale n a p : polynomial n p -> polynomial n (fun x => a * p x).
Proof.
  revert p; induction n as [|n IH]; intros p; simpl.
  - intros [c is_p]; exists (a * c); intros x; now rewrite is_p.
  - intros [c [r [deg_r is_p]]]; exists (a * c), (fun x => a * r x); split; [now apply IH|].
    intros x; rewrite is_p; ring.
Qed.

Lemma polynomial_weaken n p : polynomial n p -> polynomial (S n) p.
Proof.
  revert p; induction n as [|n IH]; intros p.
  - intros [c is_p]; exists c, (fun _ => 0); split; [exists 0; reflexivity|].
    intros x; rewrite is_p; ring.
  - intros [c [r [deg_r is_p]]]; exists c, r; split; [now apply IH|exact is_p].
Qed.

Lemma polynomial_times n u v p : polynomial n p -> polynomial (S n) (fun x => (u + v * x) * p x).
Proof.
  intros degree; apply polynomial_ext with (fun x => u * p x + (0 + x * (v * p x))); [intros; ring|].
  apply polynomial_add; [now apply polynomial_weaken, polynomial_scale|].
  exists 0, (fun x => v * p x); split; [now apply polynomial_scale|reflexivity].
Qed.

(* division by x - a *)
Lemma polynomial_divide n p a :
  polynomial (S n) p -> exists r, polynomial n r /\ forall x, p x = p a + (x - a) * r x.
Proof.
  revert p; induction n as [|n IH]; intros p [c [q [degree is_p]]].
  - destruct degree as [d is_q]; exists (fun _ => d); split; [now exists d|].
    intros x; rewrite !is_p, !is_q; ring.
  - destruct (IH q degree) as [s [deg_s is_q]].
    exists (fun x => q x + a * s x); split.
    + apply polynomial_add; [exact degree|]; now apply polynomial_weaken, polynomial_scale.
    + intros x; rewrite !is_p, (is_q x); ring.
Qed.

(* (x - node 0) ... (x - node (n-1)) *)
Fixpoint product (n : nat) (node : nat -> R) (x : R) : R :=
  match n with O => 1 | S j => (x - node j) * product j node x end.

Lemma product_degree n node : polynomial n (product n node).
Proof.
  induction n as [|n IH]; [now exists 1|].
  apply polynomial_ext with (fun x => (- node n + 1 * x) * product n node x); [intros; simpl; ring|].
  now apply polynomial_times.
Qed.

Lemma product_zero n node j : (j < n)%nat -> product n node (node j) = 0.
Proof.
  induction n as [|n IH]; intros below; [lia|]; simpl.
  destruct (Nat.eq_dec j n) as [->|other]; [ring|]; rewrite IH by lia; ring.
Qed.

Lemma product_beyond n node x : (forall j, (j < n)%nat -> node j < x) -> 0 < product n node x.
Proof.
  induction n as [|n IH]; intros beyond; simpl; [lra|].
  apply Rmult_lt_0_compat; [specialize (beyond n); assert (node n < x) by (apply beyond; lia); lra|].
  apply IH; intros j below; apply beyond; lia.
Qed.

Lemma product_before n node x :
  (forall j, (j < n)%nat -> x < node j) -> 0 < (-1) ^ n * product n node x.
Proof.
  induction n as [|n IH]; intros before; simpl; [lra|].
  replace (-1 * (-1) ^ n * ((x - node n) * product n node x))
    with ((node n - x) * ((-1) ^ n * product n node x)) by ring.
  apply Rmult_lt_0_compat; [assert (x < node n) by (apply before; lia); lra|].
  apply IH; intros j below; apply before; lia.
Qed.

Definition decreasing (n : nat) (node : nat -> R) : Prop :=
  forall i j, (i < j)%nat -> (j <= n)%nat -> node j < node i.

Lemma sign_square n : (-1) ^ n * (-1) ^ n = 1.
Proof. rewrite <- Rpow_mult_distr; replace (-1 * -1) with 1 by ring; apply pow1. Qed.

Lemma interpolation n node t :
  decreasing n node -> node 0%nat < t ->
  exists w, (forall j, (j <= n)%nat -> 0 <= (-1) ^ j * w j) /\
  forall p, polynomial n p -> p t = total (S n) (fun j => w j * p (node j)).
Proof.
  induction n as [|n IH]; intros order beyond.
  - exists (fun _ => 1); split; [intros j below; replace j with 0%nat by lia; simpl; lra|].
    intros p [c is_p]; simpl; rewrite !is_p; ring.
  - destruct IH as [w [sign exact]]; [intros i j less below; apply order; lia|exact beyond|].
    set (a := node (S n)) in *.
    assert (apart : forall j, (j <= n)%nat -> a < node j) by (intros j below; apply order; lia).
    assert (far : a < t) by (pose proof (apart 0%nat ltac:(lia)); lra).
    set (v := fun j => w j * ((t - a) / (node j - a))).
    set (last := 1 - total (S n) v).
    set (w' := fun j => if Nat.eqb j (S n) then last else v j).
    assert (old : forall p j, (j < S n)%nat -> w' j * p (node j) = v j * p (node j)).
    { intros p j below; unfold w'; rewrite (proj2 (Nat.eqb_neq j (S n))) by lia; reflexivity. }
    assert (formula : forall p, polynomial (S n) p ->
              p t = total (S (S n)) (fun j => w' j * p (node j))).
    { intros p degree; destruct (polynomial_divide n p a degree) as [r [deg_r is_p]].
      rewrite total_S, (total_ext (S n) _ (fun j => v j * p (node j))) by (intros; now apply old).
      unfold w'; rewrite Nat.eqb_refl; fold a; unfold last.
      rewrite (is_p t), (exact r deg_r), <- total_scale.
      replace ((1 - total (S n) v) * p a) with (p a + - p a * total (S n) v) by ring.
      rewrite <- total_scale.
      assert (split : forall u u1 u2, (forall j, (j < S n)%nat -> u j = u1 j + u2 j) ->
                total (S n) u = total (S n) u1 + total (S n) u2).
      { clear; intros u u1 u2; induction (S n) as [|k IH]; intros same; simpl; [ring|].
        rewrite IH, same by (intros; try apply same; lia); ring. }
      rewrite (split _ (fun j => v j * p (node j)) (fun j => - p a * v j)); [ring|].
      intros j below; unfold v; rewrite (is_p (node j)).
      pose proof (apart j ltac:(lia)); field; lra. }
    exists w'; split; [|exact formula].
    intros j below; unfold w'; destruct (Nat.eqb_spec j (S n)) as [->|other].
    + pose proof (formula (product (S n) node) (product_degree (S n) node)) as value.
      rewrite total_S, (total_ext (S n) _ (fun _ => 0)) in value
        by (intros; rewrite product_zero by assumption; ring).
      assert (nothing : forall k, total k (fun _ => 0) = 0)
        by (clear; induction k as [|k IH]; simpl; [reflexivity|rewrite IH; ring]).
      rewrite nothing in value; unfold w' in value; rewrite Nat.eqb_refl in value; fold a in value.
      assert (0 < product (S n) node t).
      { apply product_beyond; intros i less; destruct (Nat.eq_dec i 0) as [->|more]; [exact beyond|].
        apply Rlt_trans with (node 0%nat); [apply order; lia|exact beyond]. }
      assert (below_all : 0 < (-1) ^ S n * product (S n) node a)
        by (apply product_before; intros i less; apply apart; lia).
      set (P := product (S n) node a) in *; set (s := (-1) ^ S n) in *.
      assert (square : s * s = 1) by apply sign_square.
      destruct (Rle_lt_dec 0 (s * last)) as [fine|negative]; [exact fine|exfalso].
      assert (s * last * (s * P) < 0) by nra.
      replace (s * last * (s * P)) with (s * s * (last * P)) in * by ring.
      rewrite square in *; lra.
    + unfold v; pose proof (apart j ltac:(lia)); rewrite <- Rmult_assoc.
      apply Rmult_le_pos; [apply sign; lia|].
      apply Rle_mult_inv_pos; lra.
Qed.

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
