(** T25: settings at which NALA is a simpler method. Any gradient, any start, any dimension; [A] is
    any inner loop. Equal points, not only equal values. *)

From Coq Require Import Reals Lra FunctionalExtensionality.
From NalaLab Require Import Algorithm1.
Open Scope R_scope.

Section Identities.
  Context {I : Type}.
  Let V := I -> R.
  Let W := Points I.
  Variables (A G : V -> V).

  Lemma combined (mu : R) (phi theta : V) :
    look_ahead W mu phi theta = lookahead_step W (1 + mu) phi theta.
  Proof. extensionality i; unfold look_ahead, lookahead_step; simpl; ring. Qed.

  Lemma no_step (g x : V) : step W 0 g x = x.
  Proof. extensionality i; unfold step; simpl; ring. Qed.

  Theorem no_outer_step mu T phi : nala_over W A G mu 0 T phi = lookahead W A (1 + mu) T phi.
  Proof.
    induction T as [|T IH]; [reflexivity|].
    rewrite nala_over_S; unfold outer_step; rewrite no_step, combined, IH; reflexivity.
  Qed.

  (* descent, then j more steps: the steps add up *)
  Lemma descent_adds lr j k (x : V) :
    descent W lr G j (descent W lr G k x) = descent W lr G (j + k) x.
  Proof. induction j as [|j IH]; simpl; [reflexivity|]; now rewrite IH. Qed.

  Lemma whole_loop (phi theta : V) : look_ahead W 0 phi theta = theta.
  Proof. extensionality i; unfold look_ahead; simpl; ring. Qed.

  Theorem plain_descent lr k T phi :
    nala W lr k 0 lr G T phi = descent W lr G (T * S k) phi.
  Proof.
    induction T as [|T IH]; [reflexivity|].
    rewrite nala_S; unfold outer_step; rewrite whole_loop, IH, descent_adds.
    reflexivity.
  Qed.

  Theorem inner_loop_ignored alpha T phi :
    nala_over W A G (-1) alpha T phi = descent W alpha G T phi.
  Proof.
    induction T as [|T IH]; [reflexivity|].
    rewrite nala_over_S; unfold outer_step.
    set (now := nala_over W A G (-1) alpha T phi) in *.
    replace (look_ahead W (-1) now (A now)) with now
      by (extensionality i; unfold look_ahead; simpl; ring).
    now rewrite IH.
  Qed.

  Theorem two_steps lr mu alpha phi :
    nala W lr 1 mu alpha G 1 phi
    = descent W alpha G 1 (descent W ((1 + mu) * lr) G 1 phi).
  Proof.
    assert (same : look_ahead W mu phi (descent W lr G 1 phi) = descent W ((1 + mu) * lr) G 1 phi)
      by (extensionality i; unfold look_ahead; simpl; ring).
    rewrite nala_S; change (nala W lr 1 mu alpha G 0 phi) with phi.
    unfold outer_step; rewrite same; reflexivity.
  Qed.

  Theorem lookahead_then_descent mu alpha phi :
    nala_over W A G mu alpha 1 phi = descent W alpha G 1 (lookahead W A (1 + mu) 1 phi).
  Proof.
    rewrite nala_over_S; unfold outer_step; rewrite combined; reflexivity.
  Qed.

  (* The inner optimizer may have a state, and keeps it. *)
  Theorem inner_kept_whole (Z : Type) (inner : Z -> V -> Z * V) (g : Z -> V -> V) T start :
    run W inner g 0 0 T start = Nat.iter T (fun now => inner (fst now) (snd now)) start.
  Proof.
    induction T as [|T IH]; [reflexivity|].
    cbn [run Nat.iter nat_rect]; rewrite IH; simpl; unfold cycle.
    destruct (inner _ _) as [state theta]; unfold outer_step; now rewrite no_step, whole_loop.
  Qed.

  (* NAG by Eq. (2): a velocity. The state is theta and v. *)
  Definition nag_velocity (lr mu : R) (now : V * V) : V * V :=
    let (theta, v) := now in
    let y := add W theta (scale W mu v) in
    let v' := add W (scale W mu v) (scale W (- lr) (G y)) in
    (add W theta v', v').

  (* NAG by Eq. (1): an extrapolation. The state is theta and the next y. *)
  Definition nag_extrapolation (lr mu : R) (now : V * V) : V * V :=
    let (theta, y) := now in
    let theta' := step W lr (G y) y in
    (theta', look_ahead W mu theta theta').

  Theorem nag_two_forms lr mu t theta :
    let left := Nat.iter t (nag_velocity lr mu) (theta, fun _ => 0) in
    Nat.iter t (nag_extrapolation lr mu) (theta, theta) = (fst left, add W (fst left) (scale W mu (snd left))).
  Proof.
    induction t as [|t IH]; cbv zeta in *; [simpl; f_equal; extensionality i; simpl; ring|].
    change (nag_extrapolation lr mu (Nat.iter t (nag_extrapolation lr mu) (theta, theta))
      = (fst (nag_velocity lr mu (Nat.iter t (nag_velocity lr mu) (theta, fun _ => 0))),
         add W (fst (nag_velocity lr mu (Nat.iter t (nag_velocity lr mu) (theta, fun _ => 0))))
               (scale W mu (snd (nag_velocity lr mu (Nat.iter t (nag_velocity lr mu) (theta, fun _ => 0))))))).
    rewrite IH; destruct (Nat.iter t (nag_velocity lr mu) _) as [now v]; cbn [fst snd].
    unfold nag_velocity, nag_extrapolation; cbn [fst snd].
    assert (same : step W lr (G (add W now (scale W mu v))) (add W now (scale W mu v))
      = add W now (add W (scale W mu v) (scale W (- lr) (G (add W now (scale W mu v))))))
      by (extensionality i; unfold step; simpl; ring).
    rewrite same; f_equal; extensionality i; unfold look_ahead; simpl; ring.
  Qed.
End Identities.
