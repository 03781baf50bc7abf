(** T22, the lower bound: whatever mu >= -1, lr, alpha >= 0, k and T are, Huber's function with a
    well-chosen bend keeps NALA above L / (2 (2 H + 1)) at distance 1, H = T ((1+mu) k lr + alpha) L.
    As an upper bound the formula is not proved here, and for some settings it is false. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1 Huber T21_worst_functions T28_descent.
Open Scope R_scope.

Definition travel (L lr k mu alpha T : R) : R := T * ((1 + mu) * k * lr + alpha) * L.
Definition value_bound (L lr k mu alpha T : R) : R := L / (2 * (2 * travel L lr k mu alpha T + 1)).
(* where the function bends *)
Definition bend (L lr k mu alpha T : R) : R := / (2 * travel L lr k mu alpha T + 1).

(* No gradient is larger than L d, so no cycle moves farther than its steps allow. *)
Lemma slope_below L d x : 0 <= L -> 0 <= d -> huber_grad L d x <= L * d.
Proof. intros curved positive; unfold huber_grad; repeat destruct Rle_dec; nra. Qed.

Lemma tangent_below L d x : 0 <= L -> 0 <= d -> L * (d * x - d ^ 2 / 2) <= huber L d x.
Proof.
  intros curved positive; unfold huber; repeat destruct Rle_dec; apply Rmult_le_compat_l; nra.
Qed.

Lemma descent_stays L d lr k x :
  0 <= L -> 0 <= d -> 0 <= lr ->
  x - INR k * (lr * (L * d)) <= descent Line lr (huber_grad L d) k x.
Proof.
  intros curved positive plr; induction k as [|k IH]; [simpl; lra|].
  rewrite S_INR; simpl; unfold step; simpl.
  set (theta := descent Line lr (huber_grad L d) k x) in *.
  assert (lr * huber_grad L d theta <= lr * (L * d))
    by (apply Rmult_le_compat_l; [exact plr|now apply slope_below]).
  lra.
Qed.

Lemma nala_stays L d lr k mu alpha T x :
  0 <= L -> 0 <= d -> 0 <= lr -> -1 <= mu -> 0 <= alpha ->
  x - INR T * (((1 + mu) * INR k * lr + alpha) * (L * d)) <= nala Line lr k mu alpha (huber_grad L d) T x.
Proof.
  intros curved positive plr pmu pa; induction T as [|T IH]; [unfold nala, nala_over; simpl; lra|].
  rewrite nala_S, S_INR; set (now := nala Line lr k mu alpha (huber_grad L d) T x) in *.
  pose proof (descent_stays L d lr k now curved positive plr) as inner.
  set (theta := descent Line lr (huber_grad L d) k now) in *.
  unfold outer_step, step, look_ahead; simpl.
  set (y := (1 + mu) * theta + - mu * now).
  assert (alpha * huber_grad L d y <= alpha * (L * d))
    by (apply Rmult_le_compat_l; [exact pa|now apply slope_below]).
  assert ((1 + mu) * (now - INR k * (lr * (L * d))) <= (1 + mu) * theta)
    by (apply Rmult_le_compat_l; lra).
  unfold y in *; lra.
Qed.

Theorem value_lower_bound L lr k mu alpha T :
  0 <= L -> 0 <= lr -> -1 <= mu -> 0 <= alpha ->
  let d := bend L lr (INR k) mu alpha (INR T) in
  value_bound L lr (INR k) mu alpha (INR T) <= huber L d (nala Line lr k mu alpha (huber_grad L d) T 1).
Proof.
  intros curved plr pmu pa d.
  set (H := travel L lr (INR k) mu alpha (INR T)).
  assert (way : 0 <= H).
  { unfold H, travel; pose proof (pos_INR k); pose proof (pos_INR T).
    apply Rmult_le_pos; [apply Rmult_le_pos; [assumption|]|exact curved].
    apply Rplus_le_le_0_compat; [|exact pa].
    apply Rmult_le_pos; [apply Rmult_le_pos; lra|exact plr]. }
  assert (d_is : d * (2 * H + 1) = 1) by (unfold d, bend; fold H; field; lra).
  assert (positive : 0 <= d) by (unfold d, bend; fold H; apply Rlt_le, Rinv_0_lt_compat; lra).
  pose proof (nala_stays L d lr k mu alpha T 1 curved positive plr pmu pa) as stays.
  set (last := nala Line lr k mu alpha (huber_grad L d) T 1) in *.
  apply Rle_trans with (L * (d * last - d ^ 2 / 2)); [|now apply tangent_below].
  replace (value_bound L lr (INR k) mu alpha (INR T)) with (L * (d / 2))
    by (unfold value_bound, d, bend; fold H; field; lra).
  assert (moved : 1 - H * d <= last) by (unfold H, travel; lra).
  apply Rmult_le_compat_l; [exact curved|].
  assert (d * (1 - H * d) <= d * last) by now apply Rmult_le_compat_l.
  assert (d * (1 - H * d) = d * (H + 1) * d) by (transitivity (d * (d * (2 * H + 1) - H * d)); [rewrite d_is|]; ring).
  assert (d * d * (2 * H + 1) = d) by (rewrite Rmult_assoc, d_is; ring).
  nra.
Qed.

(* The function of the bound is in the class, whatever the setting. *)
Theorem bound_is_in_class L d : 0 <= L -> 0 <= d ->
  smooth Rplus Rmult Rmult L (huber L d) (huber_grad L d) /\
  strongly_convex Rplus Rmult Rmult 0 (huber L d) (huber_grad L d).
Proof. exact (huber_in_class L d). Qed.

(* Attained, with averages too: L = lr = 1, k = 1, mu = -1/2, alpha = 1/2, one cycle. *)
Theorem value_lower_bound_attained :
  let d := bend 1 1 1 (-1/2) (1/2) 1 in
  huber 1 d (nala Line 1 1 (-1/2) (1/2) (huber_grad 1 d) 1 1) = value_bound 1 1 1 (-1/2) (1/2) 1.
Proof.
  intros d; assert (d_is : d = 1/3) by (unfold d, bend, travel; field); rewrite d_is.
  rewrite nala_S; change (nala Line 1 1 (-1/2) (1/2) (huber_grad 1 (1/3)) 0 1) with 1.
  simpl; unfold outer_step, step, look_ahead; simpl.
  rewrite (huber_grad_right 1 (1/3) 1) by lra.
  replace ((1 + -1/2) * (1 + - (1) * (1 * (1/3))) + - (-1/2) * 1) with (5/6) by field.
  rewrite huber_grad_right, huber_right by lra; unfold value_bound, travel; field.
Qed.

(* mu >= -1 is needed: at mu = -5/4 the formula promises more than the run has left. *)
Theorem bound_needs_a_forward_cycle :
  let d := bend 1 1 1 (-5/4) 0 1 in
  huber 1 d (nala Line 1 1 (-5/4) 0 (huber_grad 1 d) 1 1) < value_bound 1 1 1 (-5/4) 0 1.
Proof.
  intros d; assert (d_is : d = 2) by (unfold d, bend, travel; field); rewrite d_is.
  rewrite nala_S; change (nala Line 1 1 (-5/4) 0 (huber_grad 1 2) 0 1) with 1.
  simpl; unfold outer_step, step, look_ahead; simpl.
  rewrite (huber_grad_middle 1 2 1) by lra.
  set (after := _ + - 0 * _); replace after with (5/4) by (unfold after; field).
  rewrite huber_middle by lra; unfold value_bound, travel; lra.
Qed.
