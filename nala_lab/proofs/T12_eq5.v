(** T12, Eq. (5): the slow weights are a weighted sum of the ends of the inner loops, of the outer
    gradients and of the start. For every mu and alpha, every inner optimizer (its state kept or
    not), every gradient, every dimension. *)

From Coq Require Import Reals Lra Lia.
From NalaLab Require Import Algorithm1.
Open Scope R_scope.

(* sum_{j < n} u j *)
Fixpoint total (n : nat) (u : nat -> R) : R :=
  match n with O => 0 | S t => total t u + u t end.

(* sum_{i = 1}^t (-mu)^(t-i) u_i; here j = i - 1 counts from 0 *)
Definition memory (mu : R) (t : nat) (u : nat -> R) : R :=
  total t (fun j => (- mu) ^ (t - S j) * u j).

Lemma total_S n u : total (S n) u = total n u + u n.
Proof. reflexivity. Qed.

Lemma total_ext n u v : (forall j, (j < n)%nat -> u j = v j) -> total n u = total n v.
Proof.
  induction n as [|n IH]; intros same; simpl; [reflexivity|].
  rewrite IH, same; auto; intros; apply same; lia.
Qed.

Lemma total_scale a n u : total n (fun j => a * u j) = a * total n u.
Proof. induction n as [|n IH]; simpl; [ring|]. rewrite IH; ring. Qed.

Lemma memory_S mu t u : memory mu (S t) u = - mu * memory mu t u + u t.
Proof.
  unfold memory; simpl total; rewrite Nat.sub_diag, <- total_scale; simpl; rewrite Rmult_1_l.
  f_equal; apply total_ext; intros j below.
  replace (t - j)%nat with (S (t - S j))%nat by lia; simpl; ring.
Qed.

Section Unrolled.
  Context {I Z : Type} (A : Z -> (I -> R) -> Z * (I -> R)) (G : Z -> (I -> R) -> I -> R).
  Variables (mu alpha : R) (start : Z * (I -> R)).

  Let now t := run (Points I) A G mu alpha t start.
  Definition slow (t : nat) : I -> R := snd (now t).
  (* theta_{t+1,k}, y_{t+1} and the gradient there *)
  Definition fast_end (t : nat) : I -> R := snd (A (fst (now t)) (slow t)).
  Definition ahead (t : nat) : I -> R := look_ahead (Points I) mu (slow t) (fast_end t).
  Definition outer_grad (t : nat) : I -> R := G (fst (now (S t))) (ahead t).

  Lemma slow_S t i :
    slow (S t) i = (1 + mu) * fast_end t i - mu * slow t i - alpha * outer_grad t i.
  Proof.
    unfold outer_grad, ahead, fast_end, slow, now; simpl.
    unfold cycle; destruct (A _ _) as [state theta]; simpl; ring.
  Qed.

  Theorem eq5 t i :
    slow t i = (1 + mu) * memory mu t (fun j => fast_end j i) + (- mu) ^ t * snd start i
               - alpha * memory mu t (fun j => outer_grad j i).
  Proof.
    induction t as [|t IH]; [unfold slow, now, memory; simpl; ring|].
    rewrite slow_S, IH, !memory_S; simpl; ring.
  Qed.
End Unrolled.

(* The weights of the points sum to 1, whatever mu is. *)
Theorem weights_sum_to_one mu t : (1 + mu) * memory mu t (fun _ => 1) + (- mu) ^ t = 1.
Proof.
  induction t as [|t IH]; [unfold memory; simpl; ring|].
  rewrite memory_S; simpl.
  replace ((1 + mu) * (- mu * memory mu t (fun _ => 1) + 1) + - mu * (- mu) ^ t)
    with (- mu * ((1 + mu) * memory mu t (fun _ => 1) + (- mu) ^ t) + (1 + mu)) by ring.
  rewrite IH; ring.
Qed.

(* For mu in [-1, 0] none of them is negative: a weighted mean. *)
Theorem weights_not_negative mu t j :
  -1 <= mu <= 0 -> 0 <= (1 + mu) * (- mu) ^ (t - S j) /\ 0 <= (- mu) ^ t.
Proof.
  intros range; split; [apply Rmult_le_pos; [lra|]|]; apply pow_le; lra.
Qed.

(* The paper prints |mu| in place of -mu. For mu <= 0 that is the same ... *)
Theorem printed_form_for_averages mu t u :
  mu <= 0 -> memory (- Rabs mu) t u = memory mu t u.
Proof. intros sign; rewrite Rabs_left1 by exact sign; now rewrite Ropp_involutive. Qed.

(* ... and for every mu > 0 it is wrong after one cycle, wherever phi_0 is not 0. *)
Theorem printed_form_false (Z : Type) A (G : Z -> (unit -> R) -> unit -> R) mu alpha start :
  0 < mu -> snd start tt <> 0 ->
  slow A G mu alpha start 1 tt
  <> (1 + mu) * memory (- Rabs mu) 1 (fun j => fast_end A G mu alpha start j tt)
     + Rabs mu ^ 1 * snd start tt
     - alpha * memory (- Rabs mu) 1 (fun j => outer_grad A G mu alpha start j tt).
Proof.
  intros positive somewhere claimed.
  rewrite (eq5 A G mu alpha start 1 tt) in claimed.
  unfold memory in claimed; simpl in claimed; rewrite Rabs_pos_eq in claimed by lra.
  apply somewhere; nra.
Qed.
