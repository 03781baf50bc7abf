(** V01: one cycle of NALA does not end higher than Lookahead's from the same point, for every mu and
    any inner loop, 0 <= alpha <= 2/L: the descent lemma, and nothing else. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1 Inner_product T28_descent.
Open Scope R_scope.

Section OneCycle.
  Context {V : Type} {add : V -> V -> V} {scale : R -> V -> V} {dot : V -> V -> R}.
  Variable laws : InnerProduct add scale dot.
  Let W := over_reals add scale.

  Theorem one_cycle_is_not_higher f A G L mu alpha phi :
    smooth add scale dot L f G -> 0 <= alpha -> alpha * L <= 2 ->
    f (nala_over W A G mu alpha 1 phi) <= f (look_ahead W mu phi (A phi)).
  Proof.
    intros below positive short; rewrite nala_over_S; change (nala_over W A G mu alpha 0 phi) with phi.
    unfold outer_step; set (y := look_ahead W mu phi (A phi)).
    pose proof (descent_lemma laws f G L alpha y below) as lower; fold W in lower.
    assert (0 <= alpha * (1 - alpha * L / 2) * dot (G y) (G y)).
    { apply Rmult_le_pos; [apply Rmult_le_pos; lra|apply (dot_pos laws)]. }
    lra.
  Qed.
End OneCycle.

(* alpha <= 2/L is needed: x^2 / 2, L = 1, alpha = 21/10. *)
Theorem longer_steps_end_higher :
  look_ahead Line 0 1 1 ^ 2 / 2 < nala_over Line (fun x => x) (fun x => x) 0 (21/10) 1 1 ^ 2 / 2.
Proof.
  rewrite nala_over_S; unfold nala_over, outer_step, step, look_ahead; simpl; lra.
Qed.
