(** A real inner product, as the worst-case theorems need it: bilinear, symmetric, not negative.
    Nothing is assumed of the dimension, and points with the same inner products need not be equal. *)

From Coq Require Import Reals Lra FunctionalExtensionality.
From NalaLab Require Import Algorithm1 T12_eq5.
Open Scope R_scope.

Definition over_reals {V : Type} (add : V -> V -> V) (scale : R -> V -> V) : Space R V :=
  Ops R V 1 Rplus Ropp add scale.

Record InnerProduct {V : Type} (add : V -> V -> V) (scale : R -> V -> V) (dot : V -> V -> R) : Prop := Laws {
  dot_sym : forall x y, dot x y = dot y x;
  dot_add : forall x y z, dot (add x y) z = dot x z + dot y z;
  dot_scale : forall a x z, dot (scale a x) z = a * dot x z;
  dot_pos : forall x, 0 <= dot x x
}.
Arguments dot_sym {V add scale dot}. Arguments dot_add {V add scale dot}.
Arguments dot_scale {V add scale dot}. Arguments dot_pos {V add scale dot}.

Section Norm.
  Context {V : Type} {add : V -> V -> V} {scale : R -> V -> V} {dot : V -> V -> R}.
  Variable laws : InnerProduct add scale dot.

  Definition minus (x y : V) : V := add x (scale (-1) y).
  Definition norm (x : V) : R := sqrt (dot x x).

  Lemma dot_add_r x y z : dot x (add y z) = dot x y + dot x z.
  Proof. rewrite (dot_sym laws), (dot_add laws), !(dot_sym laws _ x); reflexivity. Qed.

  Lemma dot_scale_r a x z : dot x (scale a z) = a * dot x z.
  Proof. rewrite (dot_sym laws), (dot_scale laws), (dot_sym laws _ x); reflexivity. Qed.

  Lemma norm_pos x : 0 <= norm x.
  Proof. apply sqrt_pos. Qed.

  Lemma norm_square x : norm x ^ 2 = dot x x.
  Proof. unfold norm; rewrite <- Rsqr_pow2; apply Rsqr_sqrt, (dot_pos laws). Qed.

  Lemma norm_le x b : 0 <= b -> dot x x <= b ^ 2 -> norm x <= b.
  Proof.
    intros positive below; apply Rsqr_incr_0_var; [|exact positive].
    rewrite !Rsqr_pow2, norm_square; exact below.
  Qed.

  Theorem cauchy_schwarz x y : dot x y <= norm x * norm y.
  Proof.
    pose proof (norm_pos x) as px; pose proof (norm_pos y) as py.
    pose proof (norm_square x) as sx; pose proof (norm_square y) as sy.
    assert (discriminant : forall t, 0 <= dot x x - 2 * t * dot x y + t ^ 2 * dot y y).
    { intros t; pose proof (dot_pos laws (add x (scale (- t) y))) as here.
      rewrite (dot_add laws), (dot_scale laws), !dot_add_r, !dot_scale_r, (dot_sym laws y x) in here.
      lra. }
    destruct (Rle_lt_dec (dot x y) (norm x * norm y)) as [fine|more]; [exact fine|exfalso].
    assert (positive : 0 < dot x y) by nra.
    destruct (Req_dec (dot y y) 0) as [flat|curved].
    - specialize (discriminant ((dot x x + 1) / (2 * dot x y))).
      replace (2 * ((dot x x + 1) / (2 * dot x y)) * dot x y) with (dot x x + 1) in discriminant
        by (field; lra).
      rewrite flat in discriminant; lra.
    - assert (0 < dot y y) by (pose proof (dot_pos laws y); lra).
      specialize (discriminant (dot x y / dot y y)).
      replace (dot x x - 2 * (dot x y / dot y y) * dot x y + (dot x y / dot y y) ^ 2 * dot y y)
        with ((dot x x * dot y y - dot x y ^ 2) / dot y y) in discriminant by (field; lra).
      assert (0 <= dot x x * dot y y - dot x y ^ 2).
      { apply Rmult_le_reg_r with (/ dot y y); [now apply Rinv_0_lt_compat|].
        rewrite Rmult_0_l; exact discriminant. }
      assert (0 <= norm x * norm y) by now apply Rmult_le_pos.
      replace (dot x x * dot y y) with ((norm x * norm y) ^ 2) in *
        by (rewrite Rpow_mult_distr, sx, sy; reflexivity).
      nra.
  Qed.

  (* The triangle inequality for a weighted sum. *)
  Lemma norm_combination a b x y z p q :
    0 <= a -> 0 <= b -> norm x <= p -> norm y <= q ->
    dot z z = a ^ 2 * dot x x + 2 * (a * b) * dot x y + b ^ 2 * dot y y ->
    norm z <= a * p + b * q.
  Proof.
    intros pa pb below_x below_y square.
    pose proof (norm_pos x); pose proof (norm_pos y); pose proof (cauchy_schwarz x y) as cs.
    assert (inner : norm z <= a * norm x + b * norm y).
    { apply norm_le; [nra|]; rewrite square, <- !norm_square.
      assert (a * b * dot x y <= a * b * (norm x * norm y)) by (apply Rmult_le_compat_l; nra).
      nra. }
    nra.
  Qed.
End Norm.

(* R^n, and the line. *)
Definition dot_n (n : nat) (x y : nat -> R) : R := total n (fun i => x i * y i).

Lemma total_add n u v : total n (fun i => u i + v i) = total n u + total n v.
Proof. induction n as [|n IH]; simpl; [ring|]; rewrite IH; ring. Qed.

Theorem euclidean n : InnerProduct (add (Points nat)) (scale (Points nat)) (dot_n n).
Proof.
  split; intros; unfold dot_n; simpl.
  - apply total_ext; intros; ring.
  - rewrite <- total_add; apply total_ext; intros; ring.
  - rewrite <- total_scale; apply total_ext; intros; ring.
  - induction n as [|n IH]; simpl; [lra|]; nra.
Qed.

Theorem line : InnerProduct (add Line) (scale Line) Rmult.
Proof. split; intros; simpl; nra. Qed.
