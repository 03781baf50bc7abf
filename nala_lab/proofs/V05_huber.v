(** V05: for mu > 0 NALA can end higher than Lookahead, and farther. Huber's function on the line,
    L = d = 1, start 3, k = 1, lr = 1, mu = alpha = 1/2: after two cycles Lookahead is at the
    minimiser, NALA at -1/4. By hand in a minute. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1 Huber.
Open Scope R_scope.

Definition nala_at (T : nat) : R := nala Line 1 1 (1/2) (1/2) (huber_grad 1 1) T 3.
Definition lookahead_at (T : nat) : R := nala Line 1 1 (1/2) 0 (huber_grad 1 1) T 3.

Lemma next mu alpha T x :
  nala Line 1 1 mu alpha (huber_grad 1 1) T 3 = x ->
  nala Line 1 1 mu alpha (huber_grad 1 1) (S T) 3
  = outer_step Line mu alpha (huber_grad 1 1) x (x - huber_grad 1 1 x).
Proof.
  intros here; rewrite nala_S, here; simpl; unfold step; simpl.
  replace (x + - (1) * huber_grad 1 1 x) with (x - huber_grad 1 1 x) by ring; reflexivity.
Qed.

Lemma nala_first : nala_at 1 = 1.
Proof.
  unfold nala_at; rewrite (next (1/2) (1/2) 0 3) by reflexivity.
  rewrite (huber_grad_right 1 1 3) by lra; unfold outer_step, step, look_ahead; simpl.
  rewrite huber_grad_right by lra; field.
Qed.

Lemma nala_second : nala_at 2 = - 1/4.
Proof.
  unfold nala_at; rewrite (next (1/2) (1/2) 1 1) by exact nala_first.
  rewrite (huber_grad_middle 1 1 1) by lra; unfold outer_step, step, look_ahead; simpl.
  rewrite huber_grad_middle by lra; field.
Qed.

Lemma lookahead_first : lookahead_at 1 = 3/2.
Proof.
  unfold lookahead_at; rewrite (next (1/2) 0 0 3) by reflexivity.
  rewrite (huber_grad_right 1 1 3) by lra; unfold outer_step, step, look_ahead; simpl; field.
Qed.

Lemma lookahead_second : lookahead_at 2 = 0.
Proof.
  unfold lookahead_at; rewrite (next (1/2) 0 1 (3/2)) by exact lookahead_first.
  rewrite (huber_grad_right 1 1 (3/2)) by lra; unfold outer_step, step, look_ahead; simpl; field.
Qed.

Theorem higher_and_farther :
  huber 1 1 (lookahead_at 2) < huber 1 1 (nala_at 2) /\ Rabs (lookahead_at 2) < Rabs (nala_at 2).
Proof.
  rewrite nala_second, lookahead_second, !huber_middle by lra; split; [lra|].
  rewrite Rabs_R0, Rabs_left by lra; lra.
Qed.
