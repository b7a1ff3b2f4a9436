/** One thing that is asked of policy: a request, or one step of a request of several. */
export interface Asked {
  readonly action: string;
  /** In the action's own words. Without any field the answer is no: nothing is asked for. */
  readonly fields: readonly string[];
  /**
   * Money at stake, in the account's currency. Cedar has whole numbers only: the magnitude is rounded
   * up, so a limit of 10,000 already counts 10,000.01 as more.
   */
  readonly amount?: number;
}
