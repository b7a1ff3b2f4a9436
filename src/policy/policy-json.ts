import type { PolicyVocabulary } from './policy.ts';

/** Cedar's JSON form of a policy, walked without knowing all of it: https://docs.cedarpolicy.com/policies/json-format.html */
export type JsonNode = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is JsonNode => typeof value === 'object' && value !== null;

/** Every object and array in it, outermost first. */
export function* nodesOf(value: unknown): Generator<JsonNode> {
  if (!isNode(value)) return;
  yield value;
  for (const child of Object.values(value)) yield* nodesOf(child);
}

const isContextAttribute = (value: unknown, attribute: string): boolean => {
  if (!isNode(value) || !isNode(value['.'])) return false;
  const { left, attr } = value['.'];
  return attr === attribute && isNode(left) && left['Var'] === 'context';
};

/** What `context.<attribute>` is held against, by any operator with two sides. */
export function* comparedWith(policy: unknown, attribute: string): Generator {
  for (const { left, right } of nodesOf(policy)) {
    if (isContextAttribute(left, attribute)) yield right;
    if (isContextAttribute(right, attribute)) yield left;
  }
}

const valuesIn = (expression: unknown): unknown[] =>
  [...nodesOf(expression)].flatMap((node) => ('Value' in node ? [node['Value']].flat() : []));

/** Literals anywhere in an expression. */
export const stringsIn = (expression: unknown): string[] =>
  valuesIn(expression).filter((value) => typeof value === 'string');

const numbersIn = (expression: unknown): number[] =>
  valuesIn(expression).filter((value) => typeof value === 'number');

/** Ids of the entities of one type that a policy names. */
export const entitiesNamed = (policy: unknown, type: string): string[] =>
  [...nodesOf(policy)].flatMap(({ type: named, id }) =>
    named === type && typeof id === 'string' ? [id] : [],
  );

const sortedNumbers = (numbers: readonly number[]): number[] =>
  [...new Set(numbers)].toSorted((one, other) => one - other);

export function vocabularyOf(policies: readonly unknown[]): PolicyVocabulary {
  const numbersAgainst = (attribute: string): number[] =>
    sortedNumbers([...comparedWith(policies, attribute)].flatMap((side) => numbersIn(side)));
  return {
    roles: [...new Set(entitiesNamed(policies, 'Role'))].toSorted(),
    mentionsPasskeys: [...nodesOf(policies)].some(({ attr }) => attr === 'passkeyApprovals'),
    amounts: numbersAgainst('amount'),
    injectionRisks: numbersAgainst('injectionRisk'),
  };
}
