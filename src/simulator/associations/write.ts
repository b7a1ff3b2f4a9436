import { effectsOf } from '../records/context.ts';
import type { WriteContext } from '../records/context.ts';
import { rollups } from '../records/rollups.ts';
import type { AssociationSpec, Link, RecordRef } from '../state/types.ts';
import { linksBetween, planLinks, requireAssociationType, requireLive, reversed } from './links.ts';

/**
 * Associates two live records under the given types, both directions, in one durable step.
 * @throws HubSpotError 400 for an unknown type, 404 for a missing record
 */
export function associate(
  context: WriteContext,
  from: RecordRef,
  to: RecordRef,
  specs: readonly AssociationSpec[],
): void {
  const { store, now } = context;
  requireLive(store, from);
  requireLive(store, to);
  const plan = planLinks(store, from, to, specs);
  store.commit({
    records: rollups(store, plan.link, [], now),
    link: plan.link,
    unlink: plan.unlink,
    effects: effectsOf(context, 'associate', from, { associations: [{ to, types: specs }] }),
  });
}

/**
 * Removes the given types between two records, or all of them. Removing what is not there leaves no
 * effect, as at HubSpot, where it is no error.
 */
export function dissociate(
  context: WriteContext,
  from: RecordRef,
  to: RecordRef,
  specs?: readonly AssociationSpec[],
): void {
  const { store } = context;
  const links = linksBetween(store, from, to);
  const chosen = specs ? links.filter((link) => isNamed(link.spec, specs)) : links;
  if (chosen.length === 0) return;
  const unlink = specs ? chosen.flatMap((link) => [link, reverseOf(link)]) : links;
  store.commit({
    unlink,
    effects: effectsOf(context, 'dissociate', from, {
      associations: [{ to, types: specs ?? chosen.map((link) => link.spec) }],
    }),
  });
}

const isNamed = (spec: AssociationSpec, names: readonly AssociationSpec[]): boolean =>
  names.some(
    (each) =>
      each.associationTypeId === spec.associationTypeId &&
      each.associationCategory === spec.associationCategory,
  );

const reverseOf = (link: Link): Link =>
  reversed(link, requireAssociationType(link.from, link.to, link.spec));
