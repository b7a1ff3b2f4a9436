import { expect, it } from 'vitest';
import { associateOperation } from '../src/actions/association.ts';
import { createFailpoints } from '../src/failpoints.ts';
import type { Crm } from '../src/ports/crm.ts';

it('dies before an association as before every other write', async () => {
  const told: string[] = [];
  const crm: Crm = {
    takeTurns: () => Promise.resolve(undefined),
    call: () => {
      told.push('called');
      return Promise.resolve({ kind: 'answered', status: 200, json: null });
    },
  };
  const points = createFailpoints({ place: 'before hubspot.write', passage: 1 }, () => {
    told.push('died');
  });
  const [from, to] = ['1', '2'].map((id) => ({ object_type: 'contacts' as const, id }));
  await points.crm(crm).call(associateOperation(from!, to!), { connection: 'main', version: 1 });
  expect(told).toEqual(['died', 'called']);
});
