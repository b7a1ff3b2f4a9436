import { setTimeout as sleep } from 'node:timers/promises';
import { compareScopes } from '../../src/gate/connection-scopes.ts';
import type { LoneGateway } from './lone-gateway.ts';

/** What the actions need, and what lets HubSpot's security log be read. */
export const EXACT_SCOPES: readonly string[] = [
  ...compareScopes([]).missing.map(({ scope }) => scope),
  'oauth',
  'account-info.security.read',
];

/** Every activity of an incident's workflow, in the order of the playbook. */
export const INCIDENT_STEPS = [
  'containIncident',
  'askForKey',
  'verifyRotation',
  'assessIncident',
  'takeBackRogue',
  'awaitResume',
] as const;

const LOOK_MS = 50;

/** The incident once it stands at one of these stages; asked again while the gateway is away. */
export async function standsAt(
  lone: LoneGateway,
  id: string,
  stages: readonly string[],
  timeoutMs = 60_000,
): Promise<any> {
  const until = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    const answer = await lone
      .asPerson('first', 'GET', `/v1/incidents/${id}`)
      .catch(() => undefined);
    if (answer?.status === 200 && stages.includes(answer.body.stage)) return answer.body;
    last = answer?.body ?? last;
    if (Date.now() > until)
      throw new Error(`not at ${stages.join(' or ')}: ${JSON.stringify(last)}`);
    await sleep(LOOK_MS);
  }
}
