import type { ObjectTypeName } from '../object-types.ts';

/** One version of one property's value. Lists of these are newest first, as HubSpot returns them. */
export type HistoryEntry = {
  value: string;
  timestamp: string;
  sourceType: string;
  sourceId?: string;
  sourceLabel?: string;
  updatedByUserId?: number;
};

/** A record at one moment; a change makes a new value, so a reader never sees half a write. */
export type StoredRecord = {
  readonly type: ObjectTypeName;
  readonly id: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly history: Readonly<Record<string, readonly HistoryEntry[]>>;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly archived: boolean;
  readonly archivedAt?: string;
  readonly mergedInto?: string;
};

export type AssociationCategory =
  'HUBSPOT_DEFINED' | 'USER_DEFINED' | 'INTEGRATOR_DEFINED' | 'WORK';

export type AssociationSpec = {
  associationCategory: AssociationCategory;
  associationTypeId: number;
};

export type RecordRef = { type: ObjectTypeName; id: string };

/** One direction of an association under one type. The reverse direction is a link of its own. */
export type Link = { from: RecordRef; to: RecordRef; spec: AssociationSpec };

export type EffectKind =
  | 'create'
  | 'update'
  | 'archive'
  | 'associate'
  | 'dissociate'
  | 'merge'
  | 'gdpr_delete'
  | 'property_create'
  | 'property_archive';

/** One line of the ledger: what really changed, and at whose request. Written in the same transaction. */
export type Effect = {
  at: string;
  method: string;
  path: string;
  object_type: string;
  object_id: string;
  effect: EffectKind;
  properties: Record<string, unknown>;
  associations: unknown[];
  token_sha256: string | null;
  app_id: number | null;
  source: 'api' | 'ui';
  user_id: number | null;
  body_sha256: string | null;
};

export type NumberedEffect = { seq: number } & Effect;

export type PropertyOption = {
  label: string;
  value: string;
  description: string;
  displayOrder: number;
  hidden: boolean;
};

export type PropertyDefinition = {
  name: string;
  label: string;
  type: string;
  fieldType: string;
  groupName: string;
  description: string;
  options: PropertyOption[];
  hasUniqueValue: boolean;
  calculated: boolean;
  hidden: boolean;
  hubspotDefined: boolean;
  formField: boolean;
  displayOrder: number;
  dataSensitivity: string;
  readOnlyValue: boolean;
  archived: boolean;
  createdAt: string;
  updatedAt: string;
  externalOptions?: boolean;
  referencedObjectType?: string;
};

export type TokenState = 'active' | 'expired' | 'revoked';
export type TokenKind = 'private_app' | 'oauth_access' | 'oauth_refresh';

/** What is known of a credential. The secret itself is never kept: `sha256` is its only trace. */
export type TokenRecord = {
  id: string;
  sha256: string;
  kind: TokenKind;
  appId: number;
  userId: number;
  scopes: string[];
  state: TokenState;
  createdAt: string;
  expiresAt?: string;
};

/** An entry of the account's security history; times are ISO date-times. */
export type SecurityEvent = {
  id: string;
  type: string;
  createdAt: string;
  userId: number;
  objectId: string;
};
