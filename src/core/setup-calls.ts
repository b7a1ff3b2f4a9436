import { HUBSPOT_VERSION, propertiesPath } from './hubspot-paths.ts';

/**
 * The calls that setting up a connection makes beside reading records. They are no operations: a plan
 * cannot hold one, no action can ask for one, and only `gate/connection.ts` makes them. The one that
 * writes creates a property whose every field is fixed here.
 */
export const REQUEST_PROPERTY = 'sallyport_request_id';

/** Object types whose records we create, each with a property of HubSpot's own: its group takes ours as well. */
const NEIGHBOURS = {
  contacts: 'email',
  companies: 'name',
  deals: 'dealname',
  tickets: 'subject',
  notes: 'hs_note_body',
  tasks: 'hs_task_body',
  calls: 'hs_call_body',
} as const;
export type PreparedType = keyof typeof NEIGHBOURS;
export const PREPARED_TYPES = Object.keys(NEIGHBOURS) as PreparedType[];

/**
 * Whether these take a unique property HubSpot does not say: it is tried, so that a second create is refused. They are
 * found by a mark in their text in any case.
 */
export const MARKED_TYPES: ReadonlySet<PreparedType> = new Set(['notes', 'tasks', 'calls']);

export type SetupCall =
  /** Which account this is: https://developers.hubspot.com/docs/api-reference/account-account-info */
  | { readonly kind: 'read_account' }
  /** What a private app's token or a service key may do. The adapter puts the token into the body. */
  | { readonly kind: 'read_token' }
  /** What happened to the account's credentials since then; needs `account-info.security.read`. */
  | { readonly kind: 'read_security_events'; readonly since: Date }
  | { readonly kind: 'read_property' | 'read_neighbour'; readonly objectType: PreparedType }
  | {
      readonly kind: 'create_property';
      readonly objectType: PreparedType;
      /** Of the property beside it. */
      readonly groupName: string;
    };

/** The calls of them that change nothing: what an incident asks about a key. */
export type ProbeCall = Extract<
  SetupCall,
  { readonly kind: 'read_account' | 'read_token' | 'read_security_events' }
>;

export interface SetupRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string | null;
}

function propertyBody(groupName: string): string {
  return JSON.stringify({
    name: REQUEST_PROPERTY,
    label: 'Sallyport request',
    description: 'The request of the Sallyport gateway that created this record.',
    groupName,
    type: 'string',
    fieldType: 'text',
    hasUniqueValue: true,
    hidden: false,
    formField: false,
  });
}

const accountInfo = (rest: string): string => `/account-info/${HUBSPOT_VERSION}/${rest}`;

const read = (path: string, query: Readonly<Record<string, string>> = {}): SetupRequest => ({
  ...{ method: 'GET', path, query },
  body: null,
});

function propertyRequest(call: Extract<SetupCall, { readonly objectType: unknown }>): SetupRequest {
  const { objectType } = call;
  if (!Object.hasOwn(NEIGHBOURS, objectType)) throw new RangeError('no such object type');
  const path = propertiesPath(objectType);
  if (call.kind === 'create_property')
    return { method: 'POST', path, query: {}, body: propertyBody(call.groupName) };
  const name = call.kind === 'read_property' ? REQUEST_PROPERTY : NEIGHBOURS[objectType];
  return read(`${path}/${name}`);
}

/** The whole request; throws RangeError for an object type that is not in the list. */
export function setupRequest(call: SetupCall): SetupRequest {
  if (call.kind === 'read_account') return read(accountInfo('details'));
  if (call.kind === 'read_security_events')
    return read(accountInfo('activity/security'), {
      fromTimestamp: String(call.since.getTime()),
    });
  if (call.kind === 'read_token') {
    const path = '/oauth/v2/private-apps/get/access-token-info';
    return { method: 'POST', path, query: {}, body: null };
  }
  return propertyRequest(call);
}
