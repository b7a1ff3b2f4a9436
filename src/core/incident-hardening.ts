import type { IncidentRecord } from './incident.ts';
import type { RogueChange } from './rogue-change.ts';

/** The actions of the catalogue that could have made such a change. */
const ACTIONS: Readonly<Record<string, Readonly<Record<RogueChange['kind'], string | undefined>>>> =
  {
    contacts: { created: 'create_contact', changed: 'update_contact', archived: undefined },
    companies: { created: undefined, changed: 'update_company', archived: undefined },
    deals: { created: 'create_deal', changed: 'update_deal', archived: undefined },
    notes: { created: 'create_note', changed: undefined, archived: undefined },
    tasks: { created: 'create_task', changed: undefined, archived: undefined },
    calls: { created: 'log_call', changed: undefined, archived: undefined },
  };

/**
 * Policy text (Cedar) that would make the like of it harder: two people with passkeys for the writes that
 * were misused, or for every write when nothing was found.
 */
export function hardeningFor({ id, findings }: IncidentRecord): string {
  const misused = (findings?.rogue ?? []).flatMap(
    ({ objectType, kind }) => ACTIONS[objectType]?.[kind] ?? [],
  );
  const actions = [...new Set(misused)].toSorted();
  const named =
    actions.length === 0
      ? 'Action::"write"'
      : actions.map((action) => `Action::"${action}"`).join(', ');
  return [
    `@id("after-${id.replace('_', '-')}")`,
    '@reason("After an incident two people with passkeys approve this.")',
    'forbid (',
    '  principal,',
    `  action in [${named}],`,
    '  resource',
    ')',
    'when { Role::"approver".passkeyApprovals < 2 };',
  ].join('\n');
}
