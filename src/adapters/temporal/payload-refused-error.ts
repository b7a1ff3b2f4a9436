/** Why a payload was refused. Says nothing about its content, so it may be logged. */
export type PayloadRefusal =
  'plaintext' | 'malformed' | 'unknown_key' | 'wrong_namespace' | 'wrong_workflow' | 'damaged';

/**
 * Thrown by the codec inside the SDK: a workflow task fails and is tried again, an activity or a client
 * call fails. It never reaches an agent, hence no code of the error table.
 */
export class PayloadRefusedError extends Error {
  readonly reason: PayloadRefusal;

  constructor(reason: PayloadRefusal, detail?: string) {
    super(`payload refused: ${reason}${detail === undefined ? '' : ` (${detail})`}`);
    this.name = 'PayloadRefusedError';
    this.reason = reason;
  }
}
