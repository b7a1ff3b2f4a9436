import type { HeardOnceWrites } from '../../../ports/channel-store.ts';
import type { Unit } from './unit.ts';

const TABLE = 'heard_once';

/** What is past its time is forgotten with the next one that is heard. */
export function createHeardOnceWrites({ db, now }: Unit): HeardOnceWrites {
  return {
    async hear(door, name, until) {
      await db.deleteFrom(TABLE).where('until', '<', now.getTime()).execute();
      const { numInsertedOrUpdatedRows } = await db
        .insertInto(TABLE)
        .values({ door, name, until: until.getTime() })
        .onConflict((conflict) => conflict.columns(['door', 'name']).doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },
    async forget(door, name) {
      await db.deleteFrom(TABLE).where('door', '=', door).where('name', '=', name).execute();
    },
  };
}
