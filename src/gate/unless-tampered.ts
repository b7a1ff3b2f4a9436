import { isTampered } from '../core/gateway-error.ts';

/**
 * What is read, or this where a row was not written here: damage to it is another alarm, and no reason to stop what can
 * go on without it. Throws everything else that the reading throws.
 */
export async function unlessTampered<T>(reading: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (isTampered(error)) return otherwise;
    throw error;
  }
}
