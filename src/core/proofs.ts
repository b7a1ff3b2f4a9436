/**
 * How a person proved who they are when they decided, the weakest first. Only a passkey is bound to what
 * was decided: its challenge is the digest. Everything else proves the person alone; a grant that they have
 * looked at the like before, and not at this.
 */
export const PROOFS = ['grant', 'key', 'totp', 'slack', 'webhook', 'session', 'passkey'] as const;
export type Proof = (typeof PROOFS)[number];
