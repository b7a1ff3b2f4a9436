/**
 * Bytes that are not what the format says they are: a torn bundle, a note without signatures, a
 * checkpoint with a leading zero. `message` names the rule that was broken and never quotes content,
 * because a log may be read by people who may not see what it holds.
 */
export class LogFormatError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LogFormatError';
  }
}

/**
 * The store, the folder and the signed checkpoint contradict each other. Nothing is signed when this
 * is found: someone rewrote the store or the folder, which is an incident and not a disk error.
 * `place` is a path relative to the log's folder.
 */
export class InconsistentLogError extends Error {
  readonly place: string;

  constructor(place: string, problem: string) {
    super(`inconsistent: ${place}: ${problem}`);
    this.name = 'InconsistentLogError';
    this.place = place;
  }
}
