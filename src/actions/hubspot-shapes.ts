import { z } from 'zod';
import type { Plan } from '../contracts/plan.ts';
import { GatewayError } from '../core/gateway-error.ts';

/** The part of HubSpot's SimplePublicObject that results are made from; everything else is dropped here. */
export const CrmRecordSchema = z.object({
  id: z.string(),
  properties: z.record(z.string(), z.string().nullable()),
  createdAt: z.string().optional(),
  updatedAt: z.string().optional(),
});
export type CrmRecord = z.infer<typeof CrmRecordSchema>;

/** `POST …/search`: `total` counts all matches, `paging` is there when more pages follow. */
const SearchAnswerSchema = z.object({
  total: z.int(),
  results: z.array(CrmRecordSchema),
  paging: z.object({ next: z.object({ after: z.string() }).optional() }).optional(),
});
export type SearchAnswer = z.infer<typeof SearchAnswerSchema>;

/** No cause is kept: zod's issues can quote what a customer's record holds. */
function parseAnswer<Schema extends z.ZodType>(schema: Schema, answer: unknown): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw new GatewayError('hubspot.bad_answer');
  return parsed.data;
}

export const parseRecord = (answer: unknown): CrmRecord => parseAnswer(CrmRecordSchema, answer);

export const parseSearch = (answer: unknown): SearchAnswer =>
  parseAnswer(SearchAnswerSchema, answer);

const SentBodySchema = z.object({ properties: z.record(z.string(), z.string()) });

/** The properties the plan's (first) operation sends, read back from its very bytes. */
export function sentProperties(plan: Plan): Record<string, string> {
  const body: unknown = JSON.parse(plan.operations[0]?.body ?? 'null');
  return SentBodySchema.parse(body).properties;
}
