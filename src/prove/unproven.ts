/** Nothing here could be tried on this installation, for a reason of the installation's own. */
export class NotApplicableError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NotApplicableError';
  }
}

/** It should have been tried and could not be: neither held nor broken. */
export class NotShownError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NotShownError';
  }
}
