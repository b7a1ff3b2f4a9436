import { type ErrorSpec, spec } from './error-spec.ts';

/** What HubSpot answers, and what becomes of a write whose answer was lost. Part of the one table in `errors.ts`. */
export const CRM_ERRORS = {
  'record.not_found': spec(
    404,
    false,
    'HubSpot has no such record.',
    "Search for it first; ids are HubSpot's.",
  ),
  'record.conflict': spec(
    409,
    false,
    'HubSpot already has a record with this unique value.',
    'Look the record up and update it instead.',
  ),
  'record.invalid': spec(
    422,
    false,
    'HubSpot refused the values.',
    '`detail` names the property where HubSpot did.',
  ),
  'hubspot.unauthorized': spec(
    502,
    false,
    "HubSpot no longer accepts the gateway's credential.",
    'An operator must look: HubSpot may have revoked it. `npx sallyport doctor` says which version is in use; a new key: `npx sallyport secret set hubspot/main`.',
  ),
  'hubspot.missing_scope': spec(
    502,
    false,
    "The gateway's credential lacks a scope for this action.",
    'An operator adds the scope in HubSpot; `detail` names it.',
  ),
  'hubspot.rate_limited': spec(
    429,
    true,
    "HubSpot's limit for ten seconds is used up.",
    'Wait for Retry-After seconds.',
  ),
  'hubspot.search_limited': spec(
    429,
    true,
    "HubSpot's limit for searches in a second is used up.",
    'Wait for Retry-After seconds. Reading by id is not held up by it.',
  ),
  'hubspot.daily_limited': spec(
    429,
    true,
    "HubSpot's limit for the day is used up.",
    'Wait for Retry-After seconds: it starts again at midnight in the account’s time zone. Approved writes wait and go out then.',
  ),
  'hubspot.unavailable': spec(
    503,
    true,
    'HubSpot did not answer properly.',
    'Wait for Retry-After seconds.',
  ),
  'hubspot.timeout': spec(
    503,
    true,
    'HubSpot did not answer in time.',
    'Wait for Retry-After seconds.',
  ),
  'hubspot.bad_answer': spec(
    502,
    true,
    'HubSpot answered with something this gateway does not understand.',
    'Try again; if it stays, tell the operator.',
  ),
  'outcome.unknown': spec(
    202,
    true,
    'It is not known yet whether HubSpot carried out the write.',
    "Do not send it again. The gateway finds out by reading HubSpot; ask for the request's state.",
  ),
  'outcome.not_executed': spec(
    502,
    true,
    'HubSpot did not carry out the write.',
    'It is settled that nothing happened. Submit it again with a new Idempotency-Key if it is still wanted.',
  ),
  'outcome.not_open': spec(
    409,
    false,
    'There is nothing to settle: what became of this request is known, or it was not begun.',
    'Read its state with `npx sallyport request`.',
  ),
  'outcome.too_early': spec(
    409,
    true,
    'HubSpot may still be working on this write, and the gateway is still looking.',
    'Ask again a little later; most lost answers settle by themselves.',
  ),
  'outcome.record_needed': spec(
    422,
    false,
    'The write makes a record: settling it as executed takes its HubSpot id.',
    'Open the record in HubSpot and give its id: `--record <id>`, or `record_id`.',
  ),
  'outcome.partial': spec(
    409,
    false,
    'Some steps of the request were carried out, then one was not.',
    'Read `result.steps` of the request: it says of every step what became of it. Submit only what is still wanted, with a new Idempotency-Key.',
  ),
} as const satisfies Record<string, ErrorSpec>;
