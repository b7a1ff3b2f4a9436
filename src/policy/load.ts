import { createHash } from 'node:crypto';
import { preparsePolicySet, preparseSchema } from '@cedar-policy/cedar-wasm/nodejs';
import type { ActionDefinition } from '../actions/define-action.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { createPolicy } from './evaluate.ts';
import { lintPolicies } from './lint.ts';
import { vocabularyOf } from './policy-json.ts';
import type { Policy } from './policy.ts';
import {
  type PolicyProblem,
  readPolicies,
  type ReadPolicy,
  validatePolicies,
} from './read-policies.ts';
import { cedarSchema } from './schema.ts';

export interface PolicySource {
  /** Cedar: https://docs.cedarpolicy.com/policies/syntax-policy.html */
  readonly text: string;
  /** What messages call the text: its path as the operator knows it. */
  readonly file: string;
  readonly actions: readonly ActionDefinition[];
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

function invalid(file: string, problems: readonly PolicyProblem[]): GatewayError {
  const lines = problems.map(
    ({ place, message }) => `${file}${place === undefined ? '' : `:${place}`}: ${message}`,
  );
  return new GatewayError('config.invalid', { detail: lines.join('\n') });
}

function checkedPolicies(
  { text, file, actions }: PolicySource,
  schema: string,
): readonly ReadPolicy[] {
  const reading = readPolicies(text);
  if (reading.kind === 'problems') throw invalid(file, reading.problems);
  const { policies } = reading;
  const problems = [
    ...validatePolicies(text, schema, policies),
    ...lintPolicies(text, policies, actions),
  ];
  if (problems.length > 0) throw invalid(file, problems);
  return policies;
}

function assertPrepared(file: string, answer: ReturnType<typeof preparseSchema>): void {
  if (answer.type === 'failure') throw invalid(file, answer.errors);
}

/**
 * Reads and checks a policy text once, against the schema of these actions. Throws `config.invalid`
 * with one `file:line:column: what is wrong` per line, all problems at once. Cedar keeps each distinct
 * text in memory until the process ends: load at start and on change, not per request.
 */
export function loadPolicy(source: PolicySource): Policy {
  const { text, file, actions } = source;
  const schema = cedarSchema(actions);
  const policies = checkedPolicies(source, schema);
  const digest = sha256(text);
  const names = { policySetId: `policy-${digest}`, schemaName: `schema-${sha256(schema)}` };
  assertPrepared(file, preparseSchema(names.schemaName, schema));
  assertPrepared(file, preparsePolicySet(names.policySetId, { staticPolicies: text }));
  return createPolicy({
    digest,
    ...names,
    ...vocabularyOf(policies.map(({ json }) => json)),
    reasons: new Map(policies.map(({ cedarId, reason }) => [cedarId, reason])),
  });
}
