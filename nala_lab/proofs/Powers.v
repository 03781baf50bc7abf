(** Powers of real numbers: what the library lacks. *)

From Coq Require Import Reals Lra Lia.
Open Scope R_scope.

Lemma pow_lt_mono a b n : 0 <= a < b -> a ^ S n < b ^ S n.
Proof.
  intros [low less]; induction n as [|n IH]; [simpl; lra|].
  change (a * a ^ S n < b * b ^ S n).
  assert (0 <= a ^ S n) by now apply pow_le.
  nra.
Qed.

Lemma pow_le_mono a b n : 0 <= a <= b -> a ^ n <= b ^ n.
Proof. intros range; apply pow_incr; exact range. Qed.

Lemma pow_unit a n : 0 <= a <= 1 -> 0 <= a ^ n <= 1.
Proof.
  intros range; split; [now apply pow_le|].
  rewrite <- (pow1 n); now apply pow_incr.
Qed.

Definition odd (k : nat) : Prop := exists j, k = S (2 * j).
Definition even (k : nat) : Prop := exists j, k = (2 * S j)%nat.  (* and at least 2 *)

Lemma odd_pow_opp a k : odd k -> (- a) ^ k = - a ^ k.
Proof.
  intros [j ->]; change (- a * (- a) ^ (2 * j) = - (a * a ^ (2 * j))).
  rewrite !pow_mult; replace ((- a) ^ 2) with (a ^ 2) by ring; ring.
Qed.

Lemma even_pow_abs a k : even k -> a ^ k = Rabs a ^ k.
Proof. intros [j ->]; now rewrite !pow_mult, pow2_abs. Qed.

Lemma odd_pow_lt a b k : odd k -> a < b -> a ^ k < b ^ k.
Proof.
  intros [j ->] less; assert (is_odd : odd (S (2 * j))) by now exists j.
  destruct (Rle_lt_dec 0 a) as [positive|negative]; [now apply pow_lt_mono|].
  assert (flip : forall x, x ^ S (2 * j) = - (- x) ^ S (2 * j)).
  { intros x; rewrite <- (odd_pow_opp (- x) _ is_odd); now rewrite Ropp_involutive. }
  rewrite (flip a); destruct (Rle_lt_dec b 0) as [low|high].
  - rewrite (flip b); apply Ropp_lt_contravar, pow_lt_mono; lra.
  - assert (0 < (- a) ^ S (2 * j)) by (apply pow_lt; lra).
    assert (0 < b ^ S (2 * j)) by (apply pow_lt; lra).
    lra.
Qed.

Lemma odd_pow_lt_iff a b k : odd k -> (a ^ k < b ^ k <-> a < b).
Proof.
  intros is_odd; split; [|now apply odd_pow_lt].
  intros powers; destruct (Rlt_le_dec a b) as [less|more]; [exact less|].
  destruct (Req_dec a b) as [same|differ]; [subst; lra|].
  assert (b ^ k < a ^ k) by (apply odd_pow_lt; [exact is_odd|lra]); lra.
Qed.

(* The power mean: a weighted mean of r and 1, to the k, is at most the mean of the powers. *)
Lemma power_mean s r k : 0 <= s <= 1 -> 0 <= r <= 1 -> (s * r + (1 - s)) ^ k <= s * r ^ k + (1 - s).
Proof.
  intros weight range; induction k as [|k IH]; [simpl; lra|].
  pose proof (pow_unit r k range) as [low high].
  simpl; set (p := r ^ k) in *; set (w := (s * r + (1 - s)) ^ k) in *.
  assert (0 <= s * r + (1 - s)) by nra.
  assert (below : (s * r + (1 - s)) * w <= (s * r + (1 - s)) * (s * p + (1 - s)))
    by now apply Rmult_le_compat_l.
  assert (0 <= s * (1 - s) * ((1 - p) * (1 - r))).
  { apply Rmult_le_pos; apply Rmult_le_pos; lra. }
  nra.
Qed.

(* By the intermediate value theorem: q^k - x changes its sign between 0 and 1 + x. *)
Lemma root_exists x k : 0 < x -> (0 < k)%nat -> exists q, 0 < q /\ q ^ k = x.
Proof.
  intros positive some; destruct k as [|j]; [lia|].
  set (f := fun q => q ^ S j - x).
  assert (smooth : continuity f).
  { apply continuity_minus; [apply derivable_continuous, derivable_pow|].
    now apply continuity_const. }
  assert (low : f 0 < 0) by (unfold f; simpl; lra).
  assert (high : 0 < f (1 + x)).
  { unfold f; assert (1 ^ j <= (1 + x) ^ j) by (apply pow_incr; lra); rewrite pow1 in *; simpl; nra. }
  destruct (IVT_cor f 0 (1 + x) smooth) as [q [[left right] zero]]; [lra|nra|].
  exists q; unfold f in zero; split; [|lra].
  destruct left as [more|same]; [exact more|subst q; simpl in zero; lra].
Qed.
