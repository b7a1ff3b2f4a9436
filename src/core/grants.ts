/** A standing grant: what a person allows ahead of one agent and one action, for a while. */
export const GRANT_LIMITS = { hoursMax: 8, usesMax: 50, usesDefault: 20 } as const;

/**
 * How a grant ends. `voids`: what it approved before and has not begun counts no more. That its time or its
 * uses are over says nothing against what it approved before.
 */
export const GRANT_ENDS = {
  time: { words: 'its time was over', voids: false },
  uses: { words: 'it was used as often as it may be', voids: false },
  hand: { words: 'a person ended it', voids: true },
  freeze: { words: 'the agent or the connection was frozen', voids: true },
  revert: { words: 'a write of the agent is taken back', voids: true },
  agent_revoked: { words: 'the agent was revoked', voids: true },
  person_revoked: { words: 'the person was revoked', voids: true },
} as const satisfies Record<string, { readonly words: string; readonly voids: boolean }>;
export type GrantEnd = keyof typeof GRANT_ENDS;

export const GRANT_END_NAMES = Object.keys(GRANT_ENDS) as [GrantEnd, ...GrantEnd[]];

export interface GrantRecord {
  /** `gra_…`. */
  readonly id: string;
  readonly agentId: string;
  readonly action: string;
  /** Who allowed it, and in whose name it approves. */
  readonly personId: string;
  readonly createdAt: Date;
  readonly endsAt: Date;
  readonly maxUses: number;
  /** What it has approved so far. */
  readonly uses: number;
  readonly endedAt: Date | null;
  readonly endedBy: GrantEnd | null;
}
