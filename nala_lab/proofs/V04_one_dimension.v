(** V04, the true half: on the line, with lr, alpha <= 1/L and mu in [-1, 0], NALA stays between the
    minimiser and Lookahead, for every number of cycles. The gradient is monotone with slope at most L. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1.
Open Scope R_scope.

(* 0 <= G y - G x <= L (y - x) for x <= y, and 0 is the minimiser *)
Definition monotone (L : R) (G : R -> R) : Prop :=
  G 0 = 0 /\ forall x y, x <= y -> 0 <= G y - G x <= L * (y - x).

Section OneDimension.
  Variables (L lr mu alpha : R) (k : nat) (G : R -> R).
  Hypothesis slope : monotone L G.
  Hypothesis range : -1 <= mu <= 0.
  Hypothesis inner_short : 0 <= lr /\ lr * L <= 1.
  Hypothesis outer_short : 0 <= alpha /\ alpha * L <= 1.

  (* A short step keeps the order of two points, and brings a point nearer to 0. *)
  Lemma step_keeps_order h x y :
    0 <= h -> h * L <= 1 -> x <= y -> step Line h (G x) x <= step Line h (G y) y.
  Proof.
    intros positive short order; destruct slope as [_ steep]; pose proof (steep x y order) as between.
    unfold step; simpl.
    assert (h * (G y - G x) <= h * (L * (y - x))) by (apply Rmult_le_compat_l; lra).
    assert (h * L * (y - x) <= 1 * (y - x)) by (apply Rmult_le_compat_r; lra).
    lra.
  Qed.

  Lemma step_at_zero h : step Line h (G 0) 0 = 0.
  Proof. destruct slope as [zero _]; unfold step; simpl; rewrite zero; ring. Qed.

  Lemma step_nearer h x : 0 <= h -> h * L <= 1 -> 0 <= x -> 0 <= step Line h (G x) x <= x.
  Proof.
    intros positive short right; split.
    - rewrite <- (step_at_zero h); now apply step_keeps_order.
    - destruct slope as [zero steep]; pose proof (steep 0 x right); rewrite zero in *.
      assert (0 <= h * G x) by (apply Rmult_le_pos; lra); unfold step; simpl; lra.
  Qed.

  Lemma descent_keeps_order x y : x <= y -> descent Line lr G k x <= descent Line lr G k y.
  Proof.
    intros order; induction k as [|j IH]; simpl; [exact order|].
    apply step_keeps_order; try apply inner_short; exact IH.
  Qed.

  Lemma descent_at_zero : descent Line lr G k 0 = 0.
  Proof. induction k as [|j IH]; simpl; [reflexivity|]; rewrite IH; apply step_at_zero. Qed.

  Lemma ahead_keeps_order x y :
    x <= y -> look_ahead Line mu x (descent Line lr G k x) <= look_ahead Line mu y (descent Line lr G k y).
  Proof.
    intros order; pose proof (descent_keeps_order x y order) as inner; unfold look_ahead; simpl.
    assert ((1 + mu) * descent Line lr G k x <= (1 + mu) * descent Line lr G k y)
      by (apply Rmult_le_compat_l; lra).
    assert (- mu * x <= - mu * y) by (apply Rmult_le_compat_l; lra).
    lra.
  Qed.

  Lemma ahead_at_zero : look_ahead Line mu 0 (descent Line lr G k 0) = 0.
  Proof. rewrite descent_at_zero; unfold look_ahead; simpl; ring. Qed.

  Theorem between_minimiser_and_lookahead T x :
    0 <= x -> 0 <= nala Line lr k mu alpha G T x <= nala Line lr k mu 0 G T x.
  Proof.
    intros right; induction T as [|T IH]; [unfold nala, nala_over; simpl; lra|].
    rewrite !nala_S; set (mine := nala Line lr k mu alpha G T x) in *.
    set (theirs := nala Line lr k mu 0 G T x) in *; unfold outer_step.
    set (y := look_ahead Line mu mine (descent Line lr G k mine)).
    assert (up : y <= look_ahead Line mu theirs (descent Line lr G k theirs))
      by (apply ahead_keeps_order; lra).
    assert (low : 0 <= y) by (rewrite <- ahead_at_zero; apply ahead_keeps_order; lra).
    pose proof (step_nearer alpha y (proj1 outer_short) (proj2 outer_short) low) as outer.
    set (z := look_ahead Line mu theirs (descent Line lr G k theirs)) in *.
    replace (step Line 0 (G z) z) with z by (unfold step; simpl; ring); fold y; lra.
  Qed.
End OneDimension.

(* An instance of the hypotheses: x^2 / 2, with the steps at their limits. *)
Theorem bowl_is_monotone : monotone 1 (fun x => x).
Proof. split; [reflexivity|]; intros; lra. Qed.

(* alpha <= 1/L is needed: a longer outer step crosses the minimiser. *)
Theorem longer_steps_cross : nala Line (1/2) 1 (-1/2) (3/2) (fun x => x) 1 1 < 0.
Proof.
  rewrite nala_S; change (nala Line (1/2) 1 (-1/2) (3/2) (fun x => x) 0 1) with 1.
  unfold outer_step, step, look_ahead; simpl; unfold step; simpl; lra.
Qed.
