import type { Route } from '../define-route.ts';
import { endOwnAbsence, noteOwnAbsence } from './absences.ts';
import { getAction, listActions, submitAction, withdrawAction } from './actions.ts';
import { listAlerts } from './alerts.ts';
import { approvalPasskeyOptions, decideApproval, getApproval, listApprovals } from './approvals.ts';
import { getEntryProof, listAudit } from './audit.ts';
import { renewApproval } from './renewals.ts';
import { changeApproval, changePasskeyOptions, getChangeForm } from './changes.ts';
import { listDrills } from './drills.ts';
import { liftFreezeRoute, listFreezes, placeFreezeRoute } from './freezes.ts';
import { endGrantRoute, giveGrantRoute, listGrants } from './grants.ts';
import { health, readiness } from './health.ts';
import {
  declareIncidentFalse,
  incidentPasskeyOptions,
  resumeIncidentRoute,
  supplyIncidentKey,
} from './incident-steps.ts';
import { getIncident, getPostMortem, listIncidents, startIncident } from './incidents.ts';
import { enrolmentOptions, enrolPasskey } from './passkeys.ts';
import { currentSession, signIn, signInOptions, signOut } from './sessions.ts';
import { listLost, settleRequest } from './settlements.ts';
import { slackInteractions } from './slack.ts';
import { countRequests, getRequest, listRequests } from './requests.ts';
import {
  addAgentRoute,
  addPersonRoute,
  revokeAgentRoute,
  changeRolesRoute,
  revokePersonRoute,
  rosterPasskeyOptions,
} from './roster-changes.ts';
import { getMe, listAgents, listHabits, listPeople } from './roster.ts';
import { gateStatus } from './status.ts';
import { decideTogether, getApprovalGroup, togetherPasskeyOptions } from './together.ts';
import { listTools } from './tools.ts';
import { webhookDecision } from './webhooks.ts';

/** Every route of the API, in the order of the documentation. */
export const ROUTES: readonly Route[] = [
  submitAction,
  listActions,
  getAction,
  withdrawAction,
  listTools,
  listApprovals,
  getApproval,
  approvalPasskeyOptions,
  decideApproval,
  getApprovalGroup,
  togetherPasskeyOptions,
  decideTogether,
  giveGrantRoute,
  listGrants,
  endGrantRoute,
  getChangeForm,
  changePasskeyOptions,
  changeApproval,
  renewApproval,
  enrolmentOptions,
  enrolPasskey,
  signInOptions,
  signIn,
  currentSession,
  signOut,
  slackInteractions,
  webhookDecision,
  listRequests,
  countRequests,
  getRequest,
  listAudit,
  getEntryProof,
  listLost,
  settleRequest,
  placeFreezeRoute,
  listFreezes,
  liftFreezeRoute,
  startIncident,
  listIncidents,
  getIncident,
  incidentPasskeyOptions,
  supplyIncidentKey,
  declareIncidentFalse,
  resumeIncidentRoute,
  getPostMortem,
  listDrills,
  listAlerts,
  gateStatus,
  rosterPasskeyOptions,
  listAgents,
  addAgentRoute,
  revokeAgentRoute,
  listPeople,
  listHabits,
  noteOwnAbsence,
  endOwnAbsence,
  addPersonRoute,
  changeRolesRoute,
  revokePersonRoute,
  getMe,
  health,
  readiness,
];
