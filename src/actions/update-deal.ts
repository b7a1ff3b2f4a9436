import { z } from 'zod';
import { dealMoney } from './deal-amount.ts';
import { DEAL_FIELDS } from './deal-fields.ts';
import { amountNamed, dealInput, dealTexts } from './deal-input.ts';
import { defineAction } from './define-action.ts';
import { labelled } from './fields.ts';
import { takeBackUpdate } from './take-back.ts';
import { writtenRecord } from './written-record.ts';
import { hubspotId } from './text-rules.ts';
import { givenFields, updateCard, updatePlan, refuseNoChange } from './update-record.ts';

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

const input = base.superRefine(refuseNoChange(changedProperties));

export const updateDeal = defineAction({
  name: 'update_deal',
  risk: 'write',
  summary: 'Change the amount, stage, name or close date of one deal. A person approves it first.',
  scopes: ['crm.objects.deals.read', 'crm.objects.deals.write'],
  input,
  fields: FIELDS,
  changeable: labelled(FIELDS, DEAL_FIELDS),
  touches: (value, present) => ({
    answers: [],
    needs: Object.keys(changedProperties(value)),
    ...dealMoney(value.deal_id, amountNamed(value), present),
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
  undo: takeBackUpdate,
  card: (...of) => updateCard('deals', DEAL_FIELDS, ...of),
});
