import {
  type DetailedError,
  policySetTextToParts,
  policyToJson,
  type PolicyJson,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs';
import { placeOfByte, placesOf } from './source-text.ts';

/** Something wrong with a policy text. `place` is `line:column`, absent when it cannot be told. */
export interface PolicyProblem {
  readonly place?: string | undefined;
  readonly message: string;
}

export interface ReadPolicy {
  /** As Cedar numbers the policies of one text: `policy0`, `policy1`, … */
  readonly cedarId: string;
  /** `@id("…")`, or `rule 3` for the third one if it has none. */
  readonly name: string;
  /** `@reason("…")`, or else its name. */
  readonly reason: string;
  readonly json: PolicyJson;
}

export type Reading =
  | { readonly kind: 'policies'; readonly policies: readonly ReadPolicy[] }
  | { readonly kind: 'problems'; readonly problems: readonly PolicyProblem[] };

const sentence = (...parts: readonly (string | null | undefined)[]): string =>
  parts.filter(Boolean).join('; ');

/** Without the name Cedar gave the policy and the action it was tried with: neither stands in the text. */
function problemOf(text: string, error: DetailedError, name?: string): PolicyProblem {
  const [location] = error.sourceLocations ?? [];
  const said = sentence(error.message, error.help, location?.label)
    .replaceAll(/for policy `policy\d+`, /g, '')
    .replaceAll(/ for Action::"[^"]*"/g, '');
  return {
    place: location === undefined ? undefined : placeOfByte(text, location.start),
    message: name === undefined ? said : `${name}: ${said}`,
  };
}

function readPolicy(text: string, index: number): Omit<ReadPolicy, 'cedarId'> | DetailedError {
  const answer = policyToJson(text);
  if (answer.type === 'failure') {
    return answer.errors[0] ?? noDetails('the policy cannot be read');
  }
  const { id, reason } = answer.json.annotations ?? {};
  const name = id || `rule ${index + 1}`;
  return { name, reason: reason || name, json: answer.json };
}

const noDetails = (message: string): DetailedError => ({
  message,
  help: null,
  code: null,
  url: null,
  severity: null,
});

/** Syntax only: the policies of a text in its order, or why it is none. */
export function readPolicies(text: string): Reading {
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') {
    return { kind: 'problems', problems: parts.errors.map((error) => problemOf(text, error)) };
  }
  if (parts.policy_templates.length > 0) {
    const [place] = placesOf(text, /\?(?:principal|resource)\b/g);
    const message = 'templates (?principal, ?resource) are never linked here; write the policy out';
    return { kind: 'problems', problems: [{ place, message }] };
  }
  // Cedar sorts the parts by id as text: policy10 stands before policy2.
  const cedarIds = parts.policies.map((_, index) => `policy${index}`).toSorted();
  const policies = parts.policies.map((part, position) => {
    const cedarId = cedarIds[position] ?? '';
    const policy = readPolicy(part, Number(cedarId.slice('policy'.length)));
    return 'message' in policy ? policy : { cedarId, ...policy };
  });
  const unread = policies.filter((policy) => 'message' in policy);
  return unread.length > 0
    ? { kind: 'problems', problems: unread.map((error) => problemOf(text, error)) }
    : { kind: 'policies', policies: policies.filter((policy) => 'cedarId' in policy) };
}

/** Cedar reports one mistake for every action it can meet, and all actions have the same context: once is enough. */
const withoutEchoes = (problems: readonly PolicyProblem[]): PolicyProblem[] => [
  ...new Map(problems.map((item) => [`${item.place ?? ''} ${item.message}`, item])).values(),
];

/**
 * Cedar's strict validation (https://docs.cedarpolicy.com/policies/validation.html). Warnings count as
 * problems: "this policy can never apply" is a `forbid` that protects nothing.
 */
export function validatePolicies(
  text: string,
  schema: string,
  policies: readonly ReadPolicy[],
): PolicyProblem[] {
  const answer = validate({
    schema,
    policies: { staticPolicies: text },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type === 'failure') return answer.errors.map((error) => problemOf(text, error));
  const { validationErrors: errors, validationWarnings, otherWarnings } = answer;
  const wrong = new Set(errors.map(({ policyId }) => policyId));
  const warnings = validationWarnings.filter(({ policyId }) => !wrong.has(policyId));
  const nameOf = (id: string): string => policies.find(({ cedarId }) => cedarId === id)?.name ?? id;
  return withoutEchoes([
    ...[...errors, ...warnings].map(({ policyId, error }) =>
      problemOf(text, error, nameOf(policyId)),
    ),
    ...otherWarnings.map((error) => problemOf(text, error)),
  ]);
}
