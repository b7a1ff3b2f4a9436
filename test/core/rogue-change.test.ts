import { describe, expect, it } from 'vitest';
import {
  changeKey,
  judgeRecord,
  MATCH_TOLERANCE_MS,
  type OwnWrite,
  type RecordHistory,
  type ValueVersion,
  VERSIONS_KEPT_MIN,
} from '../../src/core/rogue-change.ts';

const APP = '900001';
const START = Date.parse('2026-11-20T10:00:00.000Z');
const at = (seconds: number): Date => new Date(START + seconds * 1_000);
const VIEW = { appIds: new Set([APP]), from: at(0), to: at(3_600) };

const byApp = (value: string, seconds: number, sourceId: string | null = APP): ValueVersion => ({
  value,
  at: at(seconds),
  sourceType: 'INTEGRATION',
  sourceId,
});
const byPerson = (value: string, seconds: number): ValueVersion => ({
  value,
  at: at(seconds),
  sourceType: 'CRM_UI',
  sourceId: 'userId:70002',
});

const contact = (
  versions: RecordHistory['versions'],
  change: Partial<RecordHistory> = {},
): RecordHistory => ({
  objectType: 'contacts',
  objectId: '101',
  recordName: 'Dana Reyes',
  createdAt: at(-86_400),
  createdBy: null,
  versions,
  ...change,
});

const TOLERANCE_S = MATCH_TOLERANCE_MS / 1_000;
/** A write whose outcome was on disk at this second. */
const wrote = (
  values: OwnWrite['values'],
  seconds: number,
  change: Partial<OwnWrite> = {},
): OwnWrite => ({
  kind: 'update',
  objectType: 'contacts',
  objectId: '101',
  values,
  isSettled: true,
  spans: [{ from: at(seconds - TOLERANCE_S), to: at(seconds + TOLERANCE_S) }],
  ...change,
});

const judge = (record: RecordHistory, ...own: OwnWrite[]) => judgeRecord(record, own, VIEW);
const rogueIn = (record: RecordHistory, ...own: OwnWrite[]) => judge(record, ...own).rogue;

describe('a changed value', () => {
  it('is ours when the ledger has it', () => {
    const record = contact({ phone: [byApp('+41 31 1', 100)] });
    expect(judge(record, wrote({ phone: '+41 31 1' }, 101))).toEqual({
      rogue: undefined,
      gaps: [],
    });
  });

  it('is rogue without a write, with another value, of another property, at another time', () => {
    const record = contact({ phone: [byApp('2', 100), byPerson('1', -50)] });
    const rogue = {
      kind: 'changed',
      objectType: 'contacts',
      objectId: '101',
      recordName: 'Dana Reyes',
      at: at(100),
      properties: { phone: { before: '1', after: '2' } },
    };
    expect(rogueIn(record)).toEqual(rogue);
    expect(rogueIn(record, wrote({ phone: '3' }, 101))).toEqual(rogue);
    expect(rogueIn(record, wrote({ city: '2' }, 101))).toEqual(rogue);
    expect(rogueIn(record, wrote({ phone: '2' }, 100 + TOLERANCE_S + 1))).toEqual(rogue);
    expect(rogueIn(record, wrote({ phone: '2' }, 100 - TOLERANCE_S - 1))).toEqual(rogue);
  });

  it.each([-20, -3, 3, 20])('is ours under a clock that differs by %d s', (seconds) => {
    const record = contact({ phone: [byApp('2', 100 + seconds)] });
    expect(rogueIn(record, wrote({ phone: '2' }, 100))).toBeUndefined();
  });

  it('is nobody’s concern when a person or another app made it', () => {
    const record = contact({ phone: [byPerson('3', 100), byApp('2', 50, '77')] });
    expect(judge(record)).toEqual({ rogue: undefined, gaps: [] });
  });

  it('is compared in the form that HubSpot keeps', () => {
    const record = contact({
      email: [byApp('dana@acme.test', 100)],
      closedate: [byApp('2026-12-01T00:00:00Z', 100)],
    });
    const own = wrote({ email: 'Dana@Acme.test', closedate: '1796083200000' }, 100);
    expect(rogueIn(record, own)).toBeUndefined();
  });

  it('that was emptied is ours when we emptied it, as null or as nothing', () => {
    const record = contact({ city: [byApp('', 100), byPerson('Bern', 1)] });
    expect(rogueIn(record, wrote({ city: null }, 100))).toBeUndefined();
    expect(rogueIn(record, wrote({ city: '' }, 100))).toBeUndefined();
    expect(rogueIn(record, wrote({ city: 'Bern' }, 100))?.properties).toEqual({
      city: { before: 'Bern', after: null },
    });
  });

  it('outside the window is not looked for', () => {
    expect(rogueIn(contact({ city: [byApp('Basel', -1)] }))).toBeUndefined();
    expect(rogueIn(contact({ city: [byApp('Basel', 3_601)] }))).toBeUndefined();
    expect(rogueIn(contact({ city: [byApp('Basel', 0)] }))).toBeDefined();
    expect(rogueIn(contact({ city: [byApp('Basel', 3_600)] }))).toBeDefined();
  });
});

