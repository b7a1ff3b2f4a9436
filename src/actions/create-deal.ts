import { z } from 'zod';
import { attachedCard, attachedPlan } from './attached-record.ts';
import { DEAL_FIELDS } from './deal-fields.ts';
import { amountNamed, dealInput, dealTexts } from './deal-input.ts';
import { defineAction } from './define-action.ts';
import { labelled, labelsOf } from './fields.ts';
import { takeBackCreate } from './take-back.ts';
import { writtenRecord } from './written-record.ts';
import { textWithMarker } from './marked-body.ts';
import { hasOneParent, parentInput, parentOf } from './parent.ts';
import { multiLine } from './text-rules.ts';
import { givenFields } from './update-record.ts';

const DESCRIPTION_MAX_CHARS = 10_000;

const VALUES = ['dealname', 'amount', 'dealstage', 'pipeline', 'closedate'] as const;
const FIELDS = [...VALUES, 'description'] as const;

/** Also of what is set back. */
export const DEAL_LABELS = new Map([...labelsOf(DEAL_FIELDS), ['description', 'Description']]);

const input = z
  .strictObject({
    action: z.literal('create_deal'),
    contact_id: parentInput.contact_id,
    company_id: parentInput.company_id,
    ...dealInput,
    description: multiLine(DESCRIPTION_MAX_CHARS)
      .optional()
      .meta({ description: 'What the deal is about, as plain text.' }),
  })
  .refine(hasOneParent, { error: 'exactly one of contact_id or company_id is needed' });

/** Our field names are HubSpot's property names here. The description is plain text there, no HTML. */
const dealProperties = (
  value: z.output<typeof input>,
  requestId: string,
): Record<string, string> => ({
  ...givenFields(FIELDS, dealTexts(value)),
  description: textWithMarker(value.description, requestId),
});

/**
 * HubSpot keeps nothing of a deal unique, so a deal that was made twice would stay unseen: it must belong
 * to a contact or company, among whose deals it is looked for when the answer was lost.
 */
export const createDeal = defineAction({
  name: 'create_deal',
  risk: 'write',
  summary: 'Create a deal for exactly one contact or company. A person approves it first.',
  scopes: [
    'crm.objects.contacts.read',
    'crm.objects.companies.read',
    'crm.objects.deals.read',
    'crm.objects.deals.write',
  ],
  input,
  fields: FIELDS,
  changeable: { ...labelled(VALUES, DEAL_FIELDS), description: 'Description' },
  touches: (value) => ({
    answers: [],
    needs: FIELDS.filter((field) => value[field] !== undefined),
    ...amountNamed(value),
  }),
  toPlan: (value, context) =>
    attachedPlan(
      {
        action: 'create_deal',
        objectType: 'deals',
        properties: dealProperties(value, context.requestId),
        markedProperty: 'description',
        parent: parentOf(value),
      },
      context,
    ),
  toResult: (plan, answers) => ({ deal: { id: writtenRecord(plan, answers[0]).id } }),
  undo: takeBackCreate,
  card: (...of) =>
    attachedCard(
      {
        objectType: 'deals',
        labels: DEAL_LABELS,
        sentence: (parent, sent) => `Create the deal ${sent['dealname'] ?? ''} for ${parent}.`,
      },
      ...of,
    ),
});
