import type { AuditEntry } from '../contracts/audit-entry.ts';
import type { RequestReads } from '../ports/store.ts';
import type { TimeSpan } from './log-times.ts';
import { unlessTampered } from './unless-tampered.ts';

/** What somebody looks for in the log; an entry has to fit all of it. */
export interface LogFilter extends TimeSpan {
  readonly agent?: string | undefined;
  readonly person?: string | undefined;
  readonly action?: string | undefined;
  /** HubSpot's number of a record, or with its kind before it: `contacts/20001`. */
  readonly record?: string | undefined;
  readonly event?: string | undefined;
  readonly code?: string | undefined;
}

/** What a request is about; undefined where its row is gone or does not open. */
interface Asked {
  readonly action: string;
  /** `contacts/20001`. */
  readonly records: readonly string[];
}

export type AskedOf = (requestId: string) => Promise<Asked | undefined>;

/** Each request is opened once, however many entries it has. */
export function createAskedOf(requests: Pick<RequestReads, 'get'>): AskedOf {
  const known = new Map<string, Promise<Asked | undefined>>();
  const read = async (id: string): Promise<Asked | undefined> => {
    const request = await unlessTampered(requests.get(id), undefined);
    if (request === undefined) return undefined;
    const records = request.card?.records ?? [];
    return {
      action: request.action,
      records: records.map((record) => `${record.object_type}/${record.id}`),
    };
  };
  return (id) => {
    const asked = known.get(id) ?? read(id);
    known.set(id, asked);
    return asked;
  };
}

/** Facts that name a person other than who did it. */
const NAMING_FACTS = ['person', 'delegate', 'in_place_of', 'changed_by', 'renewed_by'];

const isOfPerson = ({ actor, facts }: AuditEntry, person: string): boolean =>
  actor === `person:${person}` || NAMING_FACTS.some((name) => facts[name] === person);

const isOfAgent = (entry: AuditEntry, agent: string): boolean =>
  entry.agent_id === agent || entry.actor === `agent:${agent}`;

/** Whether this text, `…/contacts/20001`, has the record in it, as whole parts of a path. */
const isNamedIn = (path: string, record: string): boolean => `/${path}/`.includes(`/${record}/`);

function namesRecord({ hubspot_endpoint: endpoint, facts }: AuditEntry, record: string): boolean {
  const named = [facts['object_type'], facts['object_id']].filter(
    (part) => typeof part === 'string',
  );
  return isNamedIn(endpoint ?? '', record) || isNamedIn(named.join('/'), record);
}

const isWithin = ({ timestamp }: AuditEntry, { from, to }: TimeSpan): boolean => {
  const time = Date.parse(timestamp);
  return (
    (from === undefined || time >= from.getTime()) && (to === undefined || time <= to.getTime())
  );
};

/** What the entry itself can tell. */
const fitsItself = (
  entry: AuditEntry,
  { agent, person, event, code, ...span }: LogFilter,
): boolean =>
  (agent === undefined || isOfAgent(entry, agent)) &&
  (person === undefined || isOfPerson(entry, person)) &&
  (event === undefined || entry.event === event) &&
  (code === undefined || entry.code === code) &&
  isWithin(entry, span);

/** The same of action and record, which the entry's request may tell where the entry does not. */
const fitsRequest = (entry: AuditEntry, { action, record }: LogFilter, asked?: Asked): boolean =>
  (action === undefined || entry.facts['action'] === action || asked?.action === action) &&
  (record === undefined ||
    namesRecord(entry, record) ||
    (asked?.records ?? []).some((each) => isNamedIn(each, record)));

/** Whether an entry fits. Its request is opened only where that can make a difference. */
export async function fits(
  entry: AuditEntry,
  filter: LogFilter,
  askedOf: AskedOf,
): Promise<boolean> {
  if (!fitsItself(entry, filter)) return false;
  if (fitsRequest(entry, filter)) return true;
  const { request_id: id } = entry;
  return id !== null && fitsRequest(entry, filter, await askedOf(id));
}

/** Whether nothing at all is looked for, so that each entry fits. */
export const isOpen = (filter: LogFilter): boolean =>
  Object.values(filter).every((value) => value === undefined);
