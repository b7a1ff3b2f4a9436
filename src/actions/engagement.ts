import { z } from 'zod';
import type { ObjectType, Operation, Target, Witness } from '../contracts/plan.ts';
import { ASSOCIATION_TYPE_IDS, objectsPath } from '../core/hubspot-paths.ts';
import type { CardContent, PresentRecord } from './define-action.ts';
import { recordName } from './record-name.ts';

/** HubSpot ids are decimal numbers as text. */
export const hubspotId = (description: string): z.ZodString =>
  z
    .string()
    .regex(/^\d{1,20}$/)
    .meta({ description });

export const parentInput = {
  contact_id: hubspotId('The contact it belongs to.').optional(),
  company_id: hubspotId('The company it belongs to.').optional(),
  deal_id: hubspotId('The deal it belongs to.').optional(),
};

interface ParentInput {
  readonly contact_id?: string | undefined;
  readonly company_id?: string | undefined;
  readonly deal_id?: string | undefined;
}

export interface Parent {
  readonly object_type: 'contacts' | 'companies' | 'deals';
  readonly id: string;
}

export function parentsOf(input: ParentInput): Parent[] {
  return [
    ...(input.contact_id === undefined
      ? []
      : [{ object_type: 'contacts', id: input.contact_id } as const]),
    ...(input.company_id === undefined
      ? []
      : [{ object_type: 'companies', id: input.company_id } as const]),
    ...(input.deal_id === undefined ? [] : [{ object_type: 'deals', id: input.deal_id } as const]),
  ];
}

export const hasOneParent = (input: ParentInput): boolean => parentsOf(input).length === 1;

/** The only parent; the schema has made sure that there is exactly one. */
export function parentOf(input: ParentInput): Parent {
  const [parent] = parentsOf(input);
  if (parent === undefined) throw new Error('an engagement without a parent passed validation');
  return parent;
}

const NAME_PROPERTIES: Record<Parent['object_type'], readonly string[]> = {
  contacts: ['firstname', 'lastname', 'email'],
  companies: ['name', 'domain'],
  deals: ['dealname'],
};

/** The parent, read for the card so that the approver sees whose record it is. */
export const parentTarget = (parent: Parent): Target => ({
  ...parent,
  properties: [...NAME_PROPERTIES[parent.object_type]],
});

/**
 * The operation marker: HubSpot has no idempotency keys and its search lags, so the engagement carries
 * the request's id where a strongly consistent read can find it again after a lost answer.
 */
export const markerOf = (requestId: string): string => `[sallyport ${requestId}]`;

const HTML_ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Engagement bodies are HTML in HubSpot: agent text must not become links, images or scripts there. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => HTML_ESCAPES[character] ?? character);

export function bodyWithMarker(text: string, requestId: string): string {
  const lines = escapeHtml(text).replaceAll(/\r\n?|\n/g, '<br>');
  return `${lines}<br>${markerOf(requestId)}`;
}

const HTML_UNESCAPES = Object.entries(HTML_ESCAPES).map(([text, html]) => [html, text] as const);

/** What a person reads of a body this file made: the inverse of `bodyWithMarker`, marker included. */
export function readableBody(html: string): string {
  const text = html.replaceAll('<br>', '\n');
  return text.replace(
    /&(?:amp|lt|gt|quot|#39);/g,
    (entity) => HTML_UNESCAPES.find(([escaped]) => escaped === entity)?.[1] ?? entity,
  );
}

export function createEngagement(
  objectType: 'notes' | 'tasks',
  properties: Readonly<Record<string, string>>,
  parent: Parent,
): Operation {
  const associationTypeId = ASSOCIATION_TYPE_IDS[objectType][parent.object_type];
  const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId }];
  return {
    kind: 'create',
    object_type: objectType,
    method: 'POST',
    path: objectsPath(objectType),
    query: {},
    body: JSON.stringify({ properties, associations: [{ to: { id: parent.id }, types }] }),
  };
}

export const engagementWitness = (
  toType: ObjectType,
  parent: Parent,
  property: string,
  requestId: string,
): Witness => ({
  kind: 'association',
  from: parent,
  to_type: toType,
  property,
  marker: markerOf(requestId),
});

/** The card's head for anything added to one record. */
export function parentCard(
  present: readonly PresentRecord[],
  sentence: (name: string) => string,
): Pick<CardContent, 'sentence' | 'records'> {
  const [parent] = present;
  const name = parent === undefined ? 'a record that cannot be read' : recordName(parent);
  const records =
    parent === undefined ? [] : [{ object_type: parent.object_type, id: parent.id, name }];
  return { sentence: sentence(name), records };
}
