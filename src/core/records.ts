import type { AuditEventName } from './audit-events.ts';
import type { ErrorCode } from './errors.ts';
import type { Proof } from './proofs.ts';
import type { RequestStatus } from './request-state.ts';
import type { TotpGuess } from './totp-guesses.ts';
import type { Card, Requirement, SeenRecord } from '../contracts/card.ts';
import type { ObjectType, Plan } from '../contracts/plan.ts';

/** The rows of the store as the rest of the house sees them: parsed, decrypted, immutable. Times are Dates. */

export type Risk = 'read' | 'write' | 'destructive';

/** What the agent sent, as it was accepted. Personal content: encrypted at rest. */
export interface Submission {
  readonly userId: string;
  readonly prompt: string;
  readonly action: Readonly<Record<string, unknown>> & { readonly action: string };
}

export interface RequestRecord {
  readonly id: string;
  readonly agentId: string;
  readonly connection: string;
  /** SHA-256 (hex) of the RFC 8785 form of the request body: same key, other body is refused. */
  readonly bodyHash: string;
  readonly submission: Submission;
  readonly action: string;
  readonly risk: Risk;
  readonly status: RequestStatus;
  /** Null when the request was refused before it had a plan. */
  readonly plan: Plan | null;
  readonly digest: string | null;
  readonly card: Card | null;
  readonly requirement: Requirement | null;
  /** The records right before the write was begun: what settling and revert compare with. */
  readonly seen: readonly SeenRecord[] | null;
  /** The credential version the request executes on, once known. */
  readonly credentialVersion: number | null;
  readonly result: unknown;
  /** Why it ended without success; of an open request, what keeps it from going on. */
  readonly code: ErrorCode | null;
  readonly detail: string | null;
  /** When HubSpot may be asked again, where it ended because of a limit of HubSpot's. */
  readonly retryAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** When a write that nobody has approved by then ends. */
  readonly expiresAt: Date | null;
}

export interface DecisionRecord {
  readonly requestId: string;
  readonly personId: string;
  readonly decision: 'approve' | 'reject';
  /** The digest the person decided on. */
  readonly digest: string;
  readonly reason: string | null;
  /** How the person proved who they are. */
  readonly proof: Proof;
  readonly decidedAt: Date;
  /** An approval not used until then counts no more. */
  readonly validUntil: Date;
  /** The absent person in whose place it was made; null for the person's own. */
  readonly inPlaceOf: string | null;
}

