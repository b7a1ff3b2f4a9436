import { z } from 'zod';
import { CrmRecordSchema } from './hubspot-shapes.ts';

/** One version of a property: https://developers.hubspot.com/docs/api-reference/crm-objects */
const VersionSchema = z.object({
  value: z.string().nullable(),
  timestamp: z.string(),
  sourceType: z.string(),
  sourceId: z.string().optional(),
  updatedByUserId: z.int().optional(),
});
export type Version = z.infer<typeof VersionSchema>;

const StandingSchema = CrmRecordSchema.extend({
  propertiesWithHistory: z.record(z.string(), z.array(VersionSchema)).optional(),
});

/** A record as it is in HubSpot now, with who wrote what stands there; newest version first. */
export interface StandingRecord {
  readonly id: string;
  readonly properties: Readonly<Record<string, string | null>>;
  readonly history: Readonly<Record<string, readonly Version[]>>;
}

/** `undefined`: the answer is not what HubSpot documents. */
export function standingRecord(json: unknown): StandingRecord | undefined {
  const parsed = StandingSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { id, properties, propertiesWithHistory: history = {} } = parsed.data;
  return { id, properties, history };
}

/** Whether a person wrote this version in HubSpot, and no program. */
export const isByPerson = ({ sourceType, sourceId, updatedByUserId }: Version): boolean =>
  sourceType === 'CRM_UI' ||
  sourceId?.startsWith('userId:') === true ||
  (updatedByUserId !== undefined && sourceType !== 'INTEGRATION');

const LinksSchema = z.object({
  results: z.array(
    z.object({
      toObjectId: z.union([z.string(), z.number()]).transform(String),
      associationTypes: z.array(z.object({ category: z.string(), typeId: z.int() })),
    }),
  ),
  paging: z.object({ next: z.object({ after: z.string().optional() }).optional() }).optional(),
});

export interface LinkType {
  readonly category: string;
  readonly typeId: number;
}

/** The types that this page of a list has between its record and another one, and where the list goes on. */
export function linksIn(
  json: unknown,
  toId: string,
): { readonly types: readonly LinkType[]; readonly after: string | undefined } | undefined {
  const parsed = LinksSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { results, paging } = parsed.data;
  const types = results
    .filter(({ toObjectId }) => toObjectId === toId)
    .flatMap(({ associationTypes }) => associationTypes);
  return { types, after: paging?.next?.after };
}
