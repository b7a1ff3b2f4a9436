import { z } from 'zod';
import type { Operation, Plan } from '../contracts/plan.ts';
import { defineAction } from './define-action.ts';
import { type CrmRecord, parseSearch, type SearchAnswer } from './hubspot-shapes.ts';
import {
  directionOf,
  INTERACTION_KIND_NAMES,
  type InteractionKindName,
  kindOf,
  kindOfObjectType,
} from './interaction-kinds.ts';
import { hasOneParent, ONE_PARENT_NEEDED, type Parent, parentOf } from './parent.ts';
import { readableText } from './readable-text.ts';
import { equals, nextPage, pageLimit, SEARCH_LIMITS, searchOperation } from './search.ts';
import { hubspotId } from './text-rules.ts';

const LIMIT_MAX = 50;
const SUBJECT_MAX_CHARS = 200;
const PREVIEW_MAX_CHARS = 500;

const FIELDS = ['at', 'subject', 'preview', 'direction'] as const;

const PSEUDO_PROPERTIES: Record<Parent['object_type'], string> = {
  contacts: 'associations.contact',
  companies: 'associations.company',
  deals: 'associations.deal',
  tickets: 'associations.ticket',
};

/** How many of each kind were passed, in the order of the kinds; of one kind it is HubSpot's own. */
const EACH_KIND_AFTER = /^\d{1,8}(?:-\d{1,8}){3}$/;
const isAfterFor = (after: string, kind: InteractionKindName | undefined): boolean =>
  EACH_KIND_AFTER.test(after) === (kind === undefined);

const input = z
  .strictObject({
    action: z.literal('list_interactions'),
    contact_id: hubspotId('Interactions with this contact.').optional(),
    company_id: hubspotId('Interactions with this company.').optional(),
    deal_id: hubspotId('Interactions about this deal.').optional(),
    ticket_id: hubspotId('Interactions about this ticket.').optional(),
    kind: z.enum(INTERACTION_KIND_NAMES).optional().meta({
      description: 'All kinds if absent. When that answers `more`, one kind can be paged.',
    }),
    limit: pageLimit(LIMIT_MAX),
    after: z
      .string()
      .regex(/^\d{1,8}(?:(?:-\d{1,8}){3})?$/, { error: 'is not a `next_after` of an answer' })
      .optional()
      .meta({
        description:
          'The `next_after` of the answer before, to go on from there; same kind as then.',
      }),
  })
  .refine(hasOneParent, ONE_PARENT_NEEDED)
  .refine((value) => value.after === undefined || isAfterFor(value.after, value.kind), {
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

const SentPageSchema = z.object({ limit: z.int(), after: z.coerce.number().default(0) });
const sentPage = (operation: Operation | undefined): z.output<typeof SentPageSchema> =>
  SentPageSchema.parse(JSON.parse(operation?.body ?? 'null'));

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

interface KindPage {
  /** How many of this kind were passed before this page. */
  readonly passed: number;
  readonly interactions: readonly Interaction[];
  readonly answer: SearchAnswer;
}

function pagesOf(plan: Plan, answers: readonly unknown[]): KindPage[] {
  return plan.operations.map((operation, index) => {
    const kind = kindOfObjectType(operation.object_type);
    const answer = parseSearch(answers[index]);
    const interactions = answer.results.map((record) => toInteraction(kind, plan.fields, record));
    return { passed: sentPage(operation).after, interactions, answer };
  });
}

/** The newest of all kinds, and how many of each kind that took: always the first ones of its page. */
function takeNewest(
  pages: readonly KindPage[],
  limit: number,
): { readonly newest: readonly Interaction[]; readonly taken: readonly number[] } {
  const taken = pages.map(() => 0);
  const newest: Interaction[] = [];
  while (newest.length < limit) {
    const heads = pages.flatMap(({ interactions }, page) => {
      const head = interactions[taken[page] ?? 0];
      return head === undefined ? [] : [{ page, head }];
    });
    const [first, ...others] = heads;
    if (first === undefined) break;
    const next = others.reduce((best, one) => (one.head.time > best.head.time ? one : best), first);
    taken[next.page] = (taken[next.page] ?? 0) + 1;
    newest.push(next.head);
  }
  return { newest, taken };
}

/** Where all kinds go on together, unless nothing is left or HubSpot would refuse to go there. */
function nextOfAll(pages: readonly KindPage[], taken: readonly number[], limit: number): object {
  const passed = pages.map((page, index) => page.passed + (taken[index] ?? 0));
  const isMore = pages.some(({ answer }, index) => answer.total > (passed[index] ?? 0));
  // HubSpot's count can run ahead of what its search finds.
  const isStuck = taken.every((count) => count === 0);
  const isReachable = Math.max(...passed) + limit <= SEARCH_LIMITS.matchesMax;
  return isMore && !isStuck && isReachable ? { more: true, next_after: passed.join('-') } : {};
}

/** One list out of one answer per kind. */
function mergeInteractions(plan: Plan, answers: readonly unknown[]): Record<string, unknown> {
  const pages = pagesOf(plan, answers);
  const { limit } = sentPage(plan.operations[0]);
  const { newest, taken } = takeNewest(pages, limit);
  const [only] = pages;
  return {
    interactions: newest.map(({ shown }) => shown),
    total: pages.reduce((sum, { answer }) => sum + answer.total, 0),
    ...(pages.length === 1 && only !== undefined
      ? nextPage(only.answer)
      : nextOfAll(pages, taken, limit)),
  };
}

/** Without a kind it is four searches, one less than HubSpot's limit of five a second. */
export const listInteractions = defineAction({
  name: 'list_interactions',
  risk: 'read',
  summary:
    'List e-mails, calls, meetings and notes of exactly one contact, company, deal or ticket, newest first.',
  scopes: ['crm.objects.contacts.read', 'sales-email-read'],
  input,
  fields: FIELDS,
  touches: () => ({ answers: FIELDS, needs: [] }),
  toPlan: (value, { fields }) => {
    const kinds = value.kind === undefined ? INTERACTION_KIND_NAMES : [value.kind];
    const places = value.after?.split('-') ?? [];
    return {
      action: 'list_interactions',
      operations: kinds.map((kind, index) =>
        listOperation(kind, parentOf(value), fields, {
          limit: value.limit,
          after: places[index] === '0' ? undefined : places[index],
        }),
      ),
      targets: [],
      steps: [],
      fields: [...fields],
    };
  },
  toResult: mergeInteractions,
});