export interface AgentRecord {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** SHA-256 (hex) of the whole key. */
  readonly keyHash: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

export interface PersonRecord {
  readonly id: string;
  readonly name: string;
  /** Lower-case; equals the `user_id` that agents claim, so that requesters cannot approve their own writes. */
  readonly email: string;
  readonly roles: readonly string[];
  readonly keyHash: string;
  /** Base32 TOTP secret (RFC 6238); encrypted at rest. */
  readonly totpSecret: string;
  /** The last TOTP step used: a code works once. */
  readonly totpLastStep: number;
  /** Wrong codes that count against this person, oldest first; encrypted at rest. */
  readonly totpGuesses: readonly TotpGuess[];
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** A person's WebAuthn credential. */
export interface PasskeyRecord {
  readonly id: string;
  /** The authenticator's name for it, base64url; nobody else has the same. */
  readonly credentialId: string;
  readonly personId: string;
  /** COSE_Key (RFC 9052, section 7). */
  readonly publicKey: Uint8Array;
  /** The signature counter it last showed; 0 for ever where the authenticator keeps none. */
  readonly counter: number;
  /** How the browser may reach it: `internal`, `hybrid`, `usb`, … */
  readonly transports: readonly string[];
  /** What its person calls it. */
  readonly label: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** A person signed in; it ends with the person and with the passkey that proved them. */
export interface SessionRecord {
  readonly id: string;
  readonly personId: string;
  /** SHA-256 (hex) of the whole token. */
  readonly tokenHash: string;
  /** How the person proved who they are when it began. */
  readonly proof: 'passkey';
  readonly passkeyId: string;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
}

/** Lets one person enrol one passkey. */
export interface InvitationRecord {
  readonly id: string;
  readonly personId: string;
  /** SHA-256 (hex) of the whole token. */
  readonly tokenHash: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
}

/** What an authenticator is to sign, once. */
export interface ChallengeRecord {
  /** 32 random bytes, base64url. */
  readonly value: string;
  readonly purpose: 'enrol' | 'sign_in' | 'roster' | 'incident';
  /** Who was invited, or signs a step; null for a sign-in, where nobody has said yet who they are. */
  readonly personId: string | null;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
}

export interface FreezeRecord {
  readonly id: string;
  readonly target: FreezeTarget;
  readonly reason: string;
  /** A person's id, or `operator` for the command line on the gateway's own machine. */
  readonly placedBy: string;
  readonly placedAt: Date;
  readonly liftedAt: Date | null;
}

export interface FreezeTarget {
  readonly kind: 'connection' | 'agent';
  readonly id: string;
}

export interface CredentialRecord {
  readonly connection: string;
  /** The secret store's version of `hubspot/<connection>`. */
  readonly version: number;
  readonly state: 'active' | 'retired';
  /** First 12 hex digits of SHA-256 of the token: tells versions apart, reveals nothing. */
  readonly fingerprint: string;
  readonly createdAt: Date;
}

/** The unique property of ours on each object type that has it. */
export type UniqueProperties = Readonly<Partial<Record<ObjectType, string>>>;

/** A connection as `sallyport connect` found it. */
export interface ConnectionRecord {
  readonly name: string;
  /** HubSpot's number of the account: a token of another one is refused. */
  readonly portalId: number;
  /** STANDARD, SANDBOX, …; null when the token may not read it. */
  readonly accountType: string | null;
  /** IANA name; null when the token may not read it. */
  readonly timeZone: string | null;
  readonly uniqueProperties: UniqueProperties;
  readonly checkedAt: Date;
  /** The credential version that was seen to open this account; null when none was. */
  readonly credentialVersion: number | null;
  /** Since when it is this account and not another one; null when it never was another. */
  readonly accountSince: Date | null;
  /** The app that HubSpot's history names for what this token does; null when HubSpot did not say. */
  readonly appId: number | null;
}

/** What one executed write changed: revert and the radar work from it. Personal content: encrypted at rest. */
export interface LedgerRecord {
  readonly requestId: string;
  readonly objectType: string;
  readonly objectId: string;
  readonly before: Readonly<Record<string, string | null>>;
  readonly after: Readonly<Record<string, string | null>>;
  readonly executedAt: Date;
}

/** A row of the ledger with its place in its request, from 1. */
export interface ExecutedStep extends LedgerRecord {
  readonly step: number;
}

/** How far the radar has looked on a connection. */
export interface RadarRecord {
  readonly connection: string;
  /** From the first sweep’s beginning to here all was looked at that the token can read. */
  readonly sweptTo: Date;
  /** What was found of late, newest first: told once, though windows overlap. */
  readonly found: readonly { readonly key: string; readonly at: Date }[];
}

/** One line of the audit log, before it becomes a leaf. */
export interface AuditEvent {
  /** `<noun>.<past verb>`, from the table in `core/audit-events.ts`. */
  readonly event: AuditEventName;
  readonly requestId?: string | undefined;
  readonly agentId?: string | undefined;
  /** `agent:…`, `person:…`, `operator`, `gateway`; `signal` and `unknown` of what nobody has proven. */
  readonly actor: string;
  readonly code?: string | undefined;
  readonly digest?: string | undefined;
  /** Path as called, without query. */
  readonly hubspotEndpoint?: string | undefined;
  readonly responseStatus?: number | undefined;
  /** Further facts without personal content. */
  readonly facts?: Readonly<Record<string, unknown>> | undefined;
  /** Enters the leaf only as a salted commitment; its clear text lies encrypted in the store. */
  readonly personal?: Readonly<Record<string, unknown>> | undefined;
}

export interface AuditRecord {
  /** Position in the log, from 0. */
  readonly index: number;
  readonly leaf: Uint8Array;
  /** Clear text of the commitment and its salt; null when there is none or when it was erased. */
  readonly personal: { readonly salt: Uint8Array; readonly value: unknown } | null;
}

/** A system that sends a person's decisions, signed: put in by an operator. */
export interface WebhookSignerRecord {
  /** `whk_…`, also in the address that it sends to. Its secrets are `webhook/in/whk_…`. */
  readonly id: string;
  readonly personId: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** Who a Slack user is: put in by an operator, never guessed from an e-mail address. */
export interface SlackUserRecord {
  /** `U…` or `W…`. */
  readonly slackUser: string;
  readonly personId: string;
  readonly linkedAt: Date;
}

/** Somebody is away from then until then. */
export interface AbsenceRecord {
  /** `abs_…` */
  readonly id: string;
  readonly personId: string;
  /** Who decides in their place meanwhile; null for nobody. */
  readonly delegateId: string | null;
  readonly from: Date;
  readonly until: Date;
  readonly notedAt: Date;
  /** Null, unless somebody ended it before its time. */
  readonly endedAt: Date | null;
}
