import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/contracts/audit-entry.ts';
import type { SimulatorEffect } from '../support/simulator.ts';
import { expectWitnessesAgree, type Witnessed } from '../support/witnesses.ts';

/** R1, R2 and R4 rest on three witnesses: each lie of one of them has to be noticed by the others. */
const PATH = '/crm/objects/2026-09/notes';
const at = (second: number): string => `2026-11-01T00:00:0${second}.000Z`;

const entry = (event: string, facts: Record<string, unknown> = {}, second = 0): AuditEntry =>
  ({
    event,
    request_id: 'act_1',
    timestamp: at(second),
    hubspot_endpoint: PATH,
    facts: { method: 'POST', ...facts },
  }) as unknown as AuditEntry;

const effect = (text: string, second = 2): SimulatorEffect =>
  ({
    ...{ method: 'POST', path: PATH, at: at(second), source: 'api' },
    properties: { hs_note_body: `${text}<br>` },
  }) as unknown as SimulatorEffect;

const intent = entry('hubspot.intended', { purpose: 'execute' }, 1);
const answer = entry('hubspot.answered', { purpose: 'execute', answer: 'answered' }, 3);
const lost = entry('hubspot.lost', { purpose: 'execute' }, 3);
const end = entry('request.completed', { status: 'succeeded' }, 3);
const asked = ['request.accepted', 'approval.requested', 'approval.granted'];
const story = [...asked.map((event) => entry(event)), intent, answer, end];
const write: Witnessed = { id: 'act_1', text: 'Note 1', status: 'succeeded' };
const done = [effect('Note 1')];
const without = (gone: AuditEntry): AuditEntry[] => story.filter((one) => one !== gone);

describe('three witnesses of one write', () => {
  it('agree on what was executed, and on what was not', () => {
    expect(expectWitnessesAgree([write], done, story)).toEqual({
      effects: 1,
      intents: 1,
      completions: 1,
    });
    const own = { ...intent, request_id: null };
    expectWitnessesAgree([write], [effect('A property'), ...done], [...story, own]);
    const expired: Witnessed = { ...write, status: 'expired' };
    expectWitnessesAgree([expired], [], [entry('approval.expired')]);
  });

  it.each<[string, readonly Witnessed[], readonly SimulatorEffect[], readonly AuditEntry[]]>([
    ['a success without an effect', [write], [], story],
    ['an effect twice', [write], [...done, ...done], story],
    ['an effect that is reported as failed', [{ ...write, status: 'failed' }], done, story],
    ['an effect of no write', [write], [...done, effect('Note 12')], story],
    ['an effect without an intent', [write], done, without(intent)],
    ['an effect before its intent', [write], [effect('Note 1', 0)], story],
    ['an intent of another method', [write], [{ ...done[0]!, method: 'PATCH' }], story],
    ['an intent of another record', [write], [{ ...done[0]!, path: `${PATH}/7` }], story],
    ['no completion', [write], done, without(end)],
    ['two completions', [write], done, [...story, end]],
    ['a begin without its answer', [write], done, without(answer)],
    ['a success that nobody has confirmed', [write], done, [...without(answer), lost]],
    ['the story of another request', [{ ...write, id: 'act_2' }], done, story],
    [
      'an end that the log tells otherwise',
      [write],
      done,
      [...without(end), entry('request.completed', { status: 'failed' })],
    ],
  ])('do not on %s', (_lie, writes, effects, entries) => {
    expect(() => expectWitnessesAgree(writes, effects, entries)).toThrow();
  });
});
