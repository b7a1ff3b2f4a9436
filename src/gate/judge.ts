import { ACTION_NAMES, findAction } from '../actions/catalogue.ts';
import type { ActionDefinition } from '../actions/define-action.ts';
import { describeInput } from '../actions/describe-input.ts';
import type { Requirement } from '../contracts/card.ts';
import type { Plan } from '../contracts/plan.ts';
import type { ErrorCode } from '../core/errors.ts';
import { refusePrompt } from '../core/prompt-rules.ts';
import type { AgentRecord, PersonRecord, Submission, UniqueProperties } from '../core/records.ts';
import type { Policy, PolicyQuery } from '../policy/policy.ts';
import { grantedFields, requirementFor } from '../policy/requirement.ts';
import { isOwnAgent, mayAsk, NO_RULE_FOR_OWN, wordsOf } from './own-agent.ts';
import { policyQueryFor } from './policy-query.ts';

/** What validation says of a submission: refused with a code, or a frozen plan and what policy asks for. */
export type Judgement =
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail?: string | undefined }
  | {
      readonly kind: 'planned';
      readonly action: ActionDefinition;
      readonly plan: Plan;
      readonly requirement: Requirement;
      /** What the records hold, and so what policy asks for, is only known once they are read for the card. */
      readonly needsCard: boolean;
    };

interface Case {
  readonly requestId: string;
  readonly connection: string;
  readonly submission: Submission;
  readonly agent: AgentRecord;
  readonly people: readonly PersonRecord[];
  readonly policy: Policy;
  readonly now: Date;
  /** What the connection is prepared with. */
  readonly uniqueProperties: UniqueProperties;
}

const denied = ({ agent }: Case): Judgement => ({
  kind: 'refused',
  code: 'policy.denied',
  ...(isOwnAgent(agent.id) ? { detail: NO_RULE_FOR_OWN } : {}),
});

function planFor(of: Case, action: ActionDefinition, input: Record<string, unknown>): Judgement {
  const touches = action.touches(input);
  const query: PolicyQuery = policyQueryFor(of, of.people);
  const fields = grantedFields(of.policy, query, touches.answers);
  if (touches.answers.length > 0 && fields.length === 0) {
    return { kind: 'refused', code: 'policy.denied', detail: 'none of the fields is granted' };
  }
  const requirement = requirementFor(of.policy, {
    ...query,
    fields: [...query.fields, ...fields],
  });
  if (requirement === undefined) return denied(of);
  // Nobody is asked about a read; policy text that wants that is held to it by refusing.
  if (action.risk === 'read' && requirement.approvals > 0) {
    return { kind: 'refused', code: 'policy.denied', detail: 'policy asks for approval of a read' };
  }
  const { requestId, now, uniqueProperties } = of;
  const plan = action.toPlan(input, { requestId, now, fields, uniqueProperties });
  const needsCard = requirement.approvals > 0 || touches.isAmountHeld === true;
  return { kind: 'planned', action, plan, requirement, needsCard };
}

/**
 * Schema, prompt rules, policy, plan: everything that is decided before anything is called. Pure but
 * for the ids it is given, so running it twice gives the same answer.
 */
export function judgeSubmission(of: Case): Judgement {
  const refusal = refusePrompt(wordsOf(of.agent.id, of.submission));
  if (refusal !== undefined) {
    return {
      kind: 'refused',
      code: 'prompt.refused',
      detail: `${refusal.rule}: ${refusal.reason}`,
    };
  }
  const action = findAction(of.submission.action.action);
  if (action === undefined) {
    const detail = `the actions are ${ACTION_NAMES.join(', ')}`;
    return { kind: 'refused', code: 'action.unknown', detail };
  }
  if (!mayAsk(of.agent.id, action.name)) return { kind: 'refused', code: 'policy.denied' };
  const parsed = action.input.safeParse(of.submission.action);
  if (!parsed.success) {
    return { kind: 'refused', code: 'action.invalid', detail: describeInput(action, parsed.error) };
  }
  return planFor(of, action, parsed.data);
}
