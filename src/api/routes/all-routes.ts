import type { Route } from '../define-route.ts';
import { getAction, listActions, submitAction, withdrawAction } from './actions.ts';
import { decideApproval, getApproval, listApprovals } from './approvals.ts';
import { liftFreezeRoute, listFreezes, placeFreezeRoute } from './freezes.ts';
import { health, readiness } from './health.ts';
import { listLost, settleRequest } from './settlements.ts';
import { listTools } from './tools.ts';

/** Every route of the API, in the order of the documentation. */
export const ROUTES: readonly Route[] = [
  submitAction,
  listActions,
  getAction,
  withdrawAction,
  listTools,
  listApprovals,
  getApproval,
  decideApproval,
  listLost,
  settleRequest,
  placeFreezeRoute,
  listFreezes,
  liftFreezeRoute,
  health,
  readiness,
];
