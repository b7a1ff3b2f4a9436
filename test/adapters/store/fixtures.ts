import type { Card, Requirement } from '../../../src/contracts/card.ts';
import type { Plan } from '../../../src/contracts/plan.ts';
import type {
  AgentRecord,
  ChallengeRecord,
  ConnectionRecord,
  DecisionRecord,
  FreezeRecord,
  InvitationRecord,
  LedgerRecord,
  PasskeyRecord,
  PersonRecord,
  RequestRecord,
  SessionRecord,
  WebhookSignerRecord,
} from '../../../src/core/records.ts';

/** Rows with every field filled; each test changes what it is about. */

export const START = new Date('2026-11-01T10:00:00.000Z');
export const DIGEST = 'd1'.repeat(32);

export const later = (ms: number): Date => new Date(START.getTime() + ms);

const ID_LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

/** A well-formed request id for a number. */
export function requestId(number: number): string {
  let rest = number;
  let tail = '';
  while (tail.length < 26) {
    tail = ID_LETTERS.charAt(rest % ID_LETTERS.length) + tail;
    rest = Math.floor(rest / ID_LETTERS.length);
  }
  return `act_${tail}`;
}

export const requirement: Requirement = {
  approvals: 1,
  passkey: false,
  roles: ['sales-lead'],
  reasons: ['writes need a sales lead'],
};

export const plan: Plan = {
  action: 'create_note',
  operations: [
    {
      kind: 'create',
      object_type: 'notes',
      method: 'POST',
      path: '/crm/objects/2026-09/notes',
      query: {},
      body: '{"properties":{"hs_note_body":"Called Dana"}}',
    },
  ],
  targets: [{ object_type: 'companies', id: '77', properties: ['name'] }],
  steps: [
    {
      action: 'create_note',
      witness: {
        kind: 'unique',
        object_type: 'notes',
        id_property: 'marker',
        value: 'x',
        properties: {},
      },
    },
  ],
  fields: ['id'],
};

export function cardFor(id: string): Card {
  return {
    request_id: id,
    digest: DIGEST,
    action: 'create_note',
    sentence: 'Add a note to Acme Corp.',
    risk: 'write',
    connection: 'main',
    agent: { id: 'agt_00000000001', name: 'Helper' },
    records: [{ object_type: 'companies', id: '77', name: 'Acme Corp' }],
    changes: [{ label: 'Note', property: 'hs_note_body', before: null, after: 'Called Dana' }],
    seen: [{ object_type: 'companies', id: '77', properties: { name: 'Acme Corp' } }],
    claimed: { user_id: 'dana@acme.test', prompt: 'Note that I called.' },
    requires: requirement,
    expires_at: '2026-11-01T11:00:00.000Z',
    log: { size: 3, root_prefix: 'abcd' },
  };
}

export function request(number: number, change: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id: requestId(number),
    agentId: 'agt_00000000001',
    connection: 'main',
    bodyHash: 'b0'.repeat(32),
    submission: {
      userId: 'dana@acme.test',
      prompt: 'Note that I called.',
      action: { action: 'create_note', company: 'Acme Corp' },
    },
    action: 'create_note',
    risk: 'write',
    status: 'planned',
    plan,
    digest: DIGEST,
    card: null,
    requirement,
    seen: null,
    credentialVersion: null,
    result: null,
    code: null,
    detail: null,
    retryAt: null,
    createdAt: START,
    updatedAt: START,
    expiresAt: null,
    ...change,
  };
}

export function decision(of: string, change: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    requestId: of,
    personId: 'per_00000000001',
    decision: 'approve',
    digest: DIGEST,
    reason: 'Looks right.',
    proof: 'totp',
    decidedAt: START,
    validUntil: new Date(START.getTime() + 60_000),
    inPlaceOf: null,
    ...change,
  };
}

export function agent(number: number, change: Partial<AgentRecord> = {}): AgentRecord {
  return {
    id: `agt_0000000000${number}`,
    name: `Agent ${number}`,
    groups: ['readers', 'note-takers'],
    keyHash: `agent-key-${number}`,
    createdAt: new Date(START.getTime() + number),
    revokedAt: null,
    ...change,
  };
}

export function person(number: number, change: Partial<PersonRecord> = {}): PersonRecord {
  return {
    id: `per_0000000000${number}`,
    name: `Person ${number}`,
    email: `person${number}@acme.test`,
    roles: ['sales-lead'],
    keyHash: `person-key-${number}`,
    totpSecret: 'JBSWY3DPEHPK3PXP',
    totpLastStep: 0,
    totpGuesses: [],
    createdAt: new Date(START.getTime() + number),
    revokedAt: null,
    ...change,
  };
}

export function passkey(number: number, change: Partial<PasskeyRecord> = {}): PasskeyRecord {
  return {
    id: `psk_0000000000${number}`,
    credentialId: `credential-${number}`,
    personId: person(1).id,
    publicKey: new Uint8Array([0xa5, number, 0xff]),
    counter: 7,
    transports: ['internal', 'hybrid'],
    label: `Laptop ${number}`,
    createdAt: new Date(START.getTime() + number),
    lastUsedAt: START,
    revokedAt: null,
    ...change,
  };
}

export function session(number: number, change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: `ses_0000000000${number}`,
    personId: person(1).id,
    tokenHash: `session-token-${number}`,
    proof: 'passkey',
    passkeyId: passkey(1).id,
    createdAt: START,
    lastSeenAt: START,
    expiresAt: later(60_000),
    endedAt: null,
    ...change,
  };
}

export function invitation(
  number: number,
  change: Partial<InvitationRecord> = {},
): InvitationRecord {
  return {
    id: `inv_0000000000${number}`,
    personId: person(1).id,
    tokenHash: `invitation-token-${number}`,
    createdAt: START,
    expiresAt: later(60_000),
    usedAt: null,
    ...change,
  };
}

export function webhookSigner(
  number: number,
  change: Partial<WebhookSignerRecord> = {},
): WebhookSignerRecord {
  return {
    id: `whk_0000000000${number}`,
    personId: person(1).id,
    createdAt: START,
    revokedAt: null,
    ...change,
  };
}

export function challenge(number: number, change: Partial<ChallengeRecord> = {}): ChallengeRecord {
  return {
    value: `challenge-${number}`,
    purpose: 'enrol',
    personId: person(1).id,
    expiresAt: later(60_000),
    usedAt: null,
    ...change,
  };
}

export function freeze(number: number, change: Partial<FreezeRecord> = {}): FreezeRecord {
  return {
    id: `frz_0000000000${number}`,
    target: { kind: 'connection', id: 'main' },
    reason: 'Strange writes.',
    placedBy: 'operator',
    placedAt: new Date(START.getTime() + number),
    liftedAt: null,
    ...change,
  };
}

export function connection(change: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return {
    name: 'main',
    portalId: 47_110_815,
    accountType: 'STANDARD',
    timeZone: 'Europe/Zurich',
    uniqueProperties: { contacts: 'sallyport_request_id', deals: 'sallyport_request_id' },
    checkedAt: START,
    credentialVersion: 1,
    accountSince: null,
    appId: 900_001,
    ...change,
  };
}

export function ledgerEntry(of: string, change: Partial<LedgerRecord> = {}): LedgerRecord {
  return {
    requestId: of,
    objectType: 'companies',
    objectId: '77',
    before: { phone: null, city: 'Bern' },
    after: { phone: '+41 31 000 00 00', city: 'Basel' },
    executedAt: START,
    ...change,
  };
}
