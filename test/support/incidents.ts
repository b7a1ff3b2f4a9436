import { setTimeout as sleep } from 'node:timers/promises';
import type { IncidentRecord } from '../../src/core/incident.ts';
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

/** At the step of taking back, with what was found and a card for it; on a connection of its own. */
export const atRevert = (connection: string, request: string, text: string): IncidentRecord => {
  const at = new Date();
  const value = { before: text, after: `${text} rogue` };
  const rogue = { objectId: '20001', at, recordName: text, properties: { email: value } };
  return {
    ...{
      id: `inc_${connection.replaceAll(/\D/g, '').padStart(12, '0')}`,
      connection,
      reason: text,
    },
    ...{ stage: 'reverting', openedBy: 'operator', openedAt: at, cause: null, firstEntry: 0 },
    ...{ since: at, freezeId: 'frz_00000000001', oldVersion: null, newVersion: null },
    ...{
      isFalseAlarm: false,
      steppedBy: null,
      oldAppId: null,
      newAppId: null,
      evidence: null,
      canary: null,
      resumedBy: null,
      updatedAt: at,
    },
    checks: [{ name: 'same_account', state: 'failed', detail: text, at }],
    findings: {
      ...{ from: at, to: at, unread: [text] },
      rogue: [
        { ...rogue, kind: 'changed', objectType: 'contacts' },
        { ...rogue, kind: 'changed', objectType: 'contacts', objectId: '20002' },
        { ...rogue, kind: 'created', objectType: 'notes' },
        { ...rogue, kind: 'archived', objectType: 'companies' },
      ],
      exposures: [
        {
          agentId: text,
          action: 'get_contact',
          reads: 2,
          fields: [text],
          records: [text],
          recordsTotal: 1,
        },
      ],
      leftAlone: ['contacts 20002: email was changed since (CRM_UI); the later edit stays.', text],
    },
    takeBacks: [request],
    reached: { contained: at, verified: at, assessed: at },
  };
};
