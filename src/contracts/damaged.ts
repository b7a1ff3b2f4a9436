import { z } from 'zod';

/** Of a list: what does not open is named beside what does. */
export const DamagedSchema = z.array(z.string()).optional().meta({
  description:
    'Ids of what would be in this answer and does not open: somebody changed the store. Nothing is done with them.',
});

export const damagedIn = (ids: readonly string[]): { damaged?: readonly string[] } =>
  ids.length === 0 ? {} : { damaged: ids };
