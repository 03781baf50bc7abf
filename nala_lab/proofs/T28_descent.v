(** T28: the outer step lowers f by what the descent lemma says, in any inner-product space,
    for any inner loop and every mu. The hypothesis is the inequality of smoothness. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1 Inner_product.
Open Scope R_scope.

Definition smooth {V} (add : V -> V -> V) scale (dot : V -> V -> R) (L : R) f (G : V -> V) : Prop :=
  forall x y, let d := minus (add := add) (scale := scale) y x in
  f y <= f x + dot (G x) d + L / 2 * dot d d.

Section Descent.
  Context {V : Type} {add : V -> V -> V} {scale : R -> V -> V} {dot : V -> V -> R}.
  Variable laws : InnerProduct add scale dot.
  Let W := over_reals add scale.

  Theorem descent_lemma f G L alpha y :
    smooth add scale dot L f G ->
    f (step W alpha (G y) y) <= f y - alpha * (1 - alpha * L / 2) * dot (G y) (G y).
  Proof.
    intros below; specialize (below y (step W alpha (G y) y)); unfold step, minus in below; simpl in below.
    repeat rewrite ?(dot_add laws), ?(dot_scale laws), ?(dot_add_r laws), ?(dot_scale_r laws) in below.
    rewrite (dot_sym laws y (G y)) in below; unfold step; simpl; lra.
  Qed.
End Descent.

(* Attained, and so the hypothesis can be met: L x^2 / 2. *)
Lemma bowl_is_smooth L : smooth Rplus Rmult Rmult L (fun x => L * x ^ 2 / 2) (fun x => L * x).
Proof. intros x y; unfold minus; simpl; lra. Qed.

Theorem descent_attained L alpha y :
  L * (step Line alpha (L * y) y) ^ 2 / 2
  = L * y ^ 2 / 2 - alpha * (1 - alpha * L / 2) * (L * y * (L * y)).
Proof. unfold step; simpl; field. Qed.

(* alpha <= 2/L is needed: a longer outer step climbs. *)
Theorem longer_steps_climb : 1 ^ 2 / 2 < (step Line (21/10) (1 * 1) 1) ^ 2 / 2.
Proof. unfold step; simpl; lra. Qed.
