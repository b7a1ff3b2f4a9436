import { z } from 'zod';

/** What HubSpot answers to the radar's reads; only what is used of each. */

/** ISO 8601 with its zone: a time without one would be another. */
const InstantSchema = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const PagingSchema = z
  .object({ next: z.object({ after: z.string().max(200) }).optional() })
  .optional();

const PropertiesSchema = z.record(z.string(), z.string().nullable());

/** `POST …/search`, sorted by the time of the last change. */
export const ChangedPageSchema = z.object({
  results: z.array(z.object({ id: z.string(), properties: PropertiesSchema })),
  paging: PagingSchema,
});

/** `GET …/{objectType}?archived=true`. */
export const ArchivedPageSchema = z.object({
  results: z.array(
    z.object({
      id: z.string(),
      properties: PropertiesSchema,
      archivedAt: InstantSchema.optional(),
    }),
  ),
  paging: PagingSchema,
});

const VersionSchema = z.object({
  value: z.string().nullable(),
  timestamp: InstantSchema,
  sourceType: z.string().default(''),
  sourceId: z.string().nullish(),
});

export type VersionAnswer = z.infer<typeof VersionSchema>;

/** `POST …/batch/read` with `propertiesWithHistory`; versions newest first. What it did not find is left out. */
export const HistoriesSchema = z.object({
  results: z.array(
    z.object({
      id: z.string(),
      createdAt: InstantSchema,
      properties: PropertiesSchema,
      propertiesWithHistory: z.record(z.string(), z.array(VersionSchema)).default({}),
    }),
  ),
});
export type HistoryAnswer = z.infer<typeof HistoriesSchema>['results'][number];

/** `GET /crm/properties/{version}/{objectType}`. */
export const PropertyListSchema = z.object({
  results: z.array(
    z.object({
      name: z.string(),
      calculated: z.boolean().default(false),
      modificationMetadata: z.object({ readOnlyValue: z.boolean() }).optional(),
    }),
  ),
});

/** `GET /account-info/{version}/activity/audit-logs`. */
export const AuditPageSchema = z.object({
  results: z.array(
    z.object({
      action: z.string(),
      targetObjectId: z.string().nullish(),
      occurredAt: InstantSchema,
    }),
  ),
  paging: PagingSchema,
});
