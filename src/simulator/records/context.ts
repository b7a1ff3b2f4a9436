import type { Store } from '../state/store.ts';
import type { Effect, EffectKind, HistoryEntry, RecordRef, TokenRecord } from '../state/types.ts';

/** Who makes a change: an app through the API, a person in HubSpot, or the seed. */
export type Actor =
  | { source: 'api'; token: TokenRecord }
  | { source: 'ui'; userId: number }
  | { source: 'seed'; userId: number };

/** What a write needs to know beside its input: the store, the moment, the author and the request. */
export type WriteContext = {
  store: Store;
  /** ISO date-time used for every timestamp of this write. */
  now: string;
  actor: Actor;
  request: { method: string; path: string; bodySha256: string | null };
  /** Properties the account's admin rules demand on create, per object. */
  adminRequired?: Partial<Record<string, readonly string[]>>;
};

const TOKEN_PREFIX_CHARACTERS = 12;

/** Where a value came from, in the words of HubSpot's property history. */
export function historySource(actor: Actor): Omit<HistoryEntry, 'value' | 'timestamp'> {
  if (actor.source === 'api') {
    return { sourceType: 'INTEGRATION', sourceId: String(actor.token.appId) };
  }
  return {
    sourceType: 'CRM_UI',
    sourceId: `userId:${String(actor.userId)}`,
    updatedByUserId: actor.userId,
  };
}

/** The ledger line for a change. The seed leaves none: the ledger holds what happened since. */
export function effectsOf(
  context: WriteContext,
  effect: EffectKind,
  target: RecordRef | { type: string; id: string },
  detail: { properties?: Record<string, unknown>; associations?: unknown[] },
): Effect[] {
  const { actor, request } = context;
  if (actor.source === 'seed') return [];
  return [
    {
      at: context.now,
      method: request.method,
      path: request.path,
      object_type: target.type,
      object_id: target.id,
      effect,
      properties: detail.properties ?? {},
      associations: detail.associations ?? [],
      token_sha256:
        actor.source === 'api' ? actor.token.sha256.slice(0, TOKEN_PREFIX_CHARACTERS) : null,
      app_id: actor.source === 'api' ? actor.token.appId : null,
      source: actor.source,
      user_id: actor.source === 'ui' ? actor.userId : null,
      body_sha256: request.bodySha256,
    },
  ];
}
