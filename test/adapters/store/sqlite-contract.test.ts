import { describeStoreContract } from './store-contract.ts';
import { sqlitePlace } from './sqlite-place.ts';

describeStoreContract('the SQLite store keeps the contract of a store', async () => {
  const place = await sqlitePlace();
  return { open: (clock) => place.open({ clock }), close: () => place.close() };
});
