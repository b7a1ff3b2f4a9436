import { findAction } from '../actions/catalogue.ts';
import type { Requirement } from '../contracts/card.ts';
import type { Plan } from '../contracts/plan.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { AuditEvent, RequestRecord, Submission } from '../core/records.ts';
import type { RequestStatus } from '../core/request-state.ts';
import type { SignedSubmission } from '../ports/engine.ts';
import { requestEntry } from './request-entry.ts';

/** What is asked, by whom, on which connection. */
export type Submitted = Omit<SignedSubmission, 'mac'>;

export const submissionOf = ({ body }: Submitted): Submission => ({
  userId: body.user_id,
  prompt: body.agent_prompt,
  action: body.action,
});

/** A request's first row. */
export function newRequest(of: {
  readonly requestId: string;
  readonly submission: Submitted;
  readonly status: RequestStatus;
  readonly now: Date;
  readonly plan?: Plan | undefined;
  readonly digest?: string | undefined;
  readonly requirement?: Requirement | undefined;
  readonly code?: ErrorCode | undefined;
  readonly detail?: string | undefined;
  readonly expiresAt?: Date | undefined;
  readonly retryAt?: Date | undefined;
}): RequestRecord {
  const submission = submissionOf(of.submission);
  // An unknown name is the agent's own text, and this one enters the log in clear.
  const name = findAction(submission.action.action)?.name ?? 'unknown';
  return {
    id: of.requestId,
    agentId: of.submission.agentId,
    connection: of.submission.connection,
    bodyHash: of.submission.bodyHash,
    submission,
    action: name,
    risk: findAction(name)?.risk ?? 'read',
    status: of.status,
    plan: of.plan ?? null,
    digest: of.digest ?? null,
    card: null,
    requirement: of.requirement ?? null,
    seen: null,
    credentialVersion: null,
    result: null,
    code: of.code ?? null,
    detail: of.detail ?? null,
    retryAt: of.retryAt ?? null,
    createdAt: of.now,
    updatedAt: of.now,
    expiresAt: of.expiresAt ?? null,
  };
}

/** Who asked for what, as the log keeps it: the article's fields, personal content under a commitment. */
export const requestFacts = (
  request: RequestRecord,
): Pick<AuditEvent, 'requestId' | 'agentId' | 'actor' | 'digest' | 'personal'> => ({
  ...requestEntry(request, `agent:${request.agentId}`),
  personal: {
    user_id: request.submission.userId,
    agent_prompt: request.submission.prompt,
    structured_action: request.submission.action,
  },
});
