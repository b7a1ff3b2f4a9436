/** Contacts of the simulator's seed. */
const CONTACTS = 180;

/** Creates and updates of `mixedWrite`, for a fault's `match.path`; not the batch reads, which are POSTs too. */
export const WRITE_PATH = '/(contacts|notes|tasks)(/[0-9]+)?$';

const KINDS: readonly ((text: string, contact: string) => Record<string, unknown>)[] = [
  (note) => ({ action: 'create_note', contact_id: '20001', note }),
  (subject) => ({
    ...{ action: 'create_task', contact_id: '20002', subject },
    due: '2027-01-04T09:00:00Z',
  }),
  (lastname) => ({
    ...{ action: 'create_contact', lastname },
    email: `${lastname.toLowerCase()}@acme.test`,
  }),
  (jobtitle, contact_id) => ({ action: 'update_contact', contact_id, jobtitle }),
];

/**
 * The n-th write of a run, of four kinds in turn: what is found again by its mark, by a unique value, by the value that
 * it set. Its text stands in what HubSpot is sent; it has to be one word of letters, digits and hyphens. No two of 720
 * update the same contact.
 */
export const mixedWrite = (n: number, text: string): Record<string, unknown> => {
  const contact = String(20_001 + (Math.floor(n / KINDS.length) % CONTACTS));
  return KINDS[n % KINDS.length]!(text, contact);
};
