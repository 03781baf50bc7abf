(** T21 (Theorem A): the worst factor of the distance per cycle, over all functions that satisfy the
    two inequalities of L-smoothness and m-strong convexity, in any real inner-product space.
    Nothing else is assumed of f; G is its gradient because the inequalities say so. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1 Inner_product T28_descent T12_eq5.
Open Scope R_scope.

Definition strongly_convex {V} (add : V -> V -> V) scale (dot : V -> V -> R) (m : R) f (G : V -> V) : Prop :=
  forall x y, let d := minus (add := add) (scale := scale) y x in
  f x + dot (G x) d + m / 2 * dot d d <= f y.

Definition distance_factor (m lr : R) (k : nat) (mu alpha : R) : R :=
  (1 - alpha * m) * ((1 + mu) * (1 - lr * m) ^ k - mu).

Section TheoremA.
  Context {V : Type} {add : V -> V -> V} {scale : R -> V -> V} {dot : V -> V -> R}.
  Variable laws : InnerProduct add scale dot.
  Let W := over_reals add scale.
  Let sub := minus (add := add) (scale := scale).
  Let far x y := norm (dot := dot) (sub x y).

  Ltac expand h :=
    unfold W, sub, step, look_ahead, minus in h; cbv zeta in h;
    cbn [over_reals Algorithm1.add Algorithm1.scale plus opp one] in h;
    repeat rewrite ?(dot_add laws), ?(dot_scale laws), ?(dot_add_r laws), ?(dot_scale_r laws) in h.
  Ltac expand_goal :=
    unfold W, sub, step, look_ahead, minus; cbv zeta;
    cbn [over_reals Algorithm1.add Algorithm1.scale plus opp one];
    repeat rewrite ?(dot_add laws), ?(dot_scale laws), ?(dot_add_r laws), ?(dot_scale_r laws).

  Variables (f : V -> R) (G : V -> V) (L m : R) (best : V).
  Hypothesis is_smooth : smooth add scale dot L f G.
  Hypothesis is_convex : strongly_convex add scale dot m f G.
  Hypothesis curvature : 0 <= m <= L.
  Hypothesis stationary : forall v, dot (G best) v = 0.

  (* The two inequalities at two chosen points, for a step s >= 0. *)
  Lemma two_points x y s :
    let e := sub y x in let g := sub (G y) (G x) in let d := sub g (scale m e) in
    0 <= s -> (2 * s - (L - m) * s ^ 2) * dot d d <= dot g e - m * dot e e.
  Proof.
    intros e g d positive.
    pose proof (is_convex x (sub y (scale s d))) as above1.
    pose proof (is_smooth y (sub y (scale s d))) as below1.
    pose proof (is_convex y (add x (scale s d))) as above2.
    pose proof (is_smooth x (add x (scale s d))) as below2.
    pose proof (Rle_trans _ _ _ above1 below1) as one.
    pose proof (Rle_trans _ _ _ above2 below2) as two.
    clear above1 below1 above2 below2; subst d g e.
    expand one; expand two; expand_goal.
    rewrite (dot_sym laws (G y) (G x)), (dot_sym laws y x), (dot_sym laws x (G x)),
            (dot_sym laws y (G x)), (dot_sym laws x (G y)), (dot_sym laws y (G y)) in *.
    lra.
  Qed.

  Lemma cocoercive x y :
    let e := sub y x in let g := sub (G y) (G x) in
    dot g g + m * L * dot e e <= (L + m) * dot g e.
  Proof.
    intros e g; pose proof (two_points x y) as key; fold e g in key; cbv zeta in key; fold e g in key.
    set (d := sub g (scale m e)) in key.
    assert (square : dot d d = dot g g - 2 * m * dot g e + m ^ 2 * dot e e).
    { subst d; unfold sub, minus.
      repeat rewrite ?(dot_add laws), ?(dot_scale laws), ?(dot_add_r laws), ?(dot_scale_r laws).
      rewrite (dot_sym laws e g); ring. }
    pose proof (dot_pos laws d) as positive; clearbody e g d.
    assert (main : dot d d <= (L - m) * (dot g e - m * dot e e)).
    { destruct (Req_dec L m) as [same|differ].
      - pose proof (key 0 ltac:(lra)) as low.
        destruct (Req_dec (dot d d) 0) as [zero|some]; [rewrite zero, same; lra|exfalso].
        specialize (key ((dot g e - m * dot e e + 1) / (2 * dot d d))).
        assert (0 <= (dot g e - m * dot e e + 1) / (2 * dot d d)) by (apply Rle_mult_inv_pos; lra).
        specialize (key ltac:(assumption)); rewrite same in key.
        replace ((2 * ((dot g e - m * dot e e + 1) / (2 * dot d d))
                  - (m - m) * ((dot g e - m * dot e e + 1) / (2 * dot d d)) ^ 2) * dot d d)
          with (dot g e - m * dot e e + 1) in key by (field; exact some).
        lra.
      - specialize (key (/ (L - m)) ltac:(apply Rlt_le, Rinv_0_lt_compat; lra)).
        replace ((2 * / (L - m) - (L - m) * (/ (L - m)) ^ 2) * dot d d) with (dot d d / (L - m)) in key
          by (field; lra).
        apply Rmult_le_reg_r with (/ (L - m)); [apply Rinv_0_lt_compat; lra|].
        replace ((L - m) * (dot g e - m * dot e e) * / (L - m)) with (dot g e - m * dot e e)
          by (field; lra).
        exact key. }
    rewrite square in main; lra.
  Qed.

  (* One gradient step of length h <= 2/(L+m). *)
  Lemma one_step h x :
    0 <= h -> h * (L + m) <= 2 -> far (step W h (G x) x) best <= (1 - h * m) * far x best.
  Proof.
    intros positive short; unfold far.
    assert (slow : 0 <= 1 - h * m) by nra.
    apply (norm_le laws); [apply Rmult_le_pos; [exact slow|apply norm_pos]|].
    rewrite Rpow_mult_distr, (norm_square laws).
    pose proof (cocoercive best x) as key; cbv zeta in key.
    pose proof (two_points best x 0 (Rle_refl 0)) as monotone; cbv zeta in monotone.
    assert (left : dot (sub (G x) (G best)) (sub (G x) (G best)) = dot (G x) (G x)).
    { expand_goal; rewrite !stationary, (dot_sym laws (G x) (G best)), stationary; ring. }
    assert (right : dot (sub (G x) (G best)) (sub x best) = dot (G x) (sub x best)).
    { expand_goal; rewrite !stationary; ring. }
    rewrite left, right in *.
    assert (moved : dot (sub (step W h (G x) x) best) (sub (step W h (G x) x) best)
      = dot (sub x best) (sub x best) - 2 * h * dot (G x) (sub x best) + h ^ 2 * dot (G x) (G x)).
    { expand_goal; rewrite (dot_sym laws x (G x)), (dot_sym laws best (G x)); ring. }
    assert (cut : 0 <= dot (sub (G x) (scale m (sub x best))) (sub (G x) (scale m (sub x best))))
      by apply (dot_pos laws).
    assert (cut_is : dot (sub (G x) (scale m (sub x best))) (sub (G x) (scale m (sub x best)))
      = dot (G x) (G x) - 2 * m * dot (G x) (sub x best) + m ^ 2 * dot (sub x best) (sub x best)).
    { set (e := sub x best); unfold sub, minus.
      repeat rewrite ?(dot_add laws), ?(dot_scale laws), ?(dot_add_r laws), ?(dot_scale_r laws).
      rewrite (dot_sym laws e (G x)); ring. }
    rewrite cut_is in cut; rewrite moved.
    set (E := dot (sub x best) (sub x best)) in *; set (P := dot (G x) (sub x best)) in *.
    set (N := dot (G x) (G x)) in *.
    assert (0 <= E) by (unfold E; apply (dot_pos laws)).
    clear cut_is moved left right; clearbody E P N.
    assert (steep : m ^ 2 * E <= N) by nra.
    destruct (Req_dec h 0) as [still|moves]; [subst h; nra|].
    destruct (Req_dec (L + m) 0) as [flat|curved].
    - assert (L = 0 /\ m = 0) as [-> ->] by lra; nra.
    - apply Rmult_le_reg_l with (L + m); [lra|].
      assert (0 <= h * (2 - h * (L + m)) * (N - m ^ 2 * E)).
      { apply Rmult_le_pos; [apply Rmult_le_pos; lra|lra]. }
      assert (2 * h * (N + m * L * E) <= 2 * h * ((L + m) * P)) by (apply Rmult_le_compat_l; lra).
      nra.
  Qed.

  Lemma inner_loop lr k x :
    0 <= lr -> lr * (L + m) <= 2 -> far (descent W lr G k x) best <= (1 - lr * m) ^ k * far x best.
  Proof.
    intros positive short; assert (slow : 0 <= 1 - lr * m) by nra.
    induction k as [|k IH]; simpl; [lra|].
    eapply Rle_trans; [now apply one_step|].
    rewrite Rmult_assoc; now apply Rmult_le_compat_l.
  Qed.

  Theorem theorem_a lr k mu alpha phi :
    -1 <= mu <= 0 -> 0 <= lr -> lr * (L + m) <= 2 -> 0 <= alpha -> alpha * (L + m) <= 2 ->
    far (nala W lr k mu alpha G 1 phi) best <= distance_factor m lr k mu alpha * far phi best.
  Proof.
    intros range plr slr pa sa; rewrite nala_S; change (nala W lr k mu alpha G 0 phi) with phi.
    unfold outer_step; set (theta := descent W lr G k phi).
    eapply Rle_trans; [now apply one_step|].
    unfold distance_factor; rewrite Rmult_assoc; apply Rmult_le_compat_l; [nra|].
    replace (((1 + mu) * (1 - lr * m) ^ k - mu) * far phi best)
      with ((1 + mu) * ((1 - lr * m) ^ k * far phi best) + - mu * far phi best) by ring.
    apply (norm_combination laws) with (x := sub theta best) (y := sub phi best); try lra.
    - now apply inner_loop.
    - unfold far; lra.
    - expand_goal; rewrite (dot_sym laws phi theta), (dot_sym laws best theta), (dot_sym laws best phi); ring.
  Qed.

  (* T cycles *)
  Corollary theorem_a_cycles lr k mu alpha T phi :
    -1 <= mu <= 0 -> 0 <= lr -> lr * (L + m) <= 2 -> 0 <= alpha -> alpha * (L + m) <= 2 ->
    far (nala W lr k mu alpha G T phi) best <= distance_factor m lr k mu alpha ^ T * far phi best.
  Proof.
    intros range plr slr pa sa; induction T as [|T IH]; [unfold nala, nala_over; simpl; lra|].
    pose proof (theorem_a lr k mu alpha (nala W lr k mu alpha G T phi) range plr slr pa sa) as one.
    change (nala W lr k mu alpha G 1 (nala W lr k mu alpha G T phi))
      with (nala W lr k mu alpha G (S T) phi) in one.
    eapply Rle_trans; [exact one|]; simpl; rewrite Rmult_assoc; apply Rmult_le_compat_l; [|exact IH].
    unfold distance_factor; apply Rmult_le_pos; [nra|].
    assert (0 <= (1 - lr * m) ^ k) by (apply pow_le; nra); nra.
  Qed.
End TheoremA.

(* The class is not empty and the bound is attained: m x^2 / 2 on the line. *)
Definition bowl (m x : R) : R := m * x ^ 2 / 2.
Definition bowl_grad (m x : R) : R := m * x.

Lemma bowl_in_class a L m :
  0 <= m <= a -> a <= L ->
  smooth Rplus Rmult Rmult L (bowl a) (bowl_grad a) /\
  strongly_convex Rplus Rmult Rmult m (bowl a) (bowl_grad a) /\
  forall v, bowl_grad a 0 * v = 0.
Proof.
  intros low high; split; [|split].
  - intros x y; unfold minus, bowl, bowl_grad; simpl.
    assert (0 <= (L - a) * (y + -1 * x) ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]); lra.
  - intros x y; unfold minus, bowl, bowl_grad; simpl.
    assert (0 <= (a - m) * (y + -1 * x) ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]); lra.
  - intros v; unfold bowl_grad; ring.
