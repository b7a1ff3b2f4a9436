import { validationError } from '../errors.ts';
import { parseBody } from '../http/input.ts';
import { inFamily, ok } from '../http/route.ts';
import type { Call, Reply, Route } from '../http/route.ts';
import { LIMITS } from '../limits.ts';
import { viewRecord } from '../records/view.ts';
import { planSearch } from '../search/rules.ts';
import { runSearch } from '../search/run.ts';
import { SearchBodySchema } from '../search/schema.ts';
import { readScopes, typeOf } from './shared.ts';

function search(call: Call): Reply {
  if (call.rawBody.toString('utf8').length > LIMITS.searchBodyCharactersMax)
    throw validationError(
      `The search request body is longer than ${String(LIMITS.searchBodyCharactersMax)} characters.`,
    );
  const { store } = call.world;
  const type = typeOf(call).name;
  const body = parseBody(call, SearchBodySchema);
  const find = (name: string) => store.catalogue.find(type, name);
  const plan = planSearch(body, find);
  const { total, records } = runSearch(type, store.index.records(type, call.nowMs), plan, find);
  const view = { properties: body.properties, defaultNulls: call.version === '2026-09' };
  const results = records.map((record) => viewRecord(store, record, view));
  const end = plan.offset + records.length;
  if (end >= total || records.length === 0) return ok({ total, results });
  const link = `https://api.hubapi.com${call.path}?after=${String(end)}`;
  return ok({ total, results, paging: { next: { after: String(end), link } } });
}

/** Search over the lagging index, with its own allowance per account. */
export function searchRoutes(): Route[] {
  return [
    {
      method: 'POST',
      paths: inFamily('objects', '/:objectType/search'),
      auth: 'bearer',
      scopes: readScopes,
      budget: 'search',
      body: 'json',
      handler: search,
    },
  ];
}
