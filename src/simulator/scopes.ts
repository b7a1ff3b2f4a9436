import type { ScopeSets } from './object-types.ts';

const OBJECTS = ['contacts', 'companies', 'deals'] as const;

/** Every scope the simulator can grant for reading. `tickets` is left out: it also writes. */
export const READ_SCOPES: readonly string[] = [
  'oauth',
  ...OBJECTS.map((object) => `crm.objects.${object}.read`),
  ...OBJECTS.map((object) => `crm.schemas.${object}.read`),
  'crm.objects.owners.read',
  'account-info.security.read',
  'sales-email-read',
];

export const ALL_SCOPES: readonly string[] = [
  ...READ_SCOPES,
  ...OBJECTS.map((object) => `crm.objects.${object}.write`),
  ...OBJECTS.map((object) => `crm.schemas.${object}.write`),
  'tickets',
];

const anyOf = (...scopes: readonly string[]): ScopeSets => scopes.map((scope) => [scope]);

/** Associations have no scope of their own; on paper any object scope, even a read one, may write them. */
export const ASSOCIATION_SCOPES = anyOf(
  'oauth',
  ...OBJECTS.flatMap((object) => [`crm.objects.${object}.read`, `crm.objects.${object}.write`]),
  'tickets',
);
export const SCHEMA_READ_SCOPES = anyOf(
  ...OBJECTS.flatMap((object) => [
    `crm.objects.${object}.read`,
    `crm.objects.${object}.write`,
    `crm.schemas.${object}.read`,
  ]),
  'crm.objects.owners.read',
  'tickets',
);
/** Definitions are written with the scope of their own object; activities come with contacts. */
export function schemaWriteScopes(objectType: string): ScopeSets {
  if (objectType === 'tickets') return anyOf('tickets');
  const object = OBJECTS.find((each) => each === objectType) ?? 'contacts';
  return anyOf(`crm.schemas.${object}.write`);
}
export const OWNER_SCOPES = anyOf('crm.objects.owners.read');
export const ACCOUNT_SCOPES = anyOf('oauth');
export const SECURITY_SCOPES = anyOf('account-info.security.read');

export function isGranted(required: ScopeSets, granted: readonly string[]): boolean {
  return required.some((set) => set.every((scope) => granted.includes(scope)));
}
