import type { Generated } from 'kysely';

/**
 * The tables as both dialects see them. Times are integers, milliseconds since 1970 (a PostgreSQL
 * driver has to hand its `bigint` out as a number). `Sealed` columns hold what `seal.ts` made: no
 * query may compare or sort by them.
 */
export type Sealed = Uint8Array;

export interface Database {
  meta: MetaTable;
  requests: RequestTable;
  approval_uses: ApprovalUseTable;
  decisions: DecisionTable;
  agents: AgentTable;
  people: PersonTable;
  passkeys: PasskeyTable;
  sessions: SessionTable;
  invitations: InvitationTable;
  challenges: ChallengeTable;
  freezes: FreezeTable;
  credentials: CredentialTable;
  connections: ConnectionTable;
  ledger: LedgerTable;
  radar_sweeps: RadarSweepTable;
  log_entries: LogEntryTable;
  notices: NoticeTable;
  slack_users: SlackUserTable;
  absences: AbsenceTable;
  webhook_signers: WebhookSignerTable;
  heard_once: HeardOnceTable;
  incidents: IncidentTable;
  grants: GrantTable;
}

interface MetaTable {
  key: string;
  value: Uint8Array;
}

interface RequestTable {
  id: string;
  agent_id: string;
  connection: string;
  body_hash: string;
  action: string;
  risk: string;
  status: string;
  digest: string | null;
  credential_version: number | null;
  code: string | null;
  created_at: number;
  updated_at: number;
  expires_at: number | null;
  wake_at: number | null;
  /** Counts the changes of this row, so that another process sees that there was one. */
  revision: number;
  /** Vouches for where the request stands: a status written by hand moves nothing. */
  voucher: Sealed;
  submission: Sealed;
  plan: Sealed | null;
  card: Sealed | null;
  requirement: Sealed | null;
  seen: Sealed | null;
  result: Sealed | null;
  detail: Sealed | null;
  /** When HubSpot may be asked again, ms. */
  retry_at: Sealed | null;
}

interface ApprovalUseTable {
  request_id: string;
  digest: string;
  at: number;
}

interface DecisionTable {
  /** The order in which decisions were made; two may share a millisecond. */
  seq: Generated<number>;
  request_id: string;
  person_id: string;
  decision: string;
  digest: string;
  proof: string;
  decided_at: number;
  valid_until: number;
  /** Null for the person's own place. */
  in_place_of: string | null;
  /** Sealed also when there is none: it vouches for the rest of the row. */
  reason: Sealed;
}

interface AgentTable {
  id: string;
  name: string;
  /** JSON array of strings. */
  groups: string;
  key_hash: string;
  created_at: number;
  revoked_at: number | null;
  /** Vouches for the rest of the row: a key put in by hand opens no door. */
  voucher: Sealed;
}

interface PersonTable {
  id: string;
  name: string;
  email: string;
  /** JSON array of strings. */
  roles: string;
  key_hash: string;
  totp_secret: Sealed;
  totp_last_step: number;
  created_at: number;
  revoked_at: number | null;
}

interface PasskeyTable {
  id: string;
  credential_id: string;
  person_id: string;
  created_at: number;
  last_used_at: number | null;
  revoked_at: number | null;
  /** Public key, counter, transports and label; vouches for the rest of the row. */
  content: Sealed;
}

interface SessionTable {
  id: string;
  person_id: string;
  token_hash: string;
  proof: string;
  passkey_id: string;
  created_at: number;
  last_seen_at: number;
  expires_at: number;
  ended_at: number | null;
  /** Vouches for the rest of the row: a session put in, prolonged or opened again by hand opens no door. */
  voucher: Sealed;
}

interface InvitationTable {
  id: string;
  person_id: string;
  token_hash: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
  /** Vouches for the rest of the row. */
  voucher: Sealed;
}

interface ChallengeTable {
  value: string;
  purpose: string;
  person_id: string | null;
  expires_at: number;
  used_at: number | null;
  /** Vouches for the rest of the row. */
  voucher: Sealed;
}

interface FreezeTable {
  id: string;
  target_kind: string;
  target_id: string;
  reason: string;
  placed_by: string;
  placed_at: number;
  lifted_at: number | null;
}

interface CredentialTable {
  connection: string;
  version: number;
  state: string;
  fingerprint: string;
  created_at: number;
}

interface ConnectionTable {
  name: string;
  portal_id: number;
  account_type: string | null;
  time_zone: string | null;
  checked_at: number;
  /** Null in a row from before it was kept: then none was checked. */
  credential_version: number | null;
  account_since: number | null;
  /** Null where HubSpot did not say, and in a row from before it was kept. */
  app_id: number | null;
  /** Vouches for the rest of the row. */
  unique_properties: Sealed;
}

interface LedgerTable {
  request_id: string;
  /** Which write of the request, from 0. */
  position: number;
  object_type: string;
  object_id: string;
  executed_at: number;
  /** These vouch for record and time: a row moved to another record would account for a change there. */
  before: Sealed;
  after: Sealed;
}

interface RadarSweepTable {
  connection: string;
  swept_to: number;
  /** What was found of late; vouches for the rest of the row: a time put in by hand would hide what lies before it. */
  found: Sealed;
}

interface LogEntryTable {
  idx: number;
  event: string;
  request_id: string | null;
  at: number;
  leaf: Uint8Array;
  /** Vouches for the leaf at its place: an entry put in by hand is never signed. */
  voucher: Sealed;
  /** Clear text of the commitment with its salt; null when there is none or when it was erased. */
  personal: Sealed | null;
}

interface NoticeTable {
  /** The order in which they came to be owed: what is told of one subject in one place keeps it. */
  seq: Generated<number>;
  id: string;
  subject: string;
  channel: string;
  recipient: string;
  kind: string;
  occasion: string;
  created_at: number;
  since_at: number;
  due_at: number;
  attempts: number;
  state: string;
  /** Reference and error; vouches for the rest of the row: nothing is told to where a hand wrote. */
  outcome: Sealed;
}

interface SlackUserTable {
  slack_user: string;
  person_id: string;
  linked_at: number;
  /** Vouches for the rest of the row: a Slack user put in by hand is nobody. */
  voucher: Sealed;
}

interface WebhookSignerTable {
  id: string;
  person_id: string;
  created_at: number;
  revoked_at: number | null;
  /** Vouches for the rest of the row: a signer put in by hand is nobody. */
  voucher: Sealed;
}

interface HeardOnceTable {
  door: string;
  name: string;
  until: number;
}

interface IncidentTable {
  id: string;
  connection: string;
  stage: string;
  opened_at: number;
  updated_at: number;
  /** Everything else; vouches for the rest of the row: a stage written by hand opens nothing. */
  body: Sealed;
}

interface GrantTable {
  id: string;
  agent_id: string;
  action: string;
  person_id: string;
  created_at: number;
  ends_at: number;
  max_uses: number;
  /** At its end; while it stands the log counts. */
  uses: number;
  ended_at: number | null;
  ended_by: string | null;
  /** Vouches for the rest of the row: a grant put in by hand approves nothing. */
  voucher: Sealed;
}

interface AbsenceTable {
  id: string;
  person_id: string;
  delegate_id: string | null;
  from_at: number;
  until_at: number;
  noted_at: number;
  ended_at: number | null;
  /** Vouches for the rest of the row: an absence put in by hand gives nobody a place. */
  voucher: Sealed;
}
