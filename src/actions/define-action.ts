import type { z } from 'zod';
import type { CardChange, CardRecord } from '../contracts/card.ts';
import type { ObjectType, Plan } from '../contracts/plan.ts';
import type { Undo } from '../contracts/undo.ts';
import type { Asked } from '../core/asked.ts';
import type { CrmNames } from '../core/crm-names.ts';
import type { LedgerRecord, Risk } from '../core/records.ts';

/** What planning may know beside the input. */
export interface PlanContext {
  /** The request's id, of a step of several with the step's number: `act_….2`. Marks what is created. */
  readonly requestId: string;
  /** Fixed into the plan where HubSpot wants a time. */
  readonly now: Date;
  /** The fields (in the action's own words) that policy grants for the answer. */
  readonly fields: readonly string[];
  /**
   * Object type -> name of a property with unique values that is prepared on this connection for ids of
   * requests: a create that carries its own is found again by it, and refused by HubSpot a second time.
   */
  readonly uniqueProperties: Readonly<Partial<Record<ObjectType, string>>>;
}

/** What an input asks for, in the vocabulary of policy. */
export interface Touches {
  /** Fields the answer would hold; those policy does not grant are left out of plan and answer. */
  readonly answers: readonly string[];
  /** Fields that must all be granted: search criteria of a read, values of a write. */
  readonly needs: readonly string[];
  /** Money at stake, in the account's currency: the larger of what the input names and the record holds. */
  readonly amount?: number;
  /** The amount is only known once the records have been read. */
  readonly isAmountHeld?: boolean;
  /** A request of several steps is asked about step by step, and the rest of this is empty. */
  readonly steps?: readonly Asked[];
}

/** A record as it is in HubSpot now, read for the card. */
export interface PresentRecord {
  readonly object_type: ObjectType;
  readonly id: string;
  readonly properties: Readonly<Record<string, string | null>>;
  readonly updated_at?: string | undefined;
}

export interface CardContent {
  /** One plain sentence: what happens if you approve. */
  readonly sentence: string;
  readonly records: readonly CardRecord[];
  readonly changes: readonly CardChange[];
}

/** What a card is made of, as `ActionDefinition.card` has it. */
export type CardOf = [plan: Plan, present: readonly PresentRecord[], names?: CrmNames];

/**
 * One ability of an agent: plain data and pure functions, declared once. Validator, types, tool
 * definitions, OpenAPI, the Cedar schema, the scope list and the card all come from here, so reviewing
 * a new ability is reviewing one file.
 *
 * The functions are declared as methods so that definitions of different inputs fit in one catalogue;
 * pass them only what the same definition's `input` has parsed.
 */
export interface ActionDefinition<Schema extends z.ZodObject = z.ZodObject> {
  /** snake_case; the `action` field of the input. */
  readonly name: string;
  readonly risk: Risk;
  /** One sentence for the agent's model and for people. */
  readonly summary: string;
  /**
   * HubSpot scopes of all calls, also of those that read for the card or settle a lost answer
   * (https://developers.hubspot.com scopes page).
   */
  readonly scopes: readonly string[];
  /** A `z.strictObject` whose `action` is the literal name. */
  readonly input: Schema;
  /** Every field this action can answer or write: what policy can grant. */
  readonly fields: readonly string[];
  /**
   * Writes only: input fields that hold a value, by name with the label that people read. A person may give
   * them another value before they approve (`gate/changes.ts`); never which record is meant. None if absent.
   */
  readonly changeable?: Readonly<Record<string, string>>;
  /** `present`: the records as the card has them; absent before there is a card. */
  touches(input: z.output<Schema>, present?: readonly PresentRecord[]): Touches;
  toPlan(input: z.output<Schema>, context: PlanContext): Plan;
  /**
   * From HubSpot's answers, one per operation, to what the agent gets: only `plan.fields`.
   * Throws `hubspot.bad_answer` when an answer is not what HubSpot documents.
   */
  toResult(plan: Plan, answers: readonly unknown[]): unknown;
  /**
   * Writes only: the card, from the plan's very bytes and the records (`plan.targets`) as they are now.
   * Throws `record.not_found` when a target is not among them: what cannot be shown cannot be approved.
   * `names`: what HubSpot calls the values in it; without them they are shown as it keeps them.
   */
  card?(...of: CardOf): CardContent;
  /**
   * Writes only: what would take it back, from the plan and the rows of the write ledger; nothing when
   * nothing was changed. Pure data, executed elsewhere. Throws `plan.tampered` for rows of another plan.
   */
  undo?(plan: Plan, rows: readonly LedgerRecord[]): readonly Undo[];
}

export function defineAction<Schema extends z.ZodObject>(
  definition: ActionDefinition<Schema>,
): ActionDefinition<Schema> {
  return definition;
}