describe('a value that is there more than once', () => {
  it('is rogue the second time when it was approved once', () => {
    const record = contact({
      city: [byApp('Basel', 130), byPerson('Bern', 120), byApp('Basel', 100)],
    });
    expect(rogueIn(record, wrote({ city: 'Basel' }, 101))).toMatchObject({
      at: at(130),
      properties: { city: { before: 'Bern', after: 'Basel' } },
    });
  });

  it('is ours both times when it was approved twice', () => {
    const record = contact({
      city: [byApp('Basel', 130), byPerson('Bern', 120), byApp('Basel', 100)],
    });
    const own = [wrote({ city: 'Basel' }, 131), wrote({ city: 'Basel' }, 101)];
    expect(rogueIn(record, ...own)).toBeUndefined();
  });

  it('is ours when it was approved twice and HubSpot has it once, since it was that already', () => {
    const record = contact({ city: [byApp('Basel', 100)] });
    const own = [wrote({ city: 'Basel' }, 101), wrote({ city: 'Basel' }, 110)];
    expect(rogueIn(record, ...own)).toBeUndefined();
  });

  it('right before the window uses up the write that made it', () => {
    const record = contact({ city: [byApp('Basel', 5), byPerson('Bern', 2), byApp('Basel', -10)] });
    expect(rogueIn(record, wrote({ city: 'Basel' }, -9))?.at).toEqual(at(5));
  });

  it('takes of two writes the one that no later version could have', () => {
    const record = contact({
      city: [byApp('Basel', 90), byPerson('Bern', 50), byApp('Basel', 10)],
    });
    const own = [wrote({ city: 'Basel' }, 60), wrote({ city: 'Basel' }, 30)];
    expect(rogueIn(record, ...own)).toBeUndefined();
  });
});

describe('a value changed and changed back', () => {
  it('by somebody with our token is found, though it is what it was', () => {
    const record = contact({
      city: [byApp('Bern', 200), byApp('Basel', 100), byPerson('Bern', -9)],
    });
    expect(rogueIn(record)).toMatchObject({
      at: at(200),
      properties: { city: { before: 'Bern', after: 'Bern' } },
    });
  });

  it('by a person afterwards is still found', () => {
    const record = contact({
      city: [byPerson('Bern', 200), byApp('Basel', 100), byPerson('Bern', -9)],
    });
    expect(rogueIn(record)?.properties).toEqual({ city: { before: 'Bern', after: 'Basel' } });
  });

  it('has before it what a person set in between', () => {
    const record = contact({
      city: [byApp('Zug', 400), byApp('Chur', 300), byPerson('Thun', 200), byApp('Basel', 100)],
    });
    expect(rogueIn(record)?.properties).toEqual({ city: { before: 'Thun', after: 'Zug' } });
  });
});

describe('a write that is begun and not settled', () => {
  const open = (values: OwnWrite['values'], change: Partial<OwnWrite> = {}): OwnWrite =>
    wrote(values, 0, { isSettled: false, spans: [{ from: at(50), to: at(1e9) }], ...change });

  it('accounts for what it sends, however late its answer', () => {
    const record = contact({ city: [byApp('Basel', 3_000)] });
    expect(rogueIn(record, open({ city: 'Basel' }))).toBeUndefined();
    expect(rogueIn(record, open({ city: 'Bern' }))).toBeDefined();
  });

  it('accounts for nothing from before it was begun', () => {
    expect(rogueIn(contact({ city: [byApp('Basel', 49)] }), open({ city: 'Basel' }))).toBeDefined();
  });

  it('accounts for one version for each time it was sent', () => {
    const record = contact({
      city: [byApp('Basel', 300), byPerson('Bern', 200), byApp('Basel', 100)],
    });
    const [span] = open({}).spans;
    expect(rogueIn(record, open({ city: 'Basel' }))?.at).toEqual(at(300));
    expect(rogueIn(record, open({ city: 'Basel' }, { spans: [span!, span!] }))).toBeUndefined();
  });
});

