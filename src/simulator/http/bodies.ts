import { z } from 'zod';

/** Request shapes of the published files. Unknown fields are ignored, values are text only. */
export const PropertiesSchema = z.record(z.string(), z.string());

const AssociationSpecSchema = z.looseObject({
  associationCategory: z.enum(['HUBSPOT_DEFINED', 'USER_DEFINED', 'INTEGRATOR_DEFINED', 'WORK']),
  associationTypeId: z.int32(),
});

const IdSchema = z.looseObject({ id: z.string() });

/** The file calls `associations` required, the guide leaves it out: both are taken. */
export const CreateSchema = z.looseObject({
  properties: PropertiesSchema,
  associations: z
    .array(z.looseObject({ to: IdSchema, types: z.array(AssociationSpecSchema).min(1) }))
    .optional(),
  objectWriteTraceId: z.string().optional(),
});

export const UpdateSchema = z.looseObject({ properties: PropertiesSchema });

export const BatchReadSchema = z.looseObject({
  inputs: z.array(IdSchema),
  properties: z.array(z.string()).default([]),
  propertiesWithHistory: z.array(z.string()).default([]),
  idProperty: z.string().optional(),
});

export const BatchCreateSchema = z.looseObject({ inputs: z.array(CreateSchema) });

const KeyedSchema = z.looseObject({
  id: z.string(),
  idProperty: z.string().optional(),
  properties: PropertiesSchema,
  objectWriteTraceId: z.string().optional(),
});
export const BatchUpdateSchema = z.looseObject({ inputs: z.array(KeyedSchema) });

export const BatchIdsSchema = z.looseObject({ inputs: z.array(IdSchema) });

export const MergeSchema = z.looseObject({
  primaryObjectId: z.string(),
  objectIdToMerge: z.string(),
});

export const GdprDeleteSchema = z.looseObject({
  objectId: z.string(),
  idProperty: z.string().optional(),
});

export const SpecsSchema = z.array(AssociationSpecSchema);

export const FetchAssociationsSchema = z.looseObject({
  inputs: z.array(z.looseObject({ id: z.string(), after: z.string().optional() })),
});

export const AssociatePairsSchema = z.looseObject({
  inputs: z.array(
    z.looseObject({ from: IdSchema, to: IdSchema, types: z.array(AssociationSpecSchema) }),
  ),
});

export const DefaultPairsSchema = z.looseObject({
  inputs: z.array(z.looseObject({ from: IdSchema, to: IdSchema })),
});

export const DissociateSchema = z.looseObject({
  inputs: z.array(z.looseObject({ from: IdSchema, to: z.array(IdSchema) })),
});

const OptionSchema = z.looseObject({
  label: z.string(),
  value: z.string(),
  description: z.string().optional(),
  displayOrder: z.int32().optional(),
  hidden: z.boolean().optional(),
});

export const PropertyCreateSchema = z.looseObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,99}$/u),
  label: z.string().min(1),
  type: z.enum(['bool', 'date', 'datetime', 'enumeration', 'number', 'phone_number', 'string']),
  fieldType: z.enum([
    'booleancheckbox',
    'calculation_equation',
    'checkbox',
    'date',
    'file',
    'html',
    'number',
    'phonenumber',
    'radio',
    'select',
    'text',
    'textarea',
  ]),
  groupName: z.string().min(1),
  description: z.string().optional(),
  options: z.array(OptionSchema).optional(),
  hasUniqueValue: z.boolean().optional(),
  hidden: z.boolean().optional(),
  formField: z.boolean().optional(),
  displayOrder: z.int32().optional(),
  dataSensitivity: z.enum(['highly_sensitive', 'non_sensitive', 'sensitive']).optional(),
});
export type PropertyCreate = z.infer<typeof PropertyCreateSchema>;
