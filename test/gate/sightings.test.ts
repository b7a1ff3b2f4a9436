import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/core/gateway-error.ts';
import { noteSeen } from '../../src/gate/sightings.ts';
import type { Store } from '../../src/ports/store.ts';
import { person, request } from '../adapters/store/fixtures.ts';
import { deciding } from '../support/deciding.ts';

const kim = person(1);

describe('that a card was seen', () => {
  it('cannot be written down while the disk is full, and the card is shown all the same', async () => {
    const full = () => Promise.reject(new GatewayError('store.unavailable'));
    const log = { trace: () => Promise.resolve({ records: [], damaged: undefined }) };
    const store = { log, commit: full } as unknown as Store;
    const warned: string[] = [];
    const warn = (text: string): void => void warned.push(text);
    const logger = { info: warn, warn, error: warn };
    const seen = { request: request(1, { status: 'awaiting_approval' }), person: kim };
    await noteSeen({ store, logger }, { ...seen, proof: 'key' });
    expect(warned).toEqual(['it could not be written down who saw a card']);
  });

  it('costs no commit the second time', async () => {
    const desk = await deciding([kim]);
    const waiting = await desk.wait({});
    let commits = 0;
    const commit: Store['commit'] = (work) => {
      commits += 1;
      return desk.store.commit(work);
    };
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const deps = { store: { ...desk.store, commit }, logger };
    for (let look = 0; look < 5; look += 1)
      await noteSeen(deps, { request: waiting, person: kim, proof: 'session' });
    expect(commits).toBe(1);
    await desk.close();
  });
});
