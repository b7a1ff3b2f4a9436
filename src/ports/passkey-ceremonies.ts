import type {
  Assertion,
  CreationOptions,
  NewCredential,
  RequestOptions,
} from '../contracts/passkey.ts';
import type { PasskeyRecord, PersonRecord } from '../core/records.ts';

/** What an authenticator made, verified. */
export type MadePasskey = Pick<
  PasskeyRecord,
  'credentialId' | 'publicKey' | 'counter' | 'transports'
>;

/**
 * WebAuthn Level 3, sections 7.1 and 7.2, for one origin and its host name. Pure: remembers nothing, so
 * whether a challenge is fresh and a counter has moved is the caller's to decide, in the transaction that
 * records the use. User presence and user verification are required in all of it.
 */
export interface PasskeyCeremonies {
  creationOptions(of: {
    readonly person: PersonRecord;
    /** base64url. */
    readonly challenge: string;
    /** Those the person has: no authenticator makes a second one. */
    readonly known: readonly PasskeyRecord[];
  }): Promise<CreationOptions>;
  /** `allowed` empty: a discoverable credential, whosever it is. */
  requestOptions(of: {
    readonly challenge: string;
    readonly allowed: readonly PasskeyRecord[];
  }): Promise<RequestOptions>;
  /** The challenge that the answer says it is for: a claim to look up, proven by nothing yet. */
  claimedChallenge(answer: NewCredential | Assertion): string | undefined;
  /** `undefined` for anything that does not verify, whatever is wrong with it. */
  verifyCreation(of: {
    readonly credential: NewCredential;
    readonly challenge: string;
  }): Promise<MadePasskey | undefined>;
  /**
   * The counter that a good answer shows; `undefined` for anything that does not verify. Says nothing
   * about revocation or whether the counter has moved.
   */
  verifyAssertion(of: {
    readonly assertion: Assertion;
    readonly challenge: string;
    readonly passkey: PasskeyRecord;
    /** True where nobody said before who they are: the answer must name the person itself. */
    readonly isDiscoverable: boolean;
  }): Promise<{ readonly counter: number } | undefined>;
}
