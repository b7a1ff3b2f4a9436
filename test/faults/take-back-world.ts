import type { SimulatorProcess } from '../support/simulator.ts';

/** What one unwanted write did, and what a person did to it since: the test's own account, kept beside the gateway. */
export interface Thing {
  readonly kind: 'value' | 'record' | 'link';
  readonly objectType: string;
  readonly id: string;
  /** Of a value; of a link the other record. */
  readonly property: string;
  readonly former: string;
  readonly written: string;
  edited: boolean;
}

/** A value that a person has set: no take-back may ever touch it. */
export interface Legitimate {
  readonly objectType: string;
  readonly id: string;
  readonly property: string;
  readonly value: string;
}

export interface Unwanted {
  readonly actions: readonly Record<string, unknown>[];
  /** What the actions did, once the ids of what they created are known, in the order of the ledger. */
  things(created: readonly { readonly objectType: string; readonly objectId: string }[]): Thing[];
}

const FORMER = { jobtitle: 'Buyer', phone: '+1 555 0001', city: 'Leeds' } as const;

const thing = (
  kind: Thing['kind'],
  objectType: string,
  id: string,
  [property = '', former = '', written = '']: readonly string[] = [],
): Thing => ({ kind, objectType, id, property, former, written, edited: false });

type Rows = readonly { readonly objectType: string; readonly objectId: string }[];
const records = (rows: Rows): Thing[] =>
  rows.map(({ objectType, objectId }) => thing('record', objectType, objectId));

/** One of every kind of write, in turn, on records of its own. */
export function unwantedOn(contact: string, deal: string, i: number): Unwanted {
  const text = `Unwanted ${i}`;
  const changed = (property: 'jobtitle' | 'phone', written = text): Thing =>
    thing('value', 'contacts', contact, [property, FORMER[property], written]);
  const update = (jobtitle: string) => ({
    action: 'update_contact',
    contact_id: contact,
    jobtitle,
  });
  const note = { action: 'create_note', contact_id: contact, note: text };
  const kinds: readonly Unwanted[] = [
    {
      actions: [{ ...update(text), phone: `+1 555 1${i}` }],
      things: () => [changed('jobtitle'), changed('phone', `+1 555 1${i}`)],
    },
    { actions: [note], things: records },
    {
      actions: [
        {
          action: 'create_task',
          contact_id: contact,
          subject: text,
          due: '2027-01-04T09:00:00Z',
        },
      ],
      things: records,
    },
    {
      actions: [{ action: 'associate_records', contact_id: contact, company_id: '10001' }],
      things: () => [thing('link', 'contacts', contact, ['10001'])],
    },
    {
      actions: [{ action: 'create_contact', email: `unwanted-${i}@acme.test`, lastname: text }],
      things: records,
    },
    { actions: [update(`${text} first`), update(text)], things: () => [changed('jobtitle')] },
    {
      actions: [
        {
          action: 'create_deal',
          contact_id: contact,
          dealname: text,
          dealstage: 'contractsent',
          amount: 100,
        },
      ],
      things: records,
    },
    {
      actions: [{ action: 'write_several', steps: [update(text), note] }],
      things: (rows) => [changed('jobtitle'), ...records(rows.slice(1))],
    },
    {
      actions: [
        {
          action: 'log_call',
          contact_id: contact,
          title: text,
          at: '2026-11-01T09:00:00Z',
          direction: 'incoming',
        },
      ],
      things: records,
    },
    {
      actions: [{ action: 'update_deal', deal_id: deal, dealname: text, amount: 200 }],
      things: () => [
        thing('value', 'deals', deal, ['dealname', 'Standing', text]),
        thing('value', 'deals', deal, ['amount', '50', '200']),
      ],
    },
  ];
  return kinds[i % kinds.length]!;
}

export interface World {
  contact(i: number): Promise<string>;
  deal(i: number): Promise<string>;
  /** A person works on it; what they set is to stand for ever. */
  edit(one: Thing, number: number): Promise<Legitimate>;
  /** What stands there; undefined of a record that is archived. */
  held(objectType: string, id: string, property: string): Promise<string | undefined>;
  isLinked(contact: string, company: string): Promise<boolean>;
}

/** What a person writes into a created record: where it was left empty, or over what was written. */
const FILLED_IN: Readonly<Record<string, string>> = {
  contacts: 'phone',
  notes: 'hs_note_body',
  tasks: 'hs_task_subject',
  calls: 'hs_call_title',
  deals: 'description',
};

function editedOf({ kind, objectType, property }: Thing): string {
  if (kind === 'link') return 'city';
  return kind === 'record' ? (FILLED_IN[objectType] ?? '') : property;
}

export function worldOf(simulator: SimulatorProcess, token: string): World {
  const edits = async (body: object): Promise<{ id: string }> => {
    const { status, body: answer } = await simulator.control<{ id: string }>(
      'POST',
      '/edits',
      body,
    );
    if (status !== 200) throw new Error(JSON.stringify(answer));
    return answer;
  };
  const get = async (path: string): Promise<any> => {
    const url = `${simulator.url}/crm/objects/2026-09/${path}`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    return response.status === 404 ? undefined : response.json();
  };
  const made = async (object_type: string, create: object): Promise<string> =>
    (await edits({ object_type, create })).id;
  return {
    contact: (i) => made('contacts', { ...FORMER, email: `standing-${i}@acme.test` }),
    deal: () =>
      made('deals', {
        dealname: 'Standing',
        amount: '50',
        dealstage: 'contractsent',
        pipeline: 'default',
      }),
    edit: async (one, number) => {
      const { objectType, id } = one;
      const property = editedOf(one);
      const value = property === 'amount' ? String(1_000 + number) : `By a person ${number}`;
      await edits({ object_type: objectType, id, properties: { [property]: value } });
      // A link is not touched by what is done to one of its ends.
      one.edited = one.kind !== 'link';
      return { objectType, id, property, value };
    },
    held: async (objectType, id, property) =>
      (await get(`${objectType}/${id}?properties=${property}`))?.properties[property] ?? undefined,
    isLinked: async (contact, company) => {
      const listed = await get(`contacts/${contact}/associations/companies`);
      return listed.results.some(({ toObjectId }: any) => String(toObjectId) === company);
    },
  };
}
