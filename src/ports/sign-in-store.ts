import type {
  ChallengeRecord,
  InvitationRecord,
  PasskeyRecord,
  SessionRecord,
} from '../core/records.ts';

/** All throw `plan.tampered` for a row that was not written here. */
export interface PasskeyReads {
  /**
   * Revoked as the log says, whatever the row says. Outside a transaction throws `store.unavailable` in a process that
   * began after the log lost an order; lists and transactions go on with what is known.
   */
  get(id: string): Promise<PasskeyRecord | undefined>;
  /** The same by the authenticator's own name for it. */
  find(credentialId: string): Promise<PasskeyRecord | undefined>;
  /** The person's, revoked ones too, oldest first. */
  of(personId: string): Promise<readonly PasskeyRecord[]>;
}
export interface PasskeyWrites extends PasskeyReads {
  /** False when the credential is known already, be it revoked or another person's. */
  insert(passkey: PasskeyRecord): Promise<boolean>;
  /** Keeps the counter it showed, and when. The caller has made sure that it may be used. */
  used(id: string, counter: number): Promise<void>;
  /** Effective with the commit; false when unknown or already revoked. */
  revoke(id: string): Promise<boolean>;
}

/** Throws `plan.tampered` for a row that was not written here. */
export interface SessionReads {
  get(id: string): Promise<SessionRecord | undefined>;
}
export interface SessionWrites extends SessionReads {
  insert(session: SessionRecord): Promise<void>;
  /** Notes that it was used now. */
  touch(id: string): Promise<void>;
  /** Effective with the commit; false when unknown or already ended. */
  end(id: string): Promise<boolean>;
}

/** Throws `plan.tampered` for a row that was not written here. */
export interface InvitationReads {
  get(id: string): Promise<InvitationRecord | undefined>;
}
export interface InvitationWrites extends InvitationReads {
  insert(invitation: InvitationRecord): Promise<void>;
  /** False when it is unknown or was used before: of two at once one wins. */
  use(id: string): Promise<boolean>;
}

export interface ChallengeWrites {
  /** Also takes out those whose time is over: what strangers ask for must not pile up. */
  insert(challenge: ChallengeRecord): Promise<void>;
  /**
   * Uses it up: `undefined` when it is unknown, over or was used before. Throws `plan.tampered` for a row
   * that was not written here.
   */
  take(value: string): Promise<ChallengeRecord | undefined>;
}
