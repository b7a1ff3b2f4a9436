import { ABSENCE_ERRORS } from './absence-errors.ts';
import { CHANNEL_ERRORS } from './channel-errors.ts';
import { CRM_ERRORS } from './crm-errors.ts';
import { type ErrorSpec, spec } from './error-spec.ts';
import { GRANT_ERRORS } from './grant-errors.ts';
import { INCIDENT_ERRORS } from './incident-errors.ts';
import { SIGN_IN_ERRORS } from './sign-in-errors.ts';
import { TOGETHER_ERRORS } from './together-errors.ts';

/**
 * Every error Sallyport can answer with, in one table. A code is stable for ever: agents and people
 * switch on `code` and `retryable`, `docs/errors.md` is generated from here, and the boundary mappers
 * (HubSpot, Temporal, HTTP) only ever translate to and from these codes.
 */
export const ERRORS = {
  // At the edge
  'request.malformed': spec(
    400,
    false,
    'The request body is not the JSON this route takes.',
    'Send one JSON object as the OpenAPI document describes it; `detail` names the place.',
  ),
  'request.too_large': spec(
    413,
    false,
    'The request body is too large.',
    'Shorten the prompt or the action; the limit is in `detail`.',
  ),
  'request.unsupported_media': spec(
    415,
    false,
    'The body must be application/json.',
    'Set Content-Type: application/json and send UTF-8 without compression.',
  ),
  'request.method_not_allowed': spec(
    405,
    false,
    'This path does not take that method.',
    'See the Allow header.',
  ),
  'request.not_found': spec(
    404,
    false,
    'There is no such thing here.',
    "Check the id. Another agent's request answers in the same way.",
  ),
  'request.not_withdrawable': spec(
    409,
    false,
    'The request can no longer be withdrawn.',
    'Read its state; only a request that still waits for approval can be withdrawn.',
  ),
  'agent.unauthenticated': spec(
    401,
    false,
    'The agent key is missing, unknown or revoked.',
    'Send Authorization: Bearer with a key from `npx sallyport agent add`.',
  ),
  'person.unauthenticated': spec(
    401,
    false,
    "The person's key or session is missing, unknown, ended or revoked.",
    'Send Authorization: Bearer with a key from `npx sallyport person add`, or sign in again.',
  ),
  'person.forbidden': spec(
    403,
    false,
    'This person may not do that.',
    'Ask an operator; roles are given with `npx sallyport person roles`.',
  ),
  ...SIGN_IN_ERRORS,
  ...INCIDENT_ERRORS,

  'idempotency.key_required': spec(
    400,
    false,
    'A write needs an Idempotency-Key header.',
    'Send a fresh unique key with every new write and the same key with every retry of it.',
  ),
  'idempotency.mismatch': spec(
    422,
    false,
    'This Idempotency-Key was used with another body.',
    'Use a new key for a new request.',
  ),
  'rate.limited': spec(429, true, 'Too many requests.', 'Wait for Retry-After seconds.'),
  'gateway.busy': spec(
    503,
    true,
    'The gateway has as many requests in flight as it can carry.',
    'Wait for Retry-After seconds and send the same request again; nothing was accepted.',
  ),
  'gateway.stopping': spec(
    503,
    true,
    'The gateway is shutting down.',
    'Send the same request again in a moment.',
  ),

  // Refused by rule
  'action.unknown': spec(
    422,
    false,
    'There is no such action.',
    'GET /v1/tools lists what this agent may ask.',
  ),
  'action.invalid': spec(
    422,
    false,
    "The action's fields are not valid.",
    '`detail` names the field; GET /v1/tools has the schema.',
  ),
  'prompt.refused': spec(
    422,
    false,
    'The prompt or the action carries text that is refused.',
    '`detail` names the rule. Remove secrets and control characters.',
  ),
  'policy.denied': spec(
    403,
    false,
    'Policy does not grant this to this agent.',
    'Ask the operator; `npx sallyport policy explain` shows what each agent may do.',
  ),
  'freeze.active': spec(
    423,
    false,
    'The connection or the agent is frozen.',
    'Stop and wait for a person: an operator sees it with `npx sallyport freezes` and lifts it with `npx sallyport unfreeze`. What ended on it is not done later: submit it again then, with a new Idempotency-Key.',
  ),

  // Approvals
  'approval.queue_full': spec(
    429,
    true,
    'As many writes of this agent wait for people as may.',
    'Nothing was asked of anyone. Wait until some are decided, or withdraw what is no longer wanted; then send it again.',
  ),
  'approval.not_found': spec(
    404,
    false,
    'There is no such approval.',
    "Check the id; it is the request's.",
  ),
  'approval.rejected': spec(
    403,
    false,
    'A person rejected this write.',
    'Read the reason in `detail`; do not send the same write again.',
  ),
  'approval.expired': spec(
    409,
    false,
    'Nobody approved this write in time.',
    'Submit it again with a new Idempotency-Key if it is still wanted.',
  ),
  'approval.lapsed': spec(
    409,
    false,
    'The approval was not used in time.',
    'Nothing was sent. Submit it again with a new Idempotency-Key if it is still wanted.',
  ),
  'approval.withdrawn': spec(
    409,
    false,
    'The request was withdrawn before it was decided.',
    'Nothing was done. Submit it again with a new Idempotency-Key if it is still wanted.',
  ),
  'approval.changed': spec(
    409,
    false,
    'A person changed this write before it was decided.',
    'Nothing was sent of it. `successor` is the request with the changed values, which people decide on; read that one, and do not send this one again.',
  ),
  'approval.unchanged': spec(
    422,
    false,
    'The change changes nothing.',
    'Give a field another value, or approve the request as it is.',
  ),
  'approval.not_changeable': spec(
    422,
    false,
    'That cannot be changed before it is decided.',
    '`detail` says what. Approve it as it is, or reject it and say what should be different.',
  ),
  'approval.stale': spec(
    409,
    false,
    'The record changed after the approver saw it.',
    'Nothing was sent. Submit the write again so that a person sees the present values.',
  ),
  'approval.closed': spec(
    409,
    false,
    'The request is no longer waiting for a decision.',
    'Read its state.',
  ),
  'approval.digest_mismatch': spec(
    409,
    false,
    'The decision was made on another version of the request.',
    'Open the card again and decide on the digest it shows.',
  ),
  'approval.own_request': spec(
    403,
    false,
    'People do not approve their own requests.',
    'Ask another approver.',
  ),
  'approval.delay_too_long': spec(
    409,
    false,
    'The request ends before the delay of an approval of one’s own would be over.',
    'Nothing was decided. Have it asked again and approve it sooner, or shorten `SALLYPORT_SELF_APPROVAL_DELAY_SECONDS`.',
  ),
  'approval.not_eligible': spec(
    403,
    false,
    'This person may not decide on this request.',
    'Policy names who may; `npx sallyport policy explain` shows it.',
  ),
  'approval.passkey_required': spec(
    403,
    false,
    'Approving this write takes a passkey.',
    'Open it in the console and approve there with your passkey. Rejecting takes none.',
  ),
  'approval.already_decided': spec(
    409,
    false,
    'This person has already decided on this request.',
    'One person counts once; ask another approver.',
  ),
  'approval.unproven': spec(
    401,
    false,
    'The decision came without valid proof of who made it.',
    'Use your passkey again on the card as it is now, or the code your authenticator shows now; a code works once.',
  ),
  'approval.insufficient': spec(
    409,
    false,
    'The decisions on file no longer satisfy policy.',
    'Nothing was sent. Submit the write again.',
  ),

  ...GRANT_ERRORS,
  ...TOGETHER_ERRORS,
  ...ABSENCE_ERRORS,

  ...CHANNEL_ERRORS,

  ...CRM_ERRORS,

  // Our own neighbours
  'credential.missing': spec(
    503,
    true,
    'No HubSpot credential is set for this connection.',
    'An operator runs `npx sallyport secret set hubspot/main`.',
  ),
  'credential.unchecked': spec(
    503,
    true,
    'It was not checked yet which HubSpot account the new key opens.',
    'An operator runs `npx sallyport connect`; then it goes on by itself.',
  ),
  'connection.app_unknown': spec(
    409,
    false,
    'HubSpot has not said which app the connection’s token belongs to.',
    'Without it nothing in HubSpot’s history can be told to be ours. An operator runs `npx sallyport connect`.',
  ),
  'connection.portal_changed': spec(
    409,
    false,
    'This is for another HubSpot account than the connection leads to.',
    'Nothing was changed. Set a key of the right account, or run `npx sallyport connect --force-portal` if the account is meant to change; what was asked for before that is asked for again.',
  ),
  'secret.unavailable': spec(
    503,
    true,
    'The secret store cannot be reached or opened.',
    'An operator checks it; `/readyz` says which part is down.',
  ),
  'secret.conflict': spec(
    409,
    true,
    'The secret was changed by someone else meanwhile.',
    'Read its version again and repeat.',
  ),
  'store.unavailable': spec(
    503,
    true,
    "The gateway's store cannot be written.",
    'Nothing was called. An operator checks disk space and permissions of the data folder.',
  ),
  'log.unavailable': spec(
    503,
    true,
    'The audit log cannot be written.',
    'Nothing was called. An operator checks disk space and permissions of the data folder.',
  ),
  'engine.unavailable': spec(
    503,
    true,
    'The workflow engine cannot be reached.',
    'Send the same request with the same Idempotency-Key again after Retry-After seconds.',
  ),
  'request.forged': spec(
    403,
    false,
    'The request did not come from the gateway’s own API.',
    'Nothing was read or sent. Treat it as an incident: someone on this machine started a workflow by hand.',
  ),
  'plan.tampered': spec(
    500,
    false,
    'The stored plan is not the one that was logged and approved.',
    'Nothing more is sent. Treat it as an incident: someone changed the store.',
  ),
  'config.invalid': spec(
    500,
    false,
    'The configuration is not valid.',
    '`detail` names the setting.',
  ),
  'internal.unexpected': spec(
    500,
    false,
    'Something went wrong inside the gateway.',
    'Tell the operator the request id.',
  ),
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}
