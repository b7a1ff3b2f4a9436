import type { StoreReads, StoreTransaction } from '../../../ports/store.ts';
import { createAgentReads, createAgentWrites } from './agents.ts';
import { createConnectionReads, createConnectionWrites } from './connections.ts';
import { createCredentialReads, createCredentialWrites } from './credentials.ts';
import { createDecisionReads, createDecisionWrites } from './decisions.ts';
import { createFreezeReads, createFreezeWrites } from './freezes.ts';
import { createLedgerReads, createLedgerWrites } from './ledger.ts';
import { createLogReads, createLogWrites } from './log.ts';
import { createPersonReads, createPersonWrites } from './people.ts';
import { createRequestReads, createRequestWrites } from './requests.ts';
import type { Reader, Unit } from './unit.ts';

/** All nouns on one connection. */
export function createReads(reader: Reader): StoreReads {
  return {
    requests: createRequestReads(reader),
    decisions: createDecisionReads(reader),
    agents: createAgentReads(reader),
    people: createPersonReads(reader),
    freezes: createFreezeReads(reader),
    credentials: createCredentialReads(reader),
    connections: createConnectionReads(reader),
    ledger: createLedgerReads(reader),
    log: createLogReads(reader),
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
    freezes: createFreezeWrites(unit),
    credentials: createCredentialWrites(unit),
    connections: createConnectionWrites(unit),
    ledger: createLedgerWrites(unit),
    log: createLogWrites(unit),
  };
}
