import { createHash } from 'node:crypto';
import { leafHash, rootOf } from '../../src/audit/merkle.ts';
import type { AuditEntry } from '../../src/contracts/audit-entry.ts';
import type { Operation } from '../../src/contracts/plan.ts';
import { isTerminal, type RequestStatus } from '../../src/core/request-state.ts';
import { isCanonical } from '../../src/audit/leaf.ts';
import type { Effect } from './fake-crm.ts';
import { POLICIES, type PolicyName, REQUESTER, TIMING, type World } from './world.ts';

/** What must hold after every step, whatever was lost, doubled, delayed or refused. Throws a sentence. */
export interface Invariants {
  /** Before an effect: its intent is there, and it is the first of its step. */
  beforeEffect(effect: Effect): void;
  afterStep(): void;
  atTheEnd(): Promise<void>;
}

interface Step {
  readonly requestId: string;
  readonly step: number;
}

export class Violation extends Error {}

const wrong = (rule: string): never => {
  throw new Violation(rule);
};

const isBegin = ({ event, facts }: AuditEntry): boolean =>
  event === 'hubspot.intended' && facts['purpose'] === 'execute';
const stepOf = ({ facts }: AuditEntry): number => Number(facts['step'] ?? 1);

/** The people whose approval stands at this place of the log. */
function standingApprovals(before: readonly AuditEntry[], begin: AuditEntry, world: World): number {
  const own = before.filter(({ request_id }) => request_id === begin.request_id);
  const asked = own.find(({ event }) => event === 'approval.requested');
  const deadline = Date.parse(asked?.facts['expires_at'] as string);
  const revoked = before
    .filter(({ event }) => event === 'person.revoked')
    .map(({ facts }) => facts['person']);
  const standing = world.people.filter(({ id, email }) => {
    const grant = own.find(
      ({ event, actor }) => event === 'approval.granted' && actor === `person:${id}`,
    );
    if (grant === undefined || email === REQUESTER || revoked.includes(id)) return false;
    const until = Math.max(deadline, Date.parse(grant.timestamp)) + TIMING.approvalValidMs;
    return Date.parse(begin.timestamp) < until;
  });
  return standing.length;
}

/** Laws 8 and 9 as the log tells them, at one begin. */
function checkBegin(entries: readonly AuditEntry[], index: number, world: World): void {
  const begin = entries[index] as AuditEntry;
  const before = entries.slice(0, index);
  const name = `${begin.request_id ?? ''} step ${stepOf(begin)}`;
  const placed = before.filter(({ event }) => event === 'freeze.placed');
  const lifted = before
    .filter(({ event }) => event === 'freeze.lifted')
    .map(({ facts }) => facts['freeze']);
  if (placed.some(({ facts }) => !lifted.includes(facts['freeze'])))
    wrong(`a freeze stands, and ${name} was begun`);
  const loaded = before.findLast(({ event }) => event === 'gateway.started');
  const policy = loaded?.facts['policy'] as PolicyName;
  const needed = POLICIES[policy];
  if (standingApprovals(before, begin, world) < needed)
    wrong(`${name} was begun without a valid quorum under policy ${policy}`);
  if (
    before.some(
      ({ event, request_id }) => event === 'request.completed' && request_id === begin.request_id,
    )
  )
    wrong(`${name} was begun after its end`);
}

