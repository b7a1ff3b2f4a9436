import type { Asked } from '../core/asked.ts';

/** A person who approved. `passkey`: whether this approval came with one. */
export interface Approver {
  readonly id: string;
  readonly roles: readonly string[];
  readonly passkey: boolean;
}

/** One question to policy: may this agent do this, with these people's approval? */
export interface PolicyQuery extends Asked {
  readonly agent: {
    readonly id: string;
    readonly name: string;
    readonly groups: readonly string[];
  };
  readonly connection: string;
  /** Further steps of the same request: each must be allowed too, by the same people's approval. */
  readonly also?: readonly Asked[];
  /** From 0; rounded up. */
  readonly injectionRisk: number;
  /** The id of the person on whose behalf the agent acts, when that person is known to us. */
  readonly requester: string | null;
  readonly approvers: readonly Approver[];
  /** The dial for firms of one person lets the requester’s own approval count (`gate/self-approval.ts`). */
  readonly ownCounts?: boolean | undefined;
}

export interface PolicyAnswer {
  readonly allowed: boolean;
  /** The deciding policies in their own words (`@reason`, else `@id`); empty when none spoke at all. */
  readonly reasons: readonly string[];
}

/** What a text talks about: what is worth asking it about. Each list is sorted. */
export interface PolicyVocabulary {
  /** Roles named anywhere in the text. */
  readonly roles: readonly string[];
  readonly mentionsPasskeys: boolean;
  /** Numbers that `context.amount` and `context.injectionRisk` are compared with. */
  readonly amounts: readonly number[];
  readonly injectionRisks: readonly number[];
}

export interface Policy extends PolicyVocabulary {
  /** SHA-256 (hex) of the text. */
  readonly digest: string;
  /**
   * Synchronous, no I/O, never throws. Two rules hold before the text is asked, so that no text can
   * undo them: the requester's own approval does not count (unless the gateway's dial lets it), and one person counts once.
   * A question that Cedar cannot evaluate is denied.
   */
  decide(query: PolicyQuery): PolicyAnswer;
}