Qed.

Lemma bowl_cycle a lr k mu alpha phi :
  nala Line lr k mu alpha (bowl_grad a) 1 phi = distance_factor a lr k mu alpha * phi.
Proof.
  assert (inner : descent Line lr (bowl_grad a) k phi = (1 - lr * a) ^ k * phi).
  { induction k as [|k IH]; simpl; [ring|]; rewrite IH; unfold step, bowl_grad; simpl; ring. }
  rewrite nala_S; change (nala Line lr k mu alpha (bowl_grad a) 0 phi) with phi.
  rewrite inner; unfold outer_step, step, look_ahead, bowl_grad, distance_factor; simpl.
  generalize ((1 - lr * a) ^ k); intros; ring.
Qed.

Theorem theorem_a_attained L m lr k mu alpha phi :
  0 <= m <= L ->
  smooth Rplus Rmult Rmult L (bowl m) (bowl_grad m) /\
  strongly_convex Rplus Rmult Rmult m (bowl m) (bowl_grad m) /\
  nala Line lr k mu alpha (bowl_grad m) 1 phi = distance_factor m lr k mu alpha * phi.
Proof.
  intros range; destruct (bowl_in_class m L m) as [one [two _]]; try lra.
  split; [exact one|split; [exact two|apply bowl_cycle]].
