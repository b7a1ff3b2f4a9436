import { z } from 'zod';

/** What HubSpot answers about fields, pipelines and owners; only what cards call things by. */

/** `GET /crm/properties/{version}/{objectType}?properties=…`. */
export const DefinitionsSchema = z
  .object({
    results: z.array(
      z.object({
        name: z.string(),
        label: z.string().nullish(),
        type: z.string(),
        fieldType: z.string(),
        referencedObjectType: z.string().nullish(),
        options: z
          .array(z.object({ label: z.string().nullish(), value: z.string() }))
          .nullish()
          .transform((options) => options ?? []),
      }),
    ),
  })
  .transform(({ results }) => results);
export type Definition = z.infer<typeof DefinitionsSchema>[number];

const NamedSchema = z.object({ id: z.string(), label: z.string().nullish() });

/** `GET /crm/pipelines/{version}/{objectType}`. */
export const PipelinesSchema = z
  .object({ results: z.array(NamedSchema.extend({ stages: z.array(NamedSchema) })) })
  .transform(({ results }) => results);
export type Pipelines = z.infer<typeof PipelinesSchema>;

/** `GET /crm/owners/{version}/{ownerId}`. */
export const OwnerSchema = z.object({
  id: z.string(),
  email: z.string().nullish(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
});
export type Owner = z.infer<typeof OwnerSchema>;
