/** Rows that open, and the ids of those between them that do not: damage to one hides no other. */
export interface Listed<T> {
  readonly rows: readonly T[];
  readonly damaged: readonly string[];
}
