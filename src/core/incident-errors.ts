import { type ErrorSpec, spec } from './error-spec.ts';

/** What the steps of an incident are refused with, and what it ends. Part of the one table in `errors.ts`. */
export const INCIDENT_ERRORS = {
  'incident.contained': spec(
    503,
    true,
    'An incident was opened, and what had not begun was ended. Nothing was sent.',
    'Wait until a person has let the gateway go on, then submit it again with a new Idempotency-Key.',
  ),
  'incident.wrong_stage': spec(
    409,
    false,
    'The incident is not at that step.',
    'See where it stands: `npx sallyport incident show`.',
  ),
  'incident.open': spec(
    409,
    false,
    'An incident holds this freeze; it is lifted when the incident ends.',
    'Go on with the incident: `npx sallyport incident show` says what it waits for.',
  ),
  'incident.same_person': spec(
    403,
    false,
    'You contained this, so someone else opens it again.',
    'Ask another person with the role operator to resume.',
  ),
  'incident.changed': spec(
    409,
    false,
    'The incident is not as you saw it.',
    'Look at it again, and resume what you see then.',
  ),
  'incident.same_key': spec(
    409,
    false,
    'That is the key that is to be replaced.',
    'Rotate it in HubSpot first, with "Rotate and expire now", and store the new one.',
  ),
} as const satisfies Record<string, ErrorSpec>;
