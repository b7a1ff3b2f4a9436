import { z } from 'zod';
import { dateTime, oneLine } from './text-rules.ts';

const DEAL_TEXT_MAX_CHARS = 200;
const AMOUNT_MAX = 1_000_000_000_000;

/** The fields of a deal that an agent may write. */
export const dealInput = {
  dealname: oneLine(DEAL_TEXT_MAX_CHARS).meta({ description: 'Name of the deal.' }),
  amount: z
    .number()
    .min(0)
    .max(AMOUNT_MAX)
    .multipleOf(0.01)
    .optional()
    .meta({ description: "Amount in the account's currency, with at most two decimals." }),
  dealstage: oneLine(DEAL_TEXT_MAX_CHARS).meta({
    description: "HubSpot's internal id of the stage, such as closedwon.",
  }),
  pipeline: oneLine(DEAL_TEXT_MAX_CHARS)
    .optional()
    .meta({ description: "HubSpot's internal id of the pipeline; the default one if absent." }),
  closedate: dateTime('When the deal is or was closed.').optional(),
};

interface DealValues {
  readonly amount?: number | undefined;
  readonly closedate?: string | undefined;
}

/** Property values are text on the wire, and times are in UTC. */
export const dealTexts = <Values extends DealValues>(value: Values) => ({
  ...value,
  amount: value.amount === undefined ? undefined : String(value.amount),
  closedate: value.closedate === undefined ? undefined : new Date(value.closedate).toISOString(),
});

/** The money an input names, as policy is asked about it. */
export const amountNamed = ({ amount }: DealValues): { readonly amount?: number } =>
  amount === undefined ? {} : { amount };
