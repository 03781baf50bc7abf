(** Polynomials of one real variable, as far as Chebyshev's theorem needs them: degree, division by
    x - a, and interpolation at a point beyond all nodes. *)

From Coq Require Import Reals Lra Lia.
From NalaLab Require Import T12_eq5.
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

(* The value at t as a weighted sum of the values at n + 1 points below it; the signs of the weights alternate. *)
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
