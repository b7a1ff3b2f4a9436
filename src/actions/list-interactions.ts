import { z } from 'zod';
import type { Operation, Plan } from '../contracts/plan.ts';
import { defineAction } from './define-action.ts';
import { hasOneParent, ONE_PARENT_NEEDED, type Parent, parentOf } from './engagement.ts';
import { type CrmRecord, parseSearch } from './hubspot-shapes.ts';
import {
  directionOf,
  INTERACTION_KIND_NAMES,
  type InteractionKindName,
  kindOf,
  kindOfObjectType,
} from './interaction-kinds.ts';
import { readableText } from './readable-text.ts';
import { equals, nextPage, pageAfter, pageLimit, searchOperation } from './search.ts';
import { hubspotId } from './text-rules.ts';

const LIMIT_MAX = 50;
const SUBJECT_MAX_CHARS = 200;
const PREVIEW_MAX_CHARS = 500;

const FIELDS = ['at', 'subject', 'preview', 'direction'] as const;

const PSEUDO_PROPERTIES: Record<Parent['object_type'], string> = {
  contacts: 'associations.contact',
  companies: 'associations.company',
  deals: 'associations.deal',
};

const input = z
  .strictObject({
    action: z.literal('list_interactions'),
    contact_id: hubspotId('Interactions with this contact.').optional(),
    company_id: hubspotId('Interactions with this company.').optional(),
    deal_id: hubspotId('Interactions about this deal.').optional(),
    kind: z.enum(INTERACTION_KIND_NAMES).optional().meta({
      description: 'All kinds if absent. When that answers `more`, one kind can be paged.',
    }),
    limit: pageLimit(LIMIT_MAX),
    after: pageAfter,
  })
  .refine(hasOneParent, ONE_PARENT_NEEDED)
  .refine((value) => value.after === undefined || value.kind !== undefined, {
    error: 'after needs the kind that the answer before was asked for',
  });

/** The time is always asked for: the newest come first by it, also when it is not granted. */
function interactionProperties(kind: InteractionKindName, fields: readonly string[]): string[] {
  const { subject, direction } = kindOf(kind);
  return [
    'hs_timestamp',
    ...(subject !== undefined && fields.includes('subject') ? [subject] : []),
    ...(fields.includes('preview') ? ['hs_body_preview'] : []),
    ...(direction !== undefined && fields.includes('direction') ? [direction] : []),
  ];
}

interface ListPage {
  readonly limit: number | undefined;
  readonly after: string | undefined;
}

function listOperation(
  kind: InteractionKindName,
  parent: Parent,
  fields: readonly string[],
  page: ListPage,
): Operation {
  return searchOperation({
    objectType: kindOf(kind).objectType,
    alternatives: [[equals(PSEUDO_PROPERTIES[parent.object_type], parent.id)]],
    properties: interactionProperties(kind, fields),
    newestFirstBy: 'hs_timestamp',
    ...page,
  });
}

const PageSizeSchema = z.object({ limit: z.int() });
const pageSize = (operation: Operation | undefined): number =>
  PageSizeSchema.parse(JSON.parse(operation?.body ?? 'null')).limit;

interface Interaction {
  readonly time: number;
  readonly shown: Readonly<Record<string, string | null>>;
}

/** A value that HubSpot does not hold, or that the kind does not have, is null. */
const readable = (value: string | null | undefined, maxChars: number): string | null =>
  value ? readableText(value, maxChars) : null;

function toInteraction(
  kind: InteractionKindName,
  fields: readonly string[],
  { id, properties }: CrmRecord,
): Interaction {
  const { subject = '', direction = '' } = kindOf(kind);
  const at = properties['hs_timestamp'] ?? null;
  const values: Record<string, string | null> = {
    at,
    subject: readable(properties[subject], SUBJECT_MAX_CHARS),
    preview: readable(properties['hs_body_preview'], PREVIEW_MAX_CHARS),
    direction: directionOf(properties[direction]),
  };
  const granted = FIELDS.filter((field) => fields.includes(field));
  return {
    time: at === null ? 0 : Date.parse(at),
    shown: {
      id,
      kind,
      ...Object.fromEntries(granted.map((field) => [field, values[field] ?? null])),
    },
  };
}

/** One list out of one answer per kind. Where to go on can only be said for one kind. */
function mergeInteractions(plan: Plan, answers: readonly unknown[]): Record<string, unknown> {
  const pages = plan.operations.map((operation, index) => ({
    kind: kindOfObjectType(operation.object_type),
    answer: parseSearch(answers[index]),
  }));
  const all = pages.flatMap(({ kind, answer }) =>
    answer.results.map((record) => toInteraction(kind, plan.fields, record)),
  );
  const newest = all
    .toSorted((one, other) => other.time - one.time)
    .slice(0, pageSize(plan.operations[0]));
  const total = pages.reduce((sum, { answer }) => sum + answer.total, 0);
  const [first] = pages;
  const more = total > newest.length ? { more: true } : {};
  return {
    interactions: newest.map(({ shown }) => shown),
    total,
    ...(pages.length === 1 && first !== undefined ? nextPage(first.answer) : more),
  };
}

/** Without a kind it is four searches, one less than HubSpot's limit of five a second. */
export const listInteractions = defineAction({
  name: 'list_interactions',
  risk: 'read',
  summary:
    'List e-mails, calls, meetings and notes of exactly one contact, company or deal, newest first.',
  scopes: ['crm.objects.contacts.read', 'sales-email-read'],
  input,
  fields: FIELDS,
  touches: () => ({ answers: FIELDS, needs: [] }),
  toPlan: (value, { fields }) => {
    const kinds = value.kind === undefined ? INTERACTION_KIND_NAMES : [value.kind];
    const page = { limit: value.limit, after: value.after };
    return {
      action: 'list_interactions',
      operations: kinds.map((kind) => listOperation(kind, parentOf(value), fields, page)),
      targets: [],
      steps: [],
      fields: [...fields],
    };
  },
  toResult: mergeInteractions,
});