export function createInvariants(world: World, operationsOf: (id: string) => readonly Operation[]) {
  const done = new Map<string, number>();
  const ends = new Map<string, RequestStatus>();
  const hashes: string[] = [];
  let checked = 0;
  let known = 0;
  const statuses = world.file.prepare('SELECT id, status FROM requests');

  const stepKey = ({ requestId, step }: Step): string => `${requestId} step ${step}`;

  /** Bodies are unique, so bytes name their step. */
  function stepOfEffect({ method, path, body }: Effect): Step {
    for (const row of statuses.all()) {
      const requestId = row['id'] as string;
      const step = operationsOf(requestId).findIndex(
        (one) => one.method === method && one.path === path && one.body === body,
      );
      if (step !== -1) return { requestId, step: step + 1 };
    }
    return wrong(`HubSpot did what nobody asked for: ${method} ${path}`);
  }

  function checkLog(): void {
    const leaves = world.leaves(0);
    if (leaves.length < hashes.length) wrong('the log got shorter');
    for (const [index, leaf] of leaves.entries()) {
      const hash = createHash('sha256').update(leaf).digest('hex');
      if ((hashes[index] ??= hash) !== hash) wrong(`log entry ${index} was changed`);
    }
  }

  function checkStatuses(): void {
    const rows = statuses.all();
    if (rows.length < known) wrong('a request is no longer on record');
    known = rows.length;
    for (const row of rows) {
      const id = row['id'] as string;
      const status = row['status'] as RequestStatus;
      const end = ends.get(id);
      if (end !== undefined && end !== status) wrong(`${id} was ${end} and is ${status}`);
      if (isTerminal(status)) ends.set(id, status);
      // What was said to be undone is undone; of several steps the account says which.
      if (/refused|rejected|expired|withdrawn/.test(status) && (done.get(id) ?? 0) > 0)
        wrong(`${id} is ${status}, and HubSpot did it`);
    }
  }

  async function checkEnd(id: string): Promise<void> {
    const request = await world.store.requests.get(id);
    if (request === undefined || request.risk === 'read') return;
    const steps = request.plan?.operations.length ?? 0;
    const effects = operationsOf(id).map(
      (_, index) => done.get(stepKey({ requestId: id, step: index + 1 })) ?? 0,
    );
    const executed =
      request.status === 'succeeded'
        ? steps
        : ((request.result as { steps?: { status: string }[] } | null)?.steps ?? []).filter(
            ({ status }) => status === 'executed',
          ).length;
    const happened = effects.filter((count) => count > 0).length;
    if (happened !== executed)
      wrong(
        `${id} is ${request.status} with ${executed} of ${steps} steps, HubSpot did ${happened}`,
      );
  }

  return {
    beforeEffect: (effect: Effect): void => {
      const step = stepOfEffect(effect);
      const intents = world
        .entries()
        .filter((entry) => isBegin(entry) && entry.request_id === step.requestId)
        .filter((entry) => stepOf(entry) === step.step);
      if (intents.length === 0) wrong(`${stepKey(step)} happened without an intent`);
      const times = (done.get(stepKey(step)) ?? 0) + 1;
      done.set(stepKey(step), times);
      done.set(step.requestId, (done.get(step.requestId) ?? 0) + 1);
      if (times > 1) wrong(`${stepKey(step)} happened ${times} times`);
    },
    afterStep: (): void => {
      const entries = world.entries();
      for (; checked < entries.length; checked += 1)
        if (isBegin(entries[checked] as AuditEntry)) checkBegin(entries, checked, world);
      checkStatuses();
    },
    atTheEnd: async (): Promise<void> => {
      checkLog();
      const leaves = world.leaves(0);
      if (leaves.some((leaf) => !isCanonical(leaf))) wrong('a leaf is not canonical');
      const misplaced = world.entries().findIndex((entry, index) => entry.index !== index);
      if (misplaced !== -1) wrong(`log entry ${misplaced} names another place`);
      for (const { size, root } of world.published) {
        const now = rootOf(leaves.slice(0, size).map((leaf) => leafHash(leaf)));
        if (Buffer.from(now).toString('hex') !== root)
          wrong(`the log no longer has its root of size ${size}`);
      }
      for (const row of statuses.all()) {
        if (!isTerminal(row['status'] as RequestStatus))
          wrong(`${row['id'] as string} never ends: ${row['status'] as string}`);
        await checkEnd(row['id'] as string);
      }
    },
    checkLog,
    happened: (requestId: string, step: number): number =>
      done.get(stepKey({ requestId, step })) ?? 0,
  };
}
