import { isWrite } from './contracts/plan.ts';
import type { FailpointSetting } from './core/failpoint-places.ts';
import type { AuditEvent } from './core/records.ts';
import type { Crm } from './ports/crm.ts';
import type { Engine } from './ports/engine.ts';
import type { Store } from './ports/store.ts';

/** Puts the failpoints (`core/failpoint-places.ts`) around what a process is made of. Without a setting everything is given back as it is. */
export interface Failpoints {
  store(store: Store): Store;
  crm(crm: Crm): Crm;
  engine(engine: Engine): Engine;
}

const same = <T>(part: T): T => part;
const NONE: Failpoints = { store: same, crm: same, engine: same };

const placeOf = ({ event, facts }: AuditEvent): string =>
  typeof facts?.['purpose'] === 'string' ? `${event}/${facts['purpose']}` : event;

export function createFailpoints(
  setting: FailpointSetting | undefined,
  die: () => void = () => process.kill(process.pid, 'SIGKILL'),
): Failpoints {
  if (setting === undefined) return NONE;
  let passages = 0;
  const pass = (place: string): void => {
    if (place !== setting.place) return;
    passages += 1;
    if (passages === setting.passage) die();
  };
  async function around<T>(place: string, call: () => Promise<T>): Promise<T> {
    pass(`before ${place}`);
    const result = await call();
    pass(`after ${place}`);
    return result;
  }

  return {
    store: (store) => ({
      ...store,
      commit: async (work) => {
        let places: string[] = [];
        const result = await store.commit(async (tx) => {
          places = [];
          const append: typeof tx.log.append = (event) => {
            places.push(placeOf(event));
            return tx.log.append(event);
          };
          const value = await work({ ...tx, log: { ...tx.log, append } });
          for (const place of places) pass(`before ${place}`);
          return value;
        });
        for (const place of places) pass(`after ${place}`);
        return result;
      },
    }),
    crm: (crm) => ({
      ...crm,
      call: (operation, ...of) =>
        isWrite(operation)
          ? around('hubspot.write', () => crm.call(operation, ...of))
          : crm.call(operation, ...of),
    }),
    engine: (engine) => ({
      ...engine,
      start: (input) => around('engine.start', () => engine.start(input)),
      wake: (requestId) => around('engine.wake', () => engine.wake(requestId)),
    }),
  };
}
