(** T14: AdaLA on a linear objective. The gradient is c everywhere, at the probe too, so nothing but
    eps enters the second average: AdaLA is gradient descent with a very long step. *)

From Coq Require Import Reals Lra Lia.
From NalaLab Require Import Algorithm1 T13_adam_linear.
Open Scope R_scope.

Section AdaLA.
  Variables (beta1 beta2 lr eps : R) (probe : Moments -> R -> R) (D : R -> nat -> R) (G : R -> R).

  (* Any probe point; the second average is that of (g_t - g_{t+1})^2, plus eps. *)
  Definition adala_step (now : Moments * R) : Moments * R :=
    let (s, x) := now in
    let g := G x in
    let seen := g - G (probe s x) in
    let s' := Known (beta1 * first s + (1 - beta1) * g)
                    (beta2 * second s + (1 - beta2) * seen ^ 2 + eps) (S (count s)) in
    (s', x - lr * (first s' / (1 - beta1 ^ count s')) / D (second s') (count s')).
End AdaLA.

Definition hat (beta2 eps : R) (s : R) (t : nat) : R := sqrt (s / (1 - beta2 ^ t)) + eps.
Definition raw (eps : R) (s : R) (_ : nat) : R := sqrt (s + eps).

Definition adala_second (beta2 eps : R) (t : nat) : R := eps * (1 - beta2 ^ t) / (1 - beta2).

Section Linear.
  Variables (beta1 beta2 lr eps c : R) (probe : Moments -> R -> R) (D : R -> nat -> R).
  Hypothesis range1 : 0 <= beta1 < 1.
  Hypothesis range2 : 0 <= beta2 < 1.
  Let after t x := Nat.iter t (adala_step beta1 beta2 lr eps probe D (fun _ => c)) (zero, x).

  Lemma adala_state t x :
    fst (after t x) = Known (c * (1 - beta1 ^ t)) (adala_second beta2 eps t) t.
  Proof.
    induction t as [|t IH]; [unfold adala_second; simpl; unfold zero; f_equal; field; lra|].
    change (after (S t) x) with (adala_step beta1 beta2 lr eps probe D (fun _ => c) (after t x)).
    destruct (after t x) as [s now]; cbn [fst] in IH; subst s.
    unfold adala_step; cbn [fst first second count]; unfold adala_second; f_equal.
    - simpl; ring.
    - simpl; field; lra.
  Qed.

  (* The step number t + 1, wherever it starts. *)
  Theorem adala_step_is t x :
    snd (after t x) - snd (after (S t) x) = lr * c / D (adala_second beta2 eps (S t)) (S t).
  Proof.
    pose proof (adala_state (S t) x) as state.
    change (after (S t) x) with (adala_step beta1 beta2 lr eps probe D (fun _ => c) (after t x)) in *.
    destruct (after t x) as [s now]; unfold adala_step in *; cbn [fst snd first second count] in *.
    pose proof (f_equal first state) as one; pose proof (f_equal second state) as two.
    pose proof (f_equal count state) as three; cbn [first second count] in one, two, three.
    rewrite one, two, three.
    replace (c * (1 - beta1 ^ S t) / (1 - beta1 ^ S t)) with c by (field; now apply below_one).
    ring.
  Qed.
End Linear.

(* hat: the same at every step *)
Definition adala_hat_step (lr c beta2 eps : R) : R := lr * c / (sqrt (eps / (1 - beta2)) + eps).
Definition adala_raw_step (lr c beta2 eps : R) (t : nat) : R :=
  lr * c / sqrt (eps * (1 + (1 - beta2 ^ t) / (1 - beta2))).

Theorem adala_hat lr c beta2 eps t :
  0 <= beta2 < 1 ->
  lr * c / hat beta2 eps (adala_second beta2 eps (S t)) (S t) = adala_hat_step lr c beta2 eps.
Proof.
  intros range; unfold hat, adala_second, adala_hat_step.
  replace (eps * (1 - beta2 ^ S t) / (1 - beta2) / (1 - beta2 ^ S t)) with (eps / (1 - beta2)).
  - reflexivity.
  - pose proof (below_one beta2 t range) as nonzero.
    set (p := 1 - beta2 ^ S t) in *; clearbody p; field; split; [lra|exact nonzero].
Qed.

Theorem adala_raw lr c beta2 eps t :
  0 <= beta2 < 1 ->
  lr * c / raw eps (adala_second beta2 eps t) t = adala_raw_step lr c beta2 eps t.
Proof.
  intros range; unfold raw, adala_second, adala_raw_step.
  replace (eps * (1 - beta2 ^ t) / (1 - beta2) + eps)
    with (eps * (1 + (1 - beta2 ^ t) / (1 - beta2))) by (field; lra).
  reflexivity.
Qed.

(* Proportional to the gradient: Adam's invariance to the scale of the loss is lost. *)
Theorem adala_is_descent lr c beta2 eps a :
  adala_hat_step lr (a * c) beta2 eps = a * adala_hat_step lr c beta2 eps.
Proof. unfold adala_hat_step, Rdiv; ring. Qed.

(* An instance in whole numbers: eps = 1, beta2 = 3/4. *)
Theorem adala_instance : adala_hat_step 3 1 (3/4) 1 = 1 /\ adala_raw_step 3 2 0 2 1 = 3.
Proof.
  unfold adala_hat_step, adala_raw_step; split.
  - replace (1 / (1 - 3/4)) with (2 ^ 2) by field; rewrite root_of_square, Rabs_pos_eq by lra; field.
  - replace (2 * (1 + (1 - 0 ^ 1) / (1 - 0))) with (2 ^ 2) by (simpl; field).
    rewrite root_of_square, Rabs_pos_eq by lra; field.
Qed.
