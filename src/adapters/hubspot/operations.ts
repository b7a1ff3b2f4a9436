import { OBJECT_TYPES, type Operation } from '../../contracts/plan.ts';
import { GatewayError } from '../../core/errors.ts';
import { HUBSPOT_VERSION } from '../../core/hubspot-paths.ts';

/**
 * The closed table of what may go over the wire. A token that can add a note can also merge and erase
 * contacts, so scopes are no boundary; this is. Merge, GDPR delete, archive, batch writes and schema
 * changes have no row and cannot be sent, whatever a plan says.
 */
interface Row {
  readonly kind: Operation['kind'];
  readonly method: Operation['method'];
  readonly path: RegExp;
  readonly objectTypes: readonly Operation['object_type'][];
}

const OBJECTS = `/crm/objects/${HUBSPOT_VERSION}`;
const ANY_TYPE = OBJECT_TYPES.join('|');
/** An id, or an e-mail address where `idProperty` says so; one path segment, percent-encoded. */
const SEGMENT = '[A-Za-z0-9%._~@+-]{1,300}';

const CREATABLE = ['contacts', 'notes', 'tasks'] as const;
const UPDATABLE = ['contacts', 'deals'] as const;

const TABLE: readonly Row[] = [
  {
    kind: 'search',
    method: 'POST',
    path: new RegExp(`^${OBJECTS}/(${ANY_TYPE})/search$`),
    objectTypes: OBJECT_TYPES,
  },
  {
    kind: 'read',
    method: 'GET',
    path: new RegExp(`^${OBJECTS}/(${ANY_TYPE})/${SEGMENT}$`),
    objectTypes: OBJECT_TYPES,
  },
  {
    kind: 'read',
    method: 'GET',
    path: new RegExp(`^${OBJECTS}/(${ANY_TYPE})/\\d{1,20}/associations/(?:${ANY_TYPE})$`),
    objectTypes: OBJECT_TYPES,
  },
  {
    kind: 'read',
    method: 'POST',
    path: new RegExp(`^${OBJECTS}/(${ANY_TYPE})/batch/read$`),
    objectTypes: OBJECT_TYPES,
  },
  {
    kind: 'create',
    method: 'POST',
    path: new RegExp(`^${OBJECTS}/(${CREATABLE.join('|')})$`),
    objectTypes: CREATABLE,
  },
  {
    kind: 'update',
    method: 'PATCH',
    path: new RegExp(`^${OBJECTS}/(${UPDATABLE.join('|')})/\\d{1,20}$`),
    objectTypes: UPDATABLE,
  },
];

function isRow(row: Row, operation: Operation): boolean {
  if (row.kind !== operation.kind || row.method !== operation.method) return false;
  return (
    row.objectTypes.includes(operation.object_type) &&
    row.path.exec(operation.path)?.[1] === operation.object_type
  );
}

/** Throws `internal.unexpected` for anything outside the table: nothing is sent. */
export function assertAllowed(operation: Operation): void {
  if (TABLE.some((row) => isRow(row, operation))) return;
  throw new GatewayError('internal.unexpected', {
    cause: new Error(`not in the table of operations: ${operation.method} ${operation.path}`),
  });
}
