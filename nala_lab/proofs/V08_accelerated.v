(** V08: NALA over gradient descent is not accelerated, whatever lr, mu and alpha are. kappa = 100,
    k = 5: heavy ball's six steps, rate (sqrt kappa - 1)/(sqrt kappa + 1) = 9/11 each, are below T05's floor. *)

From Coq Require Import Reals Lra.
From NalaLab Require Import Algorithm1 T05_chebyshev.
Open Scope R_scope.

Theorem not_accelerated lr mu alpha :
  exists lam, 1 <= lam <= 100 /\ (9/11) ^ 6 < Rabs (rho lr 5 mu alpha lam).
Proof.
  destruct (chebyshev_floor 1 100 lr 5 mu alpha) as [lam [inside large]]; [lra|].
  exists lam; split; [exact inside|].
  assert (below : chebyshev 6 ((100 + 1) / (100 - 1)) * (9/11) ^ 6 < 1) by (simpl; lra).
  assert (positive : 0 < chebyshev 6 ((100 + 1) / (100 - 1))) by (simpl; lra).
  set (T := chebyshev 6 ((100 + 1) / (100 - 1))) in *; nra.
Qed.
