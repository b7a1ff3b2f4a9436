import type { ObjectType } from '../contracts/plan.ts';
import { COMPANY_FIELDS } from './company-fields.ts';
import { CONTACT_FIELDS } from './contact-fields.ts';
import { DEAL_LABELS } from './create-deal.ts';
import { NOTE_LABELS } from './create-note.ts';
import { TASK_LABELS } from './create-task.ts';
import { labelsOf } from './fields.ts';
import { CALL_LABELS } from './log-call.ts';
import { NAME_PROPERTIES } from './record-name.ts';
import { TICKET_FIELDS } from './ticket-fields.ts';

/** The object types whose records can be archived: those that our credential may write. */
export const REVERTIBLE_TYPES = [
  'contacts',
  'companies',
  'deals',
  'tickets',
  'notes',
  'tasks',
  'calls',
] as const satisfies readonly ObjectType[];
export type RevertibleType = (typeof REVERTIBLE_TYPES)[number];

export const isRevertible = (type: string): type is RevertibleType =>
  (REVERTIBLE_TYPES as readonly string[]).includes(type);

/** Whose values can be set back: the same that an agent can ask to change. */
const RESTORABLE: ReadonlySet<string> = new Set(['contacts', 'companies', 'deals']);
export const isRestorable = (type: string): boolean => RESTORABLE.has(type);

/** HubSpot property -> label, for cards about records that an agent may not have been able to name. */
export const LABELS: Readonly<Record<RevertibleType, ReadonlyMap<string, string>>> = {
  contacts: labelsOf(CONTACT_FIELDS),
  companies: labelsOf(COMPANY_FIELDS),
  deals: DEAL_LABELS,
  tickets: labelsOf(TICKET_FIELDS),
  notes: NOTE_LABELS,
  tasks: TASK_LABELS,
  calls: CALL_LABELS,
};

/** HubSpot writes it by itself, whenever there was contact. */
const CALCULATED = 'notes_last_contacted';

/**
 * What people write into a record of this type. A created record on which somebody has worked since is
 * theirs, also where they only filled what had been left empty.
 */
export const ownProperties = (type: RevertibleType): readonly string[] =>
  [...LABELS[type].keys()].filter((name) => name !== CALCULATED);

/** What must be read of a record for its name; the others are called by their numbers. */
export function nameProperties(type: ObjectType): readonly string[] {
  const names: Readonly<Partial<Record<ObjectType, readonly string[]>>> = NAME_PROPERTIES;
  return names[type] ?? [];
}
