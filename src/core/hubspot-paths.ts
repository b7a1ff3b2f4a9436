/**
 * HubSpot's API version in one constant (`2026-09`, general since 2026-09-08, supported 18 months).
 * https://developers.hubspot.com/docs/api-reference/overview
 */
export const HUBSPOT_VERSION = '2026-09';

export const objectsPath = (objectType: string): string =>
  `/crm/objects/${HUBSPOT_VERSION}/${objectType}`;

export const recordPath = (objectType: string, id: string): string =>
  `${objectsPath(objectType)}/${encodeURIComponent(id)}`;

export const searchPath = (objectType: string): string => `${objectsPath(objectType)}/search`;

/** At most 100 records, 50 with their history. */
export const batchReadPath = (objectType: string): string =>
  `${objectsPath(objectType)}/batch/read`;

/** Definitions of an object type's properties. */
export const propertiesPath = (objectType: string): string =>
  `/crm/properties/${HUBSPOT_VERSION}/${objectType}`;

/** Pipelines of deals or tickets with their stages. */
export const pipelinesPath = (objectType: string): string =>
  `/crm/pipelines/${HUBSPOT_VERSION}/${objectType}`;

/** A person of the account to whom records belong. */
export const ownerPath = (id: string): string =>
  `/crm/owners/${HUBSPOT_VERSION}/${encodeURIComponent(id)}`;

/** What people did in the account; apps are not in it. Enterprise accounts only. */
export const AUDIT_LOGS_PATH = `/account-info/${HUBSPOT_VERSION}/activity/audit-logs`;

/** When a record was changed last: set by HubSpot, whoever changes it. */
export const modifiedProperty = (objectType: string): string =>
  objectType === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate';

export const associationsPath = (objectType: string, id: string, toType: string): string =>
  `${recordPath(objectType, id)}/associations/${toType}`;

/** `PUT` associates two records with the unlabelled type of their kinds; a second time changes nothing. */
export const defaultAssociationPath = (from: RecordRef, to: RecordRef): string =>
  `${recordPath(from.object_type, from.id)}/associations/default/${to.object_type}/${encodeURIComponent(to.id)}`;

/** `DELETE` removes every association of two records, labels included. */
export const associationPath = (from: RecordRef, to: RecordRef): string =>
  `${associationsPath(from.object_type, from.id, to.object_type)}/${encodeURIComponent(to.id)}`;

interface RecordRef {
  readonly object_type: string;
  readonly id: string;
}

/** Unlabelled association type ids from one record to another (HubSpot-defined; hubspot.com "Associations v4" page). */
export const ASSOCIATION_TYPE_IDS = {
  notes: { contacts: 202, companies: 190, deals: 214, tickets: 228 },
  tasks: { contacts: 204, companies: 192, deals: 216, tickets: 230 },
  calls: { contacts: 194, companies: 182, deals: 206, tickets: 220 },
  deals: { contacts: 3, companies: 341, deals: 451, tickets: 27 },
  tickets: { contacts: 16, companies: 339, deals: 28, tickets: 452 },
  contacts: { contacts: 449, companies: 279, deals: 4, tickets: 15 },
} as const;

/** Label "Primary", which HubSpot gives to the first company of a record by itself. */
export const PRIMARY_COMPANY_TYPE_IDS = { contacts: 1, deals: 5, tickets: 26 } as const;

/**
 * A path as the log may keep it for ever. A record can be addressed by its e-mail address, and what
 * enters a leaf can never be erased.
 */
export const pathForLog = (path: string): string =>
  path.replaceAll(/\/[^/]*%40[^/]*/gi, '/{email}');
