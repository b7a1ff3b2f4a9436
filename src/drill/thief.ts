import type { Rig } from '../prove/rig.ts';

/** What the drill knows to have been done with the stolen key: the truth that findings are held against. */
export interface RogueWrite {
  readonly kind: 'changed' | 'created' | 'archived';
  readonly id: string;
  /** Of a change: what stood there before. */
  readonly former?: string;
  /** What a person in HubSpot wrote over it later, which must stay. */
  readonly later?: string;
}

const CONTACTS = '/crm/objects/2026-09/contacts';
const PROPERTY = 'jobtitle';
const FORMER = 'Buyer';
export const CHANGED = 8;
export const EDITED_SINCE = 3;
export const CREATED = 3;
export const ARCHIVED = 1;

/** A program somewhere else that has the connection's key and knows nothing of the gateway. */
export interface Thief {
  /** Changes, creates and archives records of its own choosing; people then work on some of them. */
  act(): Promise<readonly RogueWrite[]>;
  /** One change more. */
  actAgain(): Promise<RogueWrite>;
  /** Whether HubSpot still takes the key. */
  isAlive(): Promise<boolean>;
  /** What HubSpot holds in the field that was changed; undefined of a record that is archived. */
  held(id: string): Promise<string | undefined>;
}

/** Asks HubSpot's stand-in on a key, as any program could. */
const caller =
  (rig: Rig, token: string) =>
  (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${rig.simulator.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

async function assertDone(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new Error(`HubSpot’s stand-in refused the thief: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

export function createThief(rig: Rig): Thief {
  const call = caller(rig, rig.token);
  const change = async (properties: Record<string, string>, id: string): Promise<void> => {
    await assertDone(await call('PATCH', `${CONTACTS}/${id}`, { properties }));
  };
  const standing = (): Promise<string> =>
    rig.simulator.edit({
      object_type: 'contacts',
      create: { email: `${rig.text()}@drill.test`, [PROPERTY]: FORMER },
    });
  const changed = async (): Promise<RogueWrite> => {
    const id = await standing();
    await change({ [PROPERTY]: `Rogue ${rig.text()}` }, id);
    return { kind: 'changed', id, former: FORMER };
  };
  const created = async (): Promise<RogueWrite> => {
    const properties = { email: `${rig.text()}@rogue.test`, [PROPERTY]: 'Rogue' };
    const made = await assertDone(await call('POST', CONTACTS, { properties }));
    return { kind: 'created', id: (made as { id: string }).id };
  };
  const archived = async (): Promise<RogueWrite> => {
    const id = await standing();
    await assertDone(await call('DELETE', `${CONTACTS}/${id}`));
    return { kind: 'archived', id };
  };
  const editedSince = async (write: RogueWrite): Promise<RogueWrite> => {
    const later = `By a person ${rig.text()}`;
    await rig.simulator.edit({
      object_type: 'contacts',
      id: write.id,
      properties: { [PROPERTY]: later },
    });
    return { ...write, later };
  };
  const times = <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, work));
  return {
    act: async () => {
      const writes = await times(CHANGED, changed);
      const chosen = new Set(rig.random.some(writes, EDITED_SINCE));
      const worked = await Promise.all(
        writes.map(async (write) => (chosen.has(write) ? editedSince(write) : write)),
      );
      return [...worked, ...(await times(CREATED, created)), ...(await times(ARCHIVED, archived))];
    },
    actAgain: changed,
    isAlive: async () => (await call('GET', `${CONTACTS}?limit=1`)).status !== 401,
    held: async (id) => {
      // The account's owner looks, on whatever key works now.
      const { token } = await rig.simulator.mint({ scopes: 'all' });
      const url = `${CONTACTS}/${id}?properties=${PROPERTY}`;
      const response = await caller(rig, token)('GET', url);
      if (response.status === 404) return undefined;
      const { properties } = (await assertDone(response)) as {
        properties: Record<string, string | null>;
      };
      return properties[PROPERTY] ?? '';
    },
  };
}