describe('a created record', () => {
  const note = (versions: RecordHistory['versions'], change: Partial<RecordHistory> = {}) =>
    contact(versions, {
      ...{ objectType: 'notes', objectId: '500', recordName: 'notes 500' },
      ...{ createdAt: at(100), createdBy: APP },
      ...change,
    });
  const VALUES = {
    hs_note_body: 'Called.<br>[sallyport act_1]',
    hs_timestamp: '2026-11-20T10:00:00Z',
  };
  const own = wrote(VALUES, 101, { kind: 'create', objectType: 'notes', objectId: '500' });
  const made = {
    hs_note_body: [byApp(VALUES.hs_note_body, 100)],
    hs_timestamp: [byApp(VALUES.hs_timestamp, 100)],
    hubspot_owner_id: [byApp('7', 100)],
  };

  it('is ours by its id, with all that HubSpot filled in then', () => {
    expect(judge(note(made), own)).toEqual({ rogue: undefined, gaps: [] });
  });

  it('is ours by its id also when it was settled a day later, or HubSpot keeps its text otherwise', () => {
    const late = { ...own, spans: [{ from: at(86_000), to: at(86_500) }] };
    const kept = { ...made, hs_note_body: [byApp('<p>Called.</p>', 100)] };
    expect(rogueIn(note(kept), late)).toBeUndefined();
  });

  it('is rogue without a create of ours, whatever was written to it since', () => {
    const rogue = { kind: 'created', objectId: '500', at: at(100) };
    expect(rogueIn(note(made))).toMatchObject(rogue);
    expect(Object.keys(rogueIn(note(made))?.properties ?? {})).toHaveLength(3);
    expect(rogueIn(note(made), { ...own, objectId: '501' })).toMatchObject(rogue);
    const update = { ...own, kind: 'update', values: { hubspot_owner_id: '7' } };
    expect(rogueIn(note(made), update)).toMatchObject(rogue);
    expect(rogueIn(note({}))).toMatchObject({ ...rogue, properties: {} });
  });

  it('is nobody’s concern when a person or another app created it', () => {
    expect(rogueIn(note({}, { createdBy: null }))).toBeUndefined();
    expect(rogueIn(note({}, { createdBy: '77' }))).toBeUndefined();
  });

  it('of ours is watched like any other from then on', () => {
    const later = { ...made, hs_note_body: [byApp('Other', 104), ...made.hs_note_body] };
    expect(rogueIn(note(later), own)).toMatchObject({
      kind: 'changed',
      properties: { hs_note_body: { before: VALUES.hs_note_body, after: 'Other' } },
    });
    const more = { ...made, hubspot_owner_id: [byApp('8', 900), byApp('7', 100)] };
    expect(rogueIn(note(more), own)?.properties).toEqual({
      hubspot_owner_id: { before: '7', after: '8' },
    });
  });

  it('whose answer was lost is known by all that was sent with it', () => {
    const open = { ...own, objectId: null, spans: [{ from: at(90), to: at(1e9) }] };
    expect(rogueIn(note(made), open)).toBeUndefined();
    const copied = { ...made, hs_note_body: [byApp('Called. Now pay.', 100)] };
    expect(rogueIn(note(copied), open)).toMatchObject({ kind: 'created' });
    expect(rogueIn(note({}), { ...open, values: {} })).toMatchObject({ kind: 'created' });
    const early = { ...open, spans: [{ from: at(200), to: at(1e9) }] };
    expect(rogueIn(note(made), early)).toMatchObject({ kind: 'created' });
  });
});

describe('a history that does not tell all', () => {
  const many = (count: number, oldest: number): ValueVersion[] =>
    Array.from({ length: count }, (_, i) => byPerson(String(i), oldest + count - 1 - i));

  it('is said to be cut when the window begins before its oldest version', () => {
    expect(judge(contact({ city: many(VERSIONS_KEPT_MIN, 10) })).gaps).toEqual(['history_cut']);
    expect(judge(contact({ city: many(VERSIONS_KEPT_MIN - 1, 10) })).gaps).toEqual([]);
    expect(judge(contact({ city: many(VERSIONS_KEPT_MIN, -10) })).gaps).toEqual([]);
  });

  it('is not cut where its oldest version is the record’s first', () => {
    const record = contact({ city: many(VERSIONS_KEPT_MIN, 10) }, { createdAt: at(10) });
    expect(judge(record).gaps).toEqual([]);
  });

  it('is said to be useless when our own write stands there under another app', () => {
    const own = wrote({ city: 'Basel' }, 101);
    expect(judge(contact({ city: [byApp('Basel', 100, '77')] }), own).gaps).toEqual([
      'not_attributed',
    ]);
    expect(judge(contact({ city: [byApp('Basel', 100, null)] }), own).gaps).toEqual([
      'not_attributed',
    ]);
    expect(judge(contact({ city: [byPerson('Basel', 100)] }), own).gaps).toEqual([]);
    const open = { ...own, isSettled: false };
    expect(judge(contact({ city: [byApp('Basel', 100, '77')] }), open).gaps).toEqual([]);
  });
});

describe('findings', () => {
  it('are told apart by record, kind and time', () => {
    const one = rogueIn(contact({ city: [byApp('Basel', 100)] }))!;
    const again = rogueIn(contact({ city: [byApp('Basel', 200), byApp('Chur', 100)] }))!;
    expect(changeKey(one)).toBe('changed contacts/101 2026-11-20T10:01:40.000Z');
    expect(changeKey(again)).not.toBe(changeKey(one));
  });
});
