import { type ErrorSpec, spec } from './error-spec.ts';

/** What is refused about absences. Part of the one table in `errors.ts`. */
export const ABSENCE_ERRORS = {
  'absence.invalid': spec(
    422,
    false,
    'Nobody can be away like that.',
    'An absence begins now or later, ends after that and within 90 days of it, overlaps no other of the same person, and its delegate is somebody else on the roster. `detail` says which.',
  ),
  'absence.not_found': spec(
    404,
    false,
    'There is no such absence that still stands.',
    '`GET /v1/people` shows who is away. One that is over by its date needs no end.',
  ),
} as const satisfies Record<string, ErrorSpec>;
