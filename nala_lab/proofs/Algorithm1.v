(** Algorithm 1 of Zuo et al. 2024 (NALA), once, for every file of this folder.

    Any inner loop (with or without a state of its own), any gradient, any dimension, any numbers:
    the points are of a type [V], the numbers of a type [K], and a [Space] says how they are added
    and multiplied. The theorems use the real numbers; the counter-examples use fractions.

      theta_{t,k} = the end of k inner steps from phi_{t-1}
      y_t         = (1 + mu) theta_{t,k} - mu phi_{t-1}
      phi_t       = y_t - alpha grad J(y_t)                                                        *)

From Coq Require Import Reals.

Record Space (K V : Type) : Type := Ops {
  one : K; plus : K -> K -> K; opp : K -> K;
  add : V -> V -> V; scale : K -> V -> V
}.
Arguments one {K V}. Arguments plus {K V}. Arguments opp {K V}.
Arguments add {K V}. Arguments scale {K V}.

Section Algorithm1.
  Context {K V : Type} (W : Space K V).

  (* x - h g *)
  Definition step (h : K) (g x : V) : V := add W x (scale W (opp W h) g).

  (* k steps of gradient descent from x *)
  Fixpoint descent (lr : K) (G : V -> V) (k : nat) (x : V) : V :=
    match k with
    | O => x
    | S j => let theta := descent lr G j x in step lr (G theta) theta
    end.

  (* (1 + mu) theta - mu phi *)
  Definition look_ahead (mu : K) (phi theta : V) : V :=
    add W (scale W (plus W (one W) mu) theta) (scale W (opp W mu) phi).

  Definition outer_step (mu alpha : K) (G : V -> V) (phi theta : V) : V :=
    let y := look_ahead mu phi theta in step alpha (G y) y.

  Section WithState.
    (* The inner loop takes its state and phi to a new state and theta_k; the outer gradient may
       depend on the state too, as it does when the state holds a mini-batch or the time. *)
    Context {Z : Type} (A : Z -> V -> Z * V) (G : Z -> V -> V) (mu alpha : K).

    Definition cycle (now : Z * V) : Z * V :=
      let (state, theta) := A (fst now) (snd now) in
      (state, outer_step mu alpha (G state) (snd now) theta).

    Fixpoint run (T : nat) (start : Z * V) : Z * V :=
      match T with O => start | S t => cycle (run t start) end.
  End WithState.

  (* NALA over an inner loop without a state, T cycles. *)
  Definition nala_over (A G : V -> V) (mu alpha : K) (T : nat) (phi : V) : V :=
    snd (run (fun (u : unit) x => (u, A x)) (fun _ => G) mu alpha T (tt, phi)).

  (* NALA over k steps of gradient descent. *)
  Definition nala (lr : K) (k : nat) (mu alpha : K) (G : V -> V) : nat -> V -> V :=
    nala_over (descent lr G k) G mu alpha.

  (* Lookahead (Zhang et al. 2019) with slow step s: phi + s (theta - phi). *)
  Definition lookahead_step (s : K) (phi theta : V) : V :=
    add W phi (scale W s (add W theta (scale W (opp W (one W)) phi))).

  Fixpoint lookahead (A : V -> V) (s : K) (T : nat) (phi : V) : V :=
    match T with
    | O => phi
    | S t => let slow := lookahead A s t phi in lookahead_step s slow (A slow)
    end.

  Lemma nala_over_S A G mu alpha T phi :
    nala_over A G mu alpha (S T) phi =
    outer_step mu alpha G (nala_over A G mu alpha T phi) (A (nala_over A G mu alpha T phi)).
  Proof. reflexivity. Qed.

  Lemma nala_S lr k mu alpha G T phi :
    nala lr k mu alpha G (S T) phi =
    outer_step mu alpha G (nala lr k mu alpha G T phi)
      (descent lr G k (nala lr k mu alpha G T phi)).
  Proof. reflexivity. Qed.
End Algorithm1.

(* One real number, and one for each member of an index set: R^n for a set of n members. *)
Definition Line : Space R R := Ops R R 1%R Rplus Ropp Rplus Rmult.
Definition Points (I : Type) : Space R (I -> R) :=
  Ops R (I -> R) 1%R Rplus Ropp (fun x y i => (x i + y i)%R) (fun a x i => (a * x i)%R).

(* The factor of one mode of a quadratic: of Lookahead (error of y over error of phi), and of NALA. *)
Definition factor (lr : R) (k : nat) (mu lam : R) : R := ((1 + mu) * (1 - lr * lam) ^ k - mu)%R.
Definition rho (lr : R) (k : nat) (mu alpha lam : R) : R :=
  ((1 - alpha * lam) * factor lr k mu lam)%R.
