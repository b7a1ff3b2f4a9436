import { OBJECT_TYPES, type Operation } from '../../contracts/plan.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { AUDIT_LOGS_PATH, HUBSPOT_VERSION } from '../../core/hubspot-paths.ts';
import type { CallPurpose } from '../../ports/crm.ts';

/**
 * The closed table of what may go over the wire. A token that can add a note can also merge and erase
 * contacts, so scopes are no boundary; this is. Merge, GDPR delete, batch writes and schema changes
 * have no row and cannot be sent, whatever a plan says. What only takes back has rows of its own: one
 * record or one pair of records at a time.
 */
interface Row {
  readonly kind: Operation['kind'];
  readonly method: Operation['method'];
  /** Its first group, where it has one, is the object type. */
  readonly path: RegExp | typeof AUDIT_LOGS_PATH;
  /** Query parameters that may be there. */
  readonly query: readonly string[];
  /** Any, if absent. */
  readonly purposes?: ReadonlySet<CallPurpose>;
}

const typed = (types: readonly string[], rest: string): RegExp =>
  new RegExp(`^/crm/objects/${HUBSPOT_VERSION}/(${types.join('|')})${rest}$`);

const ID = '\\d{1,20}';
/** As `encodeURIComponent` writes one. The `@` keeps `.` and `..`, which a URL resolves, out of the path. */
const EMAIL = "(?:[A-Za-z0-9._'-]|%2B){1,64}%40[A-Za-z0-9.-]{1,255}";

/** Where a property with unique values was prepared for ids of requests; of several writes with the step. */
const REQUEST_ID = 'act_[0-9a-z]{26}(?:\\.[1-9])?';

const ARCHIVED = ['contacts', 'companies', 'deals', 'tickets', 'notes', 'tasks', 'calls'];
const ASSOCIATED = ['contacts', 'companies', 'deals', 'tickets'];
const BODYLESS: ReadonlySet<Operation['method']> = new Set(['GET', 'PUT', 'DELETE']);

/** For whoever looks at the account as a whole: nothing that a plan holds may. */
const RADAR: ReadonlySet<CallPurpose> = new Set(['radar', 'incident']);
/** What a card calls values by: nothing that a plan holds may ask for it either. */
const CARD: ReadonlySet<CallPurpose> = new Set(['card']);

const TABLE: readonly Row[] = [
  { kind: 'search', method: 'POST', path: typed(OBJECT_TYPES, '/search'), query: [] },
  {
    kind: 'read',
    method: 'GET',
    path: typed(OBJECT_TYPES, `/${ID}`),
    query: ['properties', 'propertiesWithHistory', 'archived', 'associations'],
  },
  {
    kind: 'read',
    method: 'GET',
    path: typed(['contacts'], `/${EMAIL}`),
    query: ['properties', 'idProperty'],
  },
  {
    kind: 'read',
    method: 'GET',
    path: typed(['contacts', 'notes', 'tasks', 'calls', 'deals'], `/${REQUEST_ID}`),
    query: ['properties', 'idProperty', 'archived'],
  },
  {
    kind: 'read',
    method: 'GET',
    path: typed(OBJECT_TYPES, `/${ID}/associations/(?:${OBJECT_TYPES.join('|')})`),
    query: ['limit', 'after'],
  },
  { kind: 'read', method: 'POST', path: typed(OBJECT_TYPES, '/batch/read'), query: [] },
  {
    kind: 'read',
    method: 'POST',
    path: typed(OBJECT_TYPES, '/batch/read'),
    query: ['archived'],
    purposes: RADAR,
  },
  {
    kind: 'read',
    method: 'GET',
    path: typed(OBJECT_TYPES, ''),
    query: ['archived', 'limit', 'after', 'properties'],
    purposes: RADAR,
  },
  {
    kind: 'read',
    method: 'GET',
    path: new RegExp(`^/crm/properties/${HUBSPOT_VERSION}/(${OBJECT_TYPES.join('|')})$`),
    query: [],
    purposes: RADAR,
  },
  {
    kind: 'read',
    method: 'GET',
    path: new RegExp(`^/crm/properties/${HUBSPOT_VERSION}/(${OBJECT_TYPES.join('|')})$`),
    query: ['properties'],
    purposes: CARD,
  },
  {
    kind: 'read',
    method: 'GET',
    path: new RegExp(`^/crm/pipelines/${HUBSPOT_VERSION}/(deals|tickets)$`),
    query: [],
    purposes: CARD,
  },
  {
    kind: 'read',
    method: 'GET',
    path: new RegExp(`^/crm/owners/${HUBSPOT_VERSION}/\\d{1,10}$`),
    query: ['archived'],
    purposes: CARD,
  },
  {
    kind: 'read',
    method: 'GET',
    path: AUDIT_LOGS_PATH,
    query: ['occurredAfter', 'occurredBefore', 'limit', 'after'],
    purposes: RADAR,
  },
  {
    kind: 'create',
    method: 'POST',
    path: typed(['contacts', 'deals', 'notes', 'tasks', 'calls'], ''),
    query: [],
  },
  {
    kind: 'update',
    method: 'PATCH',
    path: typed(['contacts', 'companies', 'deals'], `/${ID}`),
    query: [],
  },
  {
    kind: 'associate',
    method: 'PUT',
    path: typed(ASSOCIATED, `/${ID}/associations/default/(?:${ASSOCIATED.join('|')})/${ID}`),
    query: [],
  },
  { kind: 'archive', method: 'DELETE', path: typed(ARCHIVED, `/${ID}`), query: [] },
  {
    kind: 'dissociate',
    method: 'DELETE',
    path: typed(ASSOCIATED, `/${ID}/associations/(?:${ASSOCIATED.join('|')})/${ID}`),
    query: [],
  },
];

function isPath({ path }: Row, operation: Operation): boolean {
  if (typeof path === 'string') return operation.path === path;
  const found = path.exec(operation.path);
  return found !== null && (found.length === 1 || found[1] === operation.object_type);
}

function isRow(row: Row, operation: Operation, purpose: CallPurpose): boolean {
  if (row.kind !== operation.kind || row.method !== operation.method) return false;
  return (
    row.purposes?.has(purpose) !== false &&
    isPath(row, operation) &&
    Object.keys(operation.query).every((name) => row.query.includes(name)) &&
    (operation.body === null) === BODYLESS.has(row.method)
  );
}

/** Throws `internal.unexpected` for anything outside the table: nothing is sent. */
export function assertAllowed(operation: Operation, purpose: CallPurpose = 'read'): void {
  if (TABLE.some((row) => isRow(row, operation, purpose))) return;
  // Without the path, which can hold an e-mail address.
  const { kind, method, object_type: type } = operation;
  throw new GatewayError('internal.unexpected', {
    cause: new Error(`not in the table of operations: ${kind} ${method} ${type}`),
  });
}
