import type { RosterChange } from '../contracts/roster-change.ts';
import type { StepUp, StepUpOptions } from '../contracts/step-up.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { AgentRecord, PersonRecord } from '../core/records.ts';
import { isOperator, OWN_ROLES } from '../core/roles.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { invite } from './enrolment.ts';
import { mintTotpSecret } from './keys.ts';
import type { PasskeyDependencies } from './passkeys.ts';
import {
  addAgent,
  addPerson,
  assertOperatorLeft,
  changeRoles,
  type Enrolled,
  revokeAgent,
  revokePerson,
} from './roster.ts';
import { type AtDoor, stepUpOptions, withStepUp } from './step-up.ts';

/** A change that somebody wants to make. */
interface Wanted extends AtDoor {
  readonly change: RosterChange;
  /** Roles that count: those of the policy. */
  readonly roles: readonly string[];
}

export interface Invited {
  readonly record: PersonRecord;
  /** Of the one-time link; shown once. */
  readonly token: string;
  readonly expiresAt: Date;
}

export type RosterChanged =
  | { readonly change: 'add_agent'; readonly agent: Enrolled<AgentRecord> }
  | { readonly change: 'add_person'; readonly person: Invited }
  | { readonly change: 'change_roles'; readonly person: PersonRecord }
  | { readonly change: 'revoke_agent' | 'revoke_person' };

const actOf = ({ change }: Wanted) => ({ purpose: 'roster', what: change }) as const;

async function assertAgentFits(tx: StoreTransaction, name: string): Promise<void> {
  const { rows } = await tx.agents.list();
  if (rows.some((agent) => agent.name === name && agent.revokedAt === null))
    throw new GatewayError('agent.exists');
}

function assertNew(people: readonly PersonRecord[], email: string): void {
  if (people.some((person) => person.email === email && person.revokedAt === null))
    throw new GatewayError('person.exists');
}

/** A role that no rule asks for would count for nothing, and nobody would notice before it does not. */
function assertRolesCount(roles: readonly string[], known: readonly string[]): void {
  const counting = [...new Set([...known, ...OWN_ROLES])];
  const unknown = roles.filter((role) => !counting.includes(role));
  if (unknown.length > 0)
    throw new GatewayError('person.unknown_role', {
      detail: `${unknown.join(', ')}; roles that count are ${counting.join(', ')}`,
    });
}

/** Roles that they have may stay, also where no rule asks for them any more. */
function assertRolesFit(
  people: readonly PersonRecord[],
  { id, roles }: Extract<RosterChange, { change: 'change_roles' }>,
  known: readonly string[],
): void {
  const person = people.find((one) => one.id === id);
  assertRolesCount(roles, [...known, ...(person?.roles ?? [])]);
  if (!isOperator({ roles })) assertOperatorLeft(people, id);
}

/** Throws why it cannot be made: by whom first, as they are now. */
async function assertFits(tx: StoreTransaction, { person, change, roles }: Wanted): Promise<void> {
  const people = await tx.people.list();
  const now = people.find(({ id }) => id === person.id);
  if (now?.revokedAt !== null || !isOperator(now)) throw new GatewayError('person.forbidden');
  if (change.change === 'add_agent') await assertAgentFits(tx, change.name);
  if (change.change === 'add_person') {
    assertNew(people, change.email);
    assertRolesCount(change.roles, roles);
  }
  if (change.change === 'change_roles') assertRolesFit(people, change, roles);
  if (change.change === 'revoke_person') assertOperatorLeft(people, change.id);
}

/**
 * What the operator's passkey is asked to sign for this change, once it is sure that it could be made.
 * Throws `passkey.session_needed`, `person.forbidden`, `passkey.missing`, and why it could not.
 */
export const rosterOptions = (deps: PasskeyDependencies, wanted: Wanted): Promise<StepUpOptions> =>
  stepUpOptions(deps, wanted, actOf(wanted), (tx) => assertFits(tx, wanted));

async function apply(
  tx: StoreTransaction,
  change: RosterChange,
  by: string,
): Promise<RosterChanged> {
  switch (change.change) {
    case 'add_agent': {
      const { name, groups } = change;
      return { change: change.change, agent: await addAgent(tx, { name, groups, by }) };
    }
    case 'revoke_agent':
      await revokeAgent(tx, { id: change.id, by });
      return { change: change.change };
    case 'revoke_person':
      await revokePerson(tx, { id: change.id, by });
      return { change: change.change };
    case 'change_roles': {
      const { id, roles } = change;
      return { change: change.change, person: await changeRoles(tx, { id, roles, by }) };
    }
    case 'add_person': {
      const { name, email, roles } = change;
      // Nobody is shown their key or their codes: what this person has is the passkey they make.
      const of = { name, email, roles, totpSecret: mintTotpSecret(), by };
      const { record } = await addPerson(tx, of);
      const { token, expiresAt } = await invite(tx, { personId: record.id, by });
      return { change: change.change, person: { record, token, expiresAt } };
    }
  }
}

/**
 * Adds or revokes an agent or a person, or changes a person's roles, for an operator, whose passkey has signed exactly
 * this, now and once. Throws `passkey.session_needed`, `passkey.refused`, `person.forbidden`, `person.exists`,
 * `person.unknown_role`, `person.last_operator`, `agent.exists`, what `roster.ts` throws, and `store.unavailable`.
 */
export const changeRoster = (
  deps: PasskeyDependencies,
  wanted: Wanted,
  stepUp: StepUp,
): Promise<RosterChanged> =>
  withStepUp(deps, wanted, actOf(wanted), stepUp, async (tx) => {
    await assertFits(tx, wanted);
    return apply(tx, wanted.change, `person:${wanted.person.id}`);
  });