Qed.

(* mu <= 0 is needed: at mu = 1 the bowl x^2 / 2, a member of the class with m = 1/10, goes beyond. *)
Theorem theorem_a_needs_averages :
  distance_factor (1/10) 1 1 1 0 * Rabs 1 < Rabs (nala Line 1 1 1 0 (bowl_grad 1) 1 1).
Proof.
  rewrite bowl_cycle; unfold distance_factor; rewrite Rabs_pos_eq, Rabs_left by lra; lra.
Qed.

(* lr <= 2/(L+m) is needed: lr = 21/10 and the same bowl. *)
Theorem theorem_a_needs_short_steps :
  distance_factor (1/10) (21/10) 1 0 0 * Rabs 1 < Rabs (nala Line (21/10) 1 0 0 (bowl_grad 1) 1 1).
Proof.
  rewrite bowl_cycle; unfold distance_factor; rewrite Rabs_pos_eq, Rabs_left by lra; lra.
Qed.

(* In R^n. *)
Corollary theorem_a_euclidean n f G L m best lr k mu alpha T phi :
  smooth (add (Points nat)) (scale (Points nat)) (dot_n n) L f G ->
  strongly_convex (add (Points nat)) (scale (Points nat)) (dot_n n) m f G ->
  0 <= m <= L -> (forall v, dot_n n (G best) v = 0) ->
  -1 <= mu <= 0 -> 0 <= lr -> lr * (L + m) <= 2 -> 0 <= alpha -> alpha * (L + m) <= 2 ->
  let far x := sqrt (dot_n n (fun i => x i + -1 * best i) (fun i => x i + -1 * best i)) in
  far (nala (Points nat) lr k mu alpha G T phi) <= distance_factor m lr k mu alpha ^ T * far phi.
Proof.
  intros is_smooth is_convex curvature flat range plr slr pa sa.
  exact (theorem_a_cycles (euclidean n) f G L m best is_smooth is_convex curvature flat
           lr k mu alpha T phi range plr slr pa sa).
Qed.
