/** A message as Standard Webhooks has it. */
export interface SignedWebhook {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly raw: Uint8Array;
}

/** Tells whether a message was signed with a secret. It knows nobody and holds no state. */
export interface WebhookDoor {
  /**
   * Checks the signature over the raw bytes with each of the secrets, and the time, five minutes either
   * way, before anything is parsed. Returns the message's id, which no other message of this sender has.
   * Throws `channel.unproven`, with one message for every reason.
   */
  verify(message: SignedWebhook, secrets: readonly string[], now: Date): string;
}
