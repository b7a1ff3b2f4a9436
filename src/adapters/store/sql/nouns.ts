import type { StoreReads, StoreTransaction } from '../../../ports/store.ts';
import { createAbsenceReads, createAbsenceWrites } from './absences.ts';
import { createAgentReads, createAgentWrites } from './agents.ts';
import { createChallengeWrites } from './challenges.ts';
import { createConnectionReads, createConnectionWrites } from './connections.ts';
import { createCredentialReads, createCredentialWrites } from './credentials.ts';
import { createDecisionReads, createDecisionWrites } from './decisions.ts';
import { createFreezeReads, createFreezeWrites } from './freezes.ts';
import { createGrantReads, createGrantWrites } from './grants.ts';
import { createHeardOnceWrites } from './heard-once.ts';
import { createIncidentReads, createIncidentWrites } from './incidents.ts';
import { createInvitationReads, createInvitationWrites } from './invitations.ts';
import { createLedgerReads, createLedgerWrites } from './ledger.ts';
import { createLogReads, createLogWrites } from './log.ts';
import { createNoticeReads, createNoticeWrites } from './notices.ts';
import { createPasskeyReads, createPasskeyWrites } from './passkeys.ts';
import { createRadarReads, createRadarWrites } from './radar.ts';
import { createPersonReads, createPersonWrites } from './people.ts';
import { createRequestReads, createRequestWrites } from './requests.ts';
import { createSessionReads, createSessionWrites } from './sessions.ts';
import { createSlackUserReads, createSlackUserWrites } from './slack-users.ts';
import type { Reader, Unit } from './unit.ts';
import { createWebhookSignerReads, createWebhookSignerWrites } from './webhook-signers.ts';

/** All nouns on one connection. */
export function createReads(reader: Reader): StoreReads {
  return {
    requests: createRequestReads(reader),
    decisions: createDecisionReads(reader),
    agents: createAgentReads(reader),
    people: createPersonReads(reader),
    absences: createAbsenceReads(reader),
    passkeys: createPasskeyReads(reader),
    sessions: createSessionReads(reader),
    invitations: createInvitationReads(reader),
    freezes: createFreezeReads(reader),
    grants: createGrantReads(reader),
    credentials: createCredentialReads(reader),
    connections: createConnectionReads(reader),
    incidents: createIncidentReads(reader),
    ledger: createLedgerReads(reader),
    radar: createRadarReads(reader),
    log: createLogReads(reader),
    notices: createNoticeReads(reader),
    slackUsers: createSlackUserReads(reader),
    webhookSigners: createWebhookSignerReads(reader),
  };
}

/** All nouns inside one unit of work. */
export function createTransaction(unit: Unit): StoreTransaction {
  return {
    now: unit.now,
    requests: createRequestWrites(unit),
    decisions: createDecisionWrites(unit),
    agents: createAgentWrites(unit),
    people: createPersonWrites(unit),
    absences: createAbsenceWrites(unit),
    passkeys: createPasskeyWrites(unit),
    sessions: createSessionWrites(unit),
    invitations: createInvitationWrites(unit),
    challenges: createChallengeWrites(unit),
    freezes: createFreezeWrites(unit),
    grants: createGrantWrites(unit),
    credentials: createCredentialWrites(unit),
    connections: createConnectionWrites(unit),
    incidents: createIncidentWrites(unit),
    ledger: createLedgerWrites(unit),
    radar: createRadarWrites(unit),
    log: createLogWrites(unit),
    notices: createNoticeWrites(unit),
    slackUsers: createSlackUserWrites(unit),
    webhookSigners: createWebhookSignerWrites(unit),
    heardOnce: createHeardOnceWrites(unit),
  };
}
