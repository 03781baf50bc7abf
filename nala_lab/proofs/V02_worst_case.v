(** V02: the worst factor of the distance per cycle is Lookahead's times 1 - alpha m. Both are attained,
    so the ratio is that of the worst cases themselves. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1 T21_worst_functions.
Open Scope R_scope.

Theorem factor_against_lookahead m lr k mu alpha :
  distance_factor m lr k mu alpha = (1 - alpha * m) * distance_factor m lr k mu 0.
Proof. unfold distance_factor; ring. Qed.

Theorem worst_functions_do_it m lr k mu alpha phi :
  nala Line lr k mu alpha (bowl_grad m) 1 phi = (1 - alpha * m) * nala Line lr k mu 0 (bowl_grad m) 1 phi.
Proof. rewrite !bowl_cycle, factor_against_lookahead; ring. Qed.
