import { z } from 'zod';
import type { Plan, RecordRef, Target } from '../contracts/plan.ts';
import { associatedIn, associateOperation, LINKED, linkProperty } from './association.ts';
import { cardRecord, findPresent } from './card-parts.ts';
import { dealMoney } from './deal-amount.ts';
import { type CardContent, defineAction, type PresentRecord } from './define-action.ts';
import {
  type Parent,
  PARENT_READ_SCOPES,
  PARENT_TYPES,
  parentInput,
  parentsOf,
  parentTarget,
} from './parent.ts';
import { recordName } from './record-name.ts';
import { takeBackAssociation } from './take-back.ts';
import { writtenRecord } from './written-record.ts';

/** As policy grants them: the kinds of records that may be associated. */
const FIELDS = ['contact', 'company', 'deal', 'ticket'] as const;

const input = z
  .strictObject({
    action: z.literal('associate_records'),
    contact_id: parentInput.contact_id.meta({ description: 'A contact that is to be associated.' }),
    company_id: parentInput.company_id.meta({ description: 'A company that is to be associated.' }),
    deal_id: parentInput.deal_id.meta({ description: 'A deal that is to be associated.' }),
    ticket_id: parentInput.ticket_id.meta({ description: 'A ticket that is to be associated.' }),
  })
  .refine((value) => parentsOf(value).length === 2, {
    error: 'exactly two of contact_id, company_id, deal_id and ticket_id are needed',
  });

/**
 * A ticket has few contacts, but a company can have thousands of them: the list that is read for the
 * card and after a lost answer is that of the record with the shorter one.
 */
function pairOf(value: z.output<typeof input>): { readonly from: Parent; readonly to: Parent } {
  const rank = ({ object_type }: Parent): number =>
    ['tickets', 'deals', 'contacts', 'companies'].indexOf(object_type);
  const [from, to] = parentsOf(value).toSorted((one, other) => rank(one) - rank(other));
  if (from === undefined || to === undefined) throw new Error('a single record passed validation');
  return { from, to };
}

/** A deal's amount is read for policy: who it belongs to counts for as much as it holds. */
const withAmount = (target: Target): Target =>
  target.object_type === 'deals'
    ? { ...target, properties: [...target.properties, 'amount'] }
    : target;

function associationPlan(from: Parent, to: Parent): Plan {
  return {
    action: 'associate_records',
    operations: [associateOperation(from, to)],
    targets: [
      { ...withAmount(parentTarget(from)), linked_to: [refOf(to)] },
      withAmount(parentTarget(to)),
    ],
    steps: [
      {
        action: 'associate_records',
        witness: { kind: 'linked', from: refOf(from), to: refOf(to) },
      },
    ],
    fields: [],
  };
}

const refOf = ({ object_type, id }: Parent): RecordRef => ({ object_type, id });

function associationCard(plan: Plan, present: readonly PresentRecord[]): CardContent {
  const { from, to } = associatedIn(plan);
  const records = [findPresent(present, from), findPresent(present, to)] as const;
  const [first, second] = records.map(recordName);
  const property = linkProperty(to);
  return {
    sentence: `Associate ${first ?? ''} with ${second ?? ''}.`,
    records: records.map(cardRecord),
    changes: [
      {
        label: 'Association',
        property,
        before: records[0].properties[property] ?? null,
        after: LINKED,
      },
    ],
  };
}

/**
 * The unlabelled association of two records of different kinds. Associations have no scope of their
 * own: HubSpot takes any scope of an object, also one for reading, so none for writing is asked for.
 */
export const associateRecords = defineAction({
  name: 'associate_records',
  risk: 'write',
  summary:
    'Associate exactly two records of different kinds: contact, company, deal, ticket. A person approves it first.',
  scopes: PARENT_READ_SCOPES,
  input,
  fields: FIELDS,
  touches: (value, present) => {
    const kinds = parentsOf(value).map(({ object_type }) => PARENT_TYPES.indexOf(object_type));
    return {
      answers: [],
      needs: FIELDS.filter((_, kind) => kinds.includes(kind)),
      ...(value.deal_id === undefined ? {} : dealMoney(value.deal_id, {}, present)),
    };
  },
  toPlan: (value) => {
    const { from, to } = pairOf(value);
    return associationPlan(from, to);
  },
  toResult: (plan, answers) => {
    writtenRecord(plan, answers[0]);
    const { from, to } = associatedIn(plan);
    return { associated: [from, to] };
  },
  undo: takeBackAssociation,
  card: associationCard,
});
