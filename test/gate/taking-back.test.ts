import { describe, expect, it } from 'vitest';
import type { Version } from '../../src/actions/standing-record.ts';
import type { Undo } from '../../src/contracts/undo.ts';
import { divideUndos } from '../../src/gate/divided-undos.ts';
import { foldUndos, type Wanted } from '../../src/gate/folded-undos.ts';
import type { Link, Standing } from '../../src/gate/take-back-reads.ts';

const restore = (of: string, from: string, to: string, property = 'jobtitle'): Wanted => ({
  of,
  undo: {
    kind: 'restore',
    object_type: 'contacts',
    id: '1',
    expects: { [property]: from },
    properties: { [property]: to },
  },
});
const archive = (of: string, expects: Record<string, string>): Wanted => ({
  of,
  undo: { kind: 'archive', object_type: 'contacts', id: '1', expects },
});
const dissociate: Wanted = {
  of: 'act_link',
  undo: {
    kind: 'dissociate',
    from: { object_type: 'contacts', id: '1' },
    to: { object_type: 'companies', id: '9' },
    type_ids: [279, 1],
  },
};

const byPerson: Version = {
  value: 'x',
  timestamp: '2026-11-26T08:00:00Z',
  sourceType: 'CRM_UI',
  sourceId: 'userId:7',
};
const standing = (
  properties: Record<string, string>,
  worked: readonly string[] = [],
): Standing => ({
  kind: 'present',
  id: '1',
  properties,
  history: Object.fromEntries(worked.map((name) => [name, [byPerson]])),
});

const divided = (wanted: readonly Wanted[], now: Standing, link: Link = { kind: 'none' }) =>
  divideUndos(foldUndos(wanted), {
    standingOf: ({ object_type }) => (object_type === 'companies' ? standing({}) : now),
    linkOf: () => link,
  });

/** What would be sent, by request. */
const sent = ({ to_take_back: back }: ReturnType<typeof divided>) =>
  back.map(({ of, undo }) => [
    of,
    undo.map((one: Undo) => ('properties' in one ? one.properties : one.kind)),
  ]);

describe('several of our own writes', () => {
  it('to one value are one step, from what stands to what stood first', () => {
    const chain = [restore('act_2', 'C', 'B'), restore('act_1', 'B', 'A')];
    expect(sent(divided(chain, standing({ jobtitle: 'C' })))).toEqual([
      ['act_2', [{ jobtitle: 'A' }]],
    ]);
    expect(divided(chain, standing({ jobtitle: 'A' }))).toMatchObject({
      to_take_back: [],
      done: 1,
    });
    expect(divided(chain, standing({ jobtitle: 'X' })).left_alone).toMatchObject([
      { of: 'act_2', written: 'C', present: 'X' },
    ]);
  });

  it('with a person’s change between them stop at what the person wrote', () => {
    const chain = [restore('act_2', 'C', 'by a person'), restore('act_1', 'B', 'A')];
    const plan = divided(chain, standing({ jobtitle: 'C' }));
    expect(sent(plan)).toEqual([['act_2', [{ jobtitle: 'by a person' }]]]);
    expect(plan.left_alone).toMatchObject([{ of: 'act_1', written: 'B', present: 'C' }]);
  });

  it('there and back again are nothing to take back', () => {
    const chain = [restore('act_2', 'A', 'B'), restore('act_1', 'B', 'A')];
    expect(divided(chain, standing({ jobtitle: 'A' })).to_take_back).toEqual([]);
  });

  it('to a record that we created go with it, whatever else was linked to it', () => {
    const all = [
      dissociate,
      restore('act_2', 'C', ''),
      restore('act_3', 'new@acme.test', 'old@acme.test', 'email'),
      archive('act_1', { email: 'old@acme.test' }),
    ];
    const now = { email: 'new@acme.test', jobtitle: 'C' };
    const linked: Link = { kind: 'linked', types: [{ category: 'HUBSPOT_DEFINED', typeId: 1 }] };
    const plan = divided(all, standing(now), linked);
    expect(sent(plan)).toEqual([['act_1', ['archive']]]);
    expect(plan.to_take_back[0]?.undo[0]).toMatchObject({ expects: now });
    // A person has worked on it: it stays, and what we wrote to it since is set back all the same.
    const kept = divided(all, standing(now, ['phone']), linked);
    expect(sent(kept)).toEqual([
      ['act_link', ['dissociate']],
      ['act_2', [{ jobtitle: '' }]],
      ['act_3', [{ email: 'old@acme.test' }]],
    ]);
    expect(kept.left_alone).toMatchObject([{ of: 'act_1', property: 'phone', written: null }]);
  });
});

describe('what cannot be taken back', () => {
  it.each<readonly [string, Standing, RegExp]>([
    ['archived', { kind: 'archived' }, /archived/],
    ['merged', { kind: 'merged', into: '77' }, /merged into 77/],
    ['erased', { kind: 'erased' }, /for good/],
  ])('is said of a record that was %s', (_what, now, reason) => {
    const plan = divided([restore('act_1', 'B', 'A')], now);
    expect(plan).toMatchObject({ to_take_back: [], not_revertible: [{ of: 'act_1', id: '1' }] });
    expect(plan.not_revertible[0]?.reason).toMatch(reason);
  });

  it('is said of an association with a label, or in a list too long to read', () => {
    const label: Link = {
      kind: 'linked',
      types: [
        { category: 'HUBSPOT_DEFINED', typeId: 279 },
        { category: 'USER_DEFINED', typeId: 279 },
      ],
    };
    for (const link of [label, { kind: 'unclear' } as const])
      expect(divided([dissociate], standing({}), link)).toMatchObject({
        to_take_back: [],
        not_revertible: [{ of: 'act_link' }],
      });
  });

  it('is said of a value that is no text', () => {
    const plan = divided([restore('act_1', 'B', '\ud800')], standing({ jobtitle: 'B' }));
    expect(plan).toMatchObject({ to_take_back: [], not_revertible: [{ of: 'act_1' }] });
  });
});

describe('changes that are not ours', () => {
  it('are at most eight to a request', () => {
    const many = Array.from({ length: 19 }, (_, i): Wanted => {
      const { undo } = restore('', 'B', 'A', `custom_${i}`);
      return { of: null, undo };
    });
    const now = Object.fromEntries(many.map((_, i) => [`custom_${i}`, 'B']));
    const { to_take_back: back } = divided(many, standing(now));
    expect(back.map(({ of, undo }) => [of, undo.length])).toEqual([
      [null, 8],
      [null, 8],
      [null, 3],
    ]);
  });
});
