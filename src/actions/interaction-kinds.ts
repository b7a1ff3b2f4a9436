import type { ObjectType } from '../contracts/plan.ts';

interface InteractionKind {
  readonly objectType: ObjectType;
  /** HubSpot property of the subject line; notes have none. */
  readonly subject?: string;
  readonly direction?: string;
}

/** What an interaction can be, with HubSpot's object type and property names. */
export const INTERACTION_KINDS = {
  email: { objectType: 'emails', subject: 'hs_email_subject', direction: 'hs_email_direction' },
  call: { objectType: 'calls', subject: 'hs_call_title', direction: 'hs_call_direction' },
  meeting: { objectType: 'meetings', subject: 'hs_meeting_title' },
  note: { objectType: 'notes' },
} as const satisfies Record<string, InteractionKind>;

export type InteractionKindName = keyof typeof INTERACTION_KINDS;
export const INTERACTION_KIND_NAMES = ['email', 'call', 'meeting', 'note'] as const;

export const kindOf = (name: InteractionKindName): InteractionKind => INTERACTION_KINDS[name];

export function kindOfObjectType(objectType: ObjectType): InteractionKindName {
  const found = INTERACTION_KIND_NAMES.find(
    (name) => INTERACTION_KINDS[name].objectType === objectType,
  );
  if (found === undefined) throw new Error(`${objectType} are no interactions`);
  return found;
}

const DIRECTIONS = new Map([
  ['EMAIL', 'outgoing'],
  ['FORWARDED_EMAIL', 'outgoing'],
  ['OUTBOUND', 'outgoing'],
  ['INCOMING_EMAIL', 'incoming'],
  ['INBOUND', 'incoming'],
]);

/** HubSpot's word for a direction in ours; null where it has none. */
export const directionOf = (value: string | null | undefined): string | null =>
  DIRECTIONS.get(value ?? '') ?? null;
