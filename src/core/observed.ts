import type { AuditEntry } from '../contracts/audit-entry.ts';

/** An entry of the log as the rules of `core/detection-rules.ts` look at it. */
export interface Observed extends Pick<
  AuditEntry,
  | 'index'
  | 'timestamp'
  | 'actor'
  | 'request_id'
  | 'agent_id'
  | 'code'
  | 'response_status'
  | 'hubspot_endpoint'
> {
  /** A name of `core/audit-events.ts`, or what is no entry: `entry.damaged`, `publication.late`. */
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** Records that its path or its sealed words name, as `contacts/20001`; `?/20001` where the kind is not said. */
  readonly records: readonly string[];
  /** Companies that were asked for or answered one by one, by id or by name. */
  readonly companies: readonly string[];
}

/** Nesting of what is looked through; what lies deeper is no answer of ours. */
const DEPTH_MAX = 8;

const TYPE_OF_WORD: Readonly<Record<string, string>> = {
  contact: 'contacts',
  company: 'companies',
  deal: 'deals',
  ticket: 'tickets',
  note: 'notes',
  task: 'tasks',
  call: 'calls',
  email: 'emails',
  meeting: 'meetings',
};

const TYPES = new Set(Object.values(TYPE_OF_WORD));

const typeOf = (word: string): string | undefined =>
  TYPES.has(word) ? word : TYPE_OF_WORD[word.toLowerCase()];

/** `/crm/objects/2026-09/contacts/20001/associations/default/companies/30001`: a kind, then an id. */
const PATH_RECORDS = /\/([a-z]+)\/(\d+)(?=\/|$)/g;

const recordsInPath = (path: string): string[] =>
  [...path.matchAll(PATH_RECORDS)].flatMap(([, type = '', id = '']) =>
    TYPES.has(type) ? [`${type}/${id}`] : [],
  );

const textIn = (value: object, key: string): string | undefined => {
  const found = (value as Record<string, unknown>)[key];
  return typeof found === 'string' ? found : undefined;
};

/** The kind of a record: as it says itself, or as the word says under which it stands. */
function typeIn(value: object, word: string): string {
  const said = textIn(value, 'object_type') ?? textIn(value, 'type') ?? textIn(value, 'kind');
  return typeOf(said ?? '') ?? typeOf(word) ?? '?';
}

/** Each record that an object names by its id, wherever an action or an answer puts it: `contacts/20001`, `?/20001`. */
export function recordsIn(value: unknown, word = '', depth = 0): string[] {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return [];
  if (Array.isArray(value)) return value.flatMap((each) => recordsIn(each, word, depth + 1));
  const id = textIn(value, 'id');
  const own = id === undefined ? [] : [`${typeIn(value, word)}/${id}`];
  const named = Object.entries(value).flatMap(([key, each]) => {
    const type = /^(\w+)_id$/.exec(key)?.[1];
    const isId = type !== undefined && typeOf(type) !== undefined && typeof each === 'string';
    return isId ? [`${typeOf(type) ?? '?'}/${each}`] : recordsIn(each, key, depth + 1);
  });
  return [...own, ...named];
}

const named = (name: string | undefined): string[] =>
  name === undefined || name.trim() === '' ? [] : [`name ${name.trim().toLowerCase()}`];

/** What an agent asks of a company, or the company of the one record that it is answered; no lists. */
function companiesIn(clear: object): string[] {
  const { structured_action: action, result } = clear as Record<string, unknown>;
  const found: string[] = [];
  if (typeof action === 'object' && action !== null) {
    const id = textIn(action, 'company_id');
    if (id !== undefined) found.push(`companies/${id}`);
    found.push(...named(textIn(action, 'company')), ...named(textIn(action, 'domain')));
  }
  if (typeof result !== 'object' || result === null) return found;
  const { company, contact } = result as Record<string, unknown>;
  if (typeof company === 'object' && company !== null && textIn(company, 'id') !== undefined)
    found.push(`companies/${textIn(company, 'id') ?? ''}`);
  if (typeof contact === 'object' && contact !== null)
    found.push(...named(textIn(contact, 'company')));
  return found;
}

const EVENT_OF_WORDS = /^(?:request\.(?:accepted|refused|completed)|approval\.requested)$/;

/** Whether an entry's sealed words can name a record, and are worth opening. */
export const mayNameRecords = (event: string): boolean => EVENT_OF_WORDS.test(event);

/** `clear`: the entry's sealed words, null where there are none, or where they were erased. */
export function observedOf(entry: AuditEntry, clear: unknown): Observed {
  const path = entry.hubspot_endpoint;
  const inPath = path === null ? [] : recordsInPath(path);
  const words = typeof clear === 'object' && clear !== null ? clear : undefined;
  return {
    index: entry.index,
    timestamp: entry.timestamp,
    event: entry.event,
    actor: entry.actor,
    request_id: entry.request_id,
    agent_id: entry.agent_id,
    code: entry.code,
    response_status: entry.response_status,
    hubspot_endpoint: path,
    facts: entry.facts,
    records: words === undefined ? inPath : [...inPath, ...recordsIn(words)],
    companies: words === undefined ? [] : companiesIn(words),
  };
}

/** What is no entry: one that does not open, or a log that is not published. */
export const noted = (
  event: 'entry.damaged' | 'publication.late',
  { index, at }: { readonly index: number; readonly at: Date },
): Observed => ({
  ...{ event, index, timestamp: at.toISOString(), actor: 'gateway', facts: {} },
  ...{ request_id: null, agent_id: null, code: null },
  ...{ response_status: null, hubspot_endpoint: null, records: [], companies: [] },
});
