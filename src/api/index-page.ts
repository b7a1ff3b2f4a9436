import { z } from 'zod';

const PAGE_MAX = 100;

/** Query of a list that is newest first, by the index of its entries in the log. `before`: what it says of that index. */
export const indexPage = (before: string) => ({
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(25),
  before: z.coerce.number().int().min(0).optional().meta({ description: before }),
});
