import { expect } from 'vitest';
import { createLogFiles } from '../../src/audit/log-folder.ts';
import { readBundle } from '../../src/audit/tile-reader.ts';
import { TILE_WIDTH, widthAt } from '../../src/audit/tiles.ts';
import { verifyLog } from '../../src/audit/verify.ts';
import type { AuditEntry } from '../../src/contracts/audit-entry.ts';
import { readLeaf } from './log-entries.ts';
import type { SimulatorEffect } from './simulator.ts';

/**
 * Three witnesses of the same writes that do not ask each other: HubSpot's own ledger of effects, what
 * the API says, and the published log. The log is read from its folder and not from the store's rows,
 * which whoever wrote the wrong entry has written too.
 */

/** A write as its agent knows it at the end. */
export interface Witnessed {
  readonly id: string;
  /** Stands in what HubSpot is sent, and in no other write. */
  readonly text: string;
  /** What the API says. */
  readonly status: string;
}

export interface Agreed {
  readonly effects: number;
  readonly intents: number;
  readonly completions: number;
}

/** Every entry of a log that verifies with the public key alone and has as many as the store. */
export async function verifiedEntries(of: {
  readonly folder: string;
  readonly vkey: string;
  readonly size: number;
}): Promise<readonly AuditEntry[]> {
  const report = await verifyLog(of);
  expect(report.findings).toEqual([]);
  expect(report.size, 'an entry of the store was never published').toBe(of.size);
  const files = createLogFiles(of.folder);
  const entries: AuditEntry[] = [];
  for (let index = 0; index * TILE_WIDTH < report.size; index += 1) {
    const width = widthAt('entries', index, report.size);
    const { items } = await readBundle(files, { level: 'entries', index, width });
    entries.push(...items.map((leaf) => readLeaf(leaf) as AuditEntry));
  }
  return entries;
}

type Told = Pick<AuditEntry, 'event' | 'facts'>;

const is =
  (event: string, purpose?: string) =>
  (entry: Told): boolean =>
    entry.event === event && (purpose === undefined || entry.facts['purpose'] === purpose);

/** Everything that an executed write must have left in the log, and how often. */
export function expectWholeStory(entries: readonly Told[], text: string): void {
  const count = (event: string, purpose?: string): number =>
    entries.filter(is(event, purpose)).length;
  expect(count('request.accepted'), text).toBe(1);
  expect(count('approval.requested'), text).toBe(1);
  expect(count('approval.granted'), text).toBe(1);
  expect(count('request.completed'), text).toBe(1);
  const begun = count('hubspot.intended', 'execute');
  const told = ['answered', 'lost', 'unsent']
    .map((end) => count(`hubspot.${end}`, 'execute'))
    .reduce((one, other) => one + other);
  expect(begun, text).toBeGreaterThanOrEqual(1);
  expect(told, `${text}: every begin has its answer or its loss`).toBe(begun);
  const said = entries.filter(
    (entry) => is('hubspot.answered', 'execute')(entry) && entry.facts['answer'] === 'answered',
  );
  expect(said.length + count('hubspot.settled'), text).toBe(1);
}

/** Whether it carries this text, and not that of a write whose number only begins in the same way. */
export const isEffectOf = ({ properties }: SimulatorEffect, text: string): boolean =>
  JSON.stringify(properties)
    .split(text)
    .slice(1)
    .some((rest) => !/^\d/.test(rest));

/** The n-th effect was preceded by n intents of just this call. */
function expectIntended(
  effects: readonly SimulatorEffect[],
  intents: readonly AuditEntry[],
  text: string,
): void {
  effects.forEach(({ method, path, at }, i) => {
    const before = intents.filter(
      ({ facts, hubspot_endpoint, timestamp }) =>
        facts['method'] === method && hubspot_endpoint === path && timestamp <= at,
    );
    expect(before.length, `${text}: ${method} ${path} without an intent`).toBeGreaterThan(i);
  });
}

/** What has one effect succeeded, what has none did not, and the log tells both in the same way. */
export function expectWitnessesAgree(
  writes: readonly Witnessed[],
  effects: readonly SimulatorEffect[],
  entries: readonly AuditEntry[],
): Agreed {
  const stories = Map.groupBy(entries, ({ request_id }) => request_id);
  const agreed = { effects: 0, intents: 0, completions: 0 };
  for (const { id, text, status } of writes) {
    const story = stories.get(id) ?? [];
    const done = effects.filter((effect) => isEffectOf(effect, text));
    const intents = story.filter(is('hubspot.intended', 'execute'));
    const completed = story.filter(is('request.completed'));
    expectIntended(done, intents, text);
    expect([text, status === 'succeeded' ? 1 : 0]).toEqual([text, done.length]);
    if (status === 'succeeded') expectWholeStory(story, text);
    expect(
      completed.map(({ facts }) => facts['status']),
      text,
    ).toEqual(status === 'succeeded' || intents.length > 0 ? [status] : []);
    agreed.effects += done.length;
    agreed.intents += intents.length;
    agreed.completions += completed.length;
  }
  // People change things in HubSpot too; what the gateway does for itself, such as preparing a
  // property, has an intent that is of no request.
  const ours = effects.filter(({ source }) => source === 'api');
  const strangers = ours.filter((effect) => !writes.some(({ text }) => isEffectOf(effect, text)));
  const own = entries.filter((entry) => entry.request_id === null && is('hubspot.intended')(entry));
  for (const [call, made] of Map.groupBy(strangers, ({ method, path }) => `${method} ${path}`))
    expectIntended(made, own, `of no write that was asked for: ${call}`);
  return agreed;
}
