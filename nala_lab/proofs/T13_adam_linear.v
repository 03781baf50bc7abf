(** T13: NALA with Adam inside on a linear objective, gradient c, one coordinate (Adam treats each
    alone). Adam's state is kept from cycle to cycle or reset; [D] is the denominator, so that the
    three places of eps are three instances. *)

From Coq Require Import Reals Lra Lia.
From NalaLab Require Import Algorithm1 T12_eq5 Powers.
Open Scope R_scope.

(* Adam's state: the two averages and the number of steps. *)
Record Moments : Type := Known { first : R; second : R; count : nat }.
Definition zero : Moments := Known 0 0 0.

Section Adam.
  Variables (beta1 beta2 lr : R) (D : R -> nat -> R) (G : R -> R).

  Definition adam_step (now : Moments * R) : Moments * R :=
    let (s, x) := now in
    let g := G x in
    let s' := Known (beta1 * first s + (1 - beta1) * g) (beta2 * second s + (1 - beta2) * g ^ 2) (S (count s)) in
    (s', x - lr * (first s' / (1 - beta1 ^ count s')) / D (second s' / (1 - beta2 ^ count s')) (count s')).

  Definition adam_loop (k : nat) (s : Moments) (x : R) : Moments * R := Nat.iter k adam_step (s, x).

  Definition kept (k : nat) := adam_loop k.
  Definition reset (k : nat) (_ : Moments) := adam_loop k zero.
End Adam.

(* The moments of j steps on a constant gradient. *)
Definition moments_of (beta1 beta2 c : R) (j : nat) : Moments :=
  Known (c * (1 - beta1 ^ j)) (c ^ 2 * (1 - beta2 ^ j)) j.

(* the displacement of Adam's step number j *)
Definition displacement (lr c : R) (D : R -> nat -> R) (j : nat) : R := lr * c / D (c ^ 2) j.

Lemma below_one b j : 0 <= b < 1 -> 1 - b ^ S j <> 0.
Proof.
  intros range; assert (unit : 1 ^ S j = 1) by apply pow1.
  pose proof (pow_lt_mono b 1 j ltac:(lra)); lra.
Qed.

Section Linear.
  Variables (beta1 beta2 lr c mu alpha : R) (D : R -> nat -> R).
  Hypothesis range1 : 0 <= beta1 < 1.
  Hypothesis range2 : 0 <= beta2 < 1.
  Let G (_ : R) : R := c.

  Lemma adam_on_constant j n x :
    adam_loop beta1 beta2 lr D G n (moments_of beta1 beta2 c j) x
    = (moments_of beta1 beta2 c (n + j), x - total n (fun i => displacement lr c D (S (i + j)))).
  Proof.
    induction n as [|n IH]; [unfold adam_loop; simpl; f_equal; ring|].
    change (adam_loop beta1 beta2 lr D G (S n) (moments_of beta1 beta2 c j) x)
      with (adam_step beta1 beta2 lr D G (adam_loop beta1 beta2 lr D G n (moments_of beta1 beta2 c j) x)).
    rewrite IH; unfold adam_step, moments_of, G; cbn [first second count].
    pose proof (below_one beta1 (n + j) range1) as one1.
    pose proof (below_one beta2 (n + j) range2) as one2.
    replace (beta1 * (c * (1 - beta1 ^ (n + j))) + (1 - beta1) * c)
      with (c * (1 - beta1 ^ S (n + j))) by (simpl; ring).
    replace (beta2 * (c ^ 2 * (1 - beta2 ^ (n + j))) + (1 - beta2) * c ^ 2)
      with (c ^ 2 * (1 - beta2 ^ S (n + j))) by (simpl; ring).
    replace (c * (1 - beta1 ^ S (n + j)) / (1 - beta1 ^ S (n + j))) with c by (field; exact one1).
    replace (c ^ 2 * (1 - beta2 ^ S (n + j)) / (1 - beta2 ^ S (n + j))) with (c ^ 2)
      by (field; exact one2).
    f_equal; rewrite total_S; unfold displacement; ring.
  Qed.

  Lemma zero_is : zero = moments_of beta1 beta2 c 0.
  Proof. unfold zero, moments_of; simpl; f_equal; ring. Qed.

  Lemma total_shift n k u : total (n + k) u = total n u + total k (fun i => u (i + n)%nat).
  Proof.
    induction k as [|k IH]; [rewrite Nat.add_0_r; simpl; ring|].
    rewrite Nat.add_succ_r, !total_S, IH, (Nat.add_comm k n); ring.
  Qed.

  Let outer := fun (_ : Moments) (_ : R) => c.

  (* State kept: the steps are numbered through. *)
  Theorem adam_kept k T phi :
    run Line (kept beta1 beta2 lr D G k) outer mu alpha T (zero, phi)
    = (moments_of beta1 beta2 c (T * k),
       phi - (1 + mu) * total (T * k) (fun i => displacement lr c D (S i)) - INR T * (alpha * c)).
  Proof.
    induction T as [|T IH]; [rewrite zero_is; simpl; f_equal; ring|].
    change (S T * k)%nat with (k + T * k)%nat.
    rewrite (Nat.add_comm k), total_shift, (Nat.add_comm (T * k)); cbn [run]; rewrite IH.
    unfold cycle, kept; cbn [fst snd]; rewrite adam_on_constant.
    unfold outer_step, step, look_ahead, outer; f_equal; rewrite S_INR; simpl; ring.
  Qed.

  (* State reset: every cycle starts at step 1. *)
  Theorem adam_reset k T phi s :
    snd (run Line (reset beta1 beta2 lr D G k) outer mu alpha T (s, phi))
    = phi - INR T * ((1 + mu) * total k (fun i => displacement lr c D (S i)) + alpha * c).
  Proof.
    induction T as [|T IH]; [simpl; ring|].
    cbn [run]; unfold cycle, reset; rewrite zero_is, adam_on_constant.
    cbn [snd fst]; unfold reset in IH; rewrite zero_is in IH; rewrite IH.
    unfold outer_step, step, look_ahead, outer; rewrite S_INR.
    rewrite (total_ext k (fun i => displacement lr c D (S (i + 0)))
                         (fun i => displacement lr c D (S i)))
      by (intros; now rewrite Nat.add_0_r).
    simpl; ring.
  Qed.
End Linear.

(* The three places of eps; the second argument is Adam's own count. *)
Definition kingma_ba (eps : R) (v : R) (_ : nat) : R := sqrt v + eps.
Definition printed (eps : R) (v : R) (_ : nat) : R := sqrt (v + eps).
Definition tensorflow (beta2 eps : R) (v : R) (j : nat) : R := sqrt v + eps / sqrt (1 - beta2 ^ j).

Lemma total_constant k a : total k (fun _ => a) = INR k * a.
Proof. induction k as [|k IH]; [simpl; ring|]. rewrite total_S, IH, S_INR; ring. Qed.

Lemma root_of_square c : sqrt (c ^ 2) = Rabs c.
Proof. rewrite <- Rsqr_pow2; apply sqrt_Rsqr_abs. Qed.

(* The closed form for the first two, whether the state is kept or reset. *)
Definition adam_trajectory (slope lr c k mu alpha t : R) : R :=
  - (t * ((1 + mu) * k * (lr * c / slope) + alpha * c)).

Theorem adam_kingma_ba beta1 beta2 lr c mu alpha eps k T phi :
  0 <= beta1 < 1 -> 0 <= beta2 < 1 ->
  snd (run Line (kept beta1 beta2 lr (kingma_ba eps) (fun _ => c) k) (fun _ _ => c) mu alpha T (zero, phi))
  = phi + adam_trajectory (Rabs c + eps) lr c (INR k) mu alpha (INR T) /\
  snd (run Line (reset beta1 beta2 lr (kingma_ba eps) (fun _ => c) k) (fun _ _ => c) mu alpha T (zero, phi))
  = phi + adam_trajectory (Rabs c + eps) lr c (INR k) mu alpha (INR T).
Proof.
  intros range1 range2; split.
  - rewrite (adam_kept beta1 beta2 lr c mu alpha) by assumption; cbn [snd].
    unfold displacement, kingma_ba; rewrite root_of_square, total_constant, mult_INR.
    unfold adam_trajectory; ring.
  - rewrite (adam_reset beta1 beta2 lr c mu alpha) by assumption.
    unfold displacement, kingma_ba; rewrite root_of_square, total_constant.
    unfold adam_trajectory; ring.
Qed.

Theorem adam_printed beta1 beta2 lr c mu alpha eps k T phi :
  0 <= beta1 < 1 -> 0 <= beta2 < 1 ->
  snd (run Line (kept beta1 beta2 lr (printed eps) (fun _ => c) k) (fun _ _ => c) mu alpha T (zero, phi))
  = phi + adam_trajectory (sqrt (c ^ 2 + eps)) lr c (INR k) mu alpha (INR T) /\
  snd (run Line (reset beta1 beta2 lr (printed eps) (fun _ => c) k) (fun _ _ => c) mu alpha T (zero, phi))
  = phi + adam_trajectory (sqrt (c ^ 2 + eps)) lr c (INR k) mu alpha (INR T).
Proof.
  intros range1 range2; split.
  - rewrite (adam_kept beta1 beta2 lr c mu alpha) by assumption; cbn [snd].
    unfold displacement, printed; rewrite total_constant, mult_INR; unfold adam_trajectory; ring.
  - rewrite (adam_reset beta1 beta2 lr c mu alpha) by assumption.
    unfold displacement, printed; rewrite total_constant; unfold adam_trajectory; ring.
Qed.

(* TensorFlow's place of eps tells kept from reset: two cycles of one step, beta2 = 24/25, c = 3, eps = 1. *)
Theorem tensorflow_sees_the_state :
  let D := tensorflow (24/25) 1 in
  snd (run Line (kept 0 (24/25) (1/2) D (fun _ => 3) 1) (fun _ _ => 3) 0 0 2 (zero, 0)) = - (3/16 + 21/92) /\
  snd (run Line (reset 0 (24/25) (1/2) D (fun _ => 3) 1) (fun _ _ => 3) 0 0 2 (zero, 0)) = - (3/16 + 3/16).
Proof.
  intros D.
  assert (root : sqrt (3 ^ 2) = 3) by (rewrite root_of_square, Rabs_pos_eq; lra).
  assert (first : sqrt (1 - (24/25) ^ 1) = 1/5).
  { replace (1 - (24/25) ^ 1) with ((1/5) ^ 2) by field; rewrite root_of_square, Rabs_pos_eq; lra. }
  assert (second : sqrt (1 - (24/25) ^ 2) = 7/25).
  { replace (1 - (24/25) ^ 2) with ((7/25) ^ 2) by field; rewrite root_of_square, Rabs_pos_eq; lra. }
  split.
  - rewrite (adam_kept 0 (24/25) (1/2) 3 0 0) by lra; cbn [snd total Nat.mul Nat.add INR].
    unfold displacement, D, tensorflow; rewrite root, first, second; field.
  - rewrite (adam_reset 0 (24/25) (1/2) 3 0 0) by lra; cbn [total INR].
    unfold displacement, D, tensorflow; rewrite root, first; field.
Qed.
