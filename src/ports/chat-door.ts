import type { Card } from '../contracts/card.ts';

/** On what a button stands. Everything else is read from the record. */
export interface Pressed {
  /** The channel's own id of who pressed it. */
  readonly user: string;
  readonly requestId: string;
  readonly digest: string;
}

export type Interaction =
  | (Pressed & { readonly kind: 'approve' })
  /** Wants to reject, and is to be asked why. */
  | (Pressed & { readonly kind: 'ask_reason'; readonly trigger: string })
  | (Pressed & { readonly kind: 'reject'; readonly reason: string })
  /** Nothing that decides: a link was opened. */
  | { readonly kind: 'nothing' };

/** An interaction that came from the chat service, under a name that no other message has. */
export interface ProvenInteraction {
  readonly name: string;
  readonly interaction: Interaction;
}

export interface SignedMessage {
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly raw: Uint8Array;
}

/**
 * The way back from a chat service. It proves where a message came from and reads it; who a user is and
 * what counts is decided by the gate.
 */
export interface ChatDoor {
  /**
   * Checks the signature over the raw bytes and the time, five minutes either way, before anything is
   * parsed. Throws `channel.unproven`, and `request.malformed` for what is signed and not understood.
   */
  read(message: SignedMessage, now: Date): Promise<ProvenInteraction>;
  /** Why there is no such decision on this card there; undefined when there is. */
  whyNotHere(card: Card, decision: 'approve' | 'reject'): string | undefined;
  /** Asks the person for a reason. May fail: they press again. */
  askReason(pressed: Pressed, trigger: string): Promise<void>;
  /** Says something to this person alone. May fail: the record has it. */
  say(user: string, text: string): Promise<void>;
}
