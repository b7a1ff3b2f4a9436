import { z } from 'zod';
import { DEAL_FIELDS } from './deal-fields.ts';
import { amountNamed, dealInput, dealTexts } from './deal-input.ts';
import { defineAction, type PresentRecord } from './define-action.ts';
import { writtenRecord } from './written-record.ts';
import { hubspotId } from './text-rules.ts';
import { givenFields, updateCard, updatePlan, updateProblem } from './update-record.ts';

const FIELDS = ['dealname', 'amount', 'dealstage', 'closedate'] as const;

const base = z.strictObject({
  action: z.literal('update_deal'),
  deal_id: hubspotId("The deal's HubSpot id."),
  dealname: dealInput.dealname.optional(),
  amount: dealInput.amount,
  dealstage: dealInput.dealstage.optional(),
  closedate: dealInput.closedate,
});

/** Our field names are HubSpot's property names here. */
const changedProperties = (value: z.output<typeof base>): Record<string, string> =>
  givenFields(FIELDS, dealTexts(value));

const input = base.superRefine((value, context) => {
  const message = updateProblem(changedProperties(value));
  if (message !== undefined) context.addIssue({ code: 'custom', message, input: value });
});

/**
 * A deal is as large as it is now or as the write makes it: also its name is changed for that much.
 * `Infinity` when it cannot be told: more people look then.
 */
function atStake(
  value: z.output<typeof base>,
  present: readonly PresentRecord[] | undefined,
): { readonly amount?: number } {
  if (present === undefined) return amountNamed(value);
  const { deal_id, amount } = value;
  const deal = present.find(({ object_type, id }) => object_type === 'deals' && id === deal_id);
  const held = deal === undefined ? Infinity : amountOf(deal);
  return { amount: Math.max(held, amount ?? 0) };
}

/** A deal without an amount holds none; one whose amount was not read, or is no number, may hold any. */
function amountOf({ properties: { amount } }: PresentRecord): number {
  if (amount === null || amount === '') return 0;
  const held = Math.abs(Number(amount));
  return Number.isNaN(held) ? Infinity : held;
}

export const updateDeal = defineAction({
  name: 'update_deal',
  risk: 'write',
  summary: 'Change the amount, stage, name or close date of one deal. A person approves it first.',
  scopes: ['crm.objects.deals.read', 'crm.objects.deals.write'],
  input,
  fields: FIELDS,
  touches: (value, present) => ({
    answers: [],
    needs: Object.keys(changedProperties(value)),
    isAmountHeld: true,
    ...atStake(value, present),
  }),
  toPlan: (value) =>
    updatePlan({
      action: 'update_deal',
      objectType: 'deals',
      id: value.deal_id,
      properties: changedProperties(value),
      alsoRead: ['amount'],
    }),
  toResult: (plan, answers) => ({ deal: { id: writtenRecord(plan, answers[0]).id } }),
  card: (plan, present) => updateCard('deals', DEAL_FIELDS, plan, present),
});
