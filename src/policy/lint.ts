import type { ActionDefinition } from '../actions/define-action.ts';
import { comparedWith, entitiesNamed, stringsIn, nodesOf } from './policy-json.ts';
import type { PolicyProblem, ReadPolicy } from './read-policies.ts';
import { literalPattern, placesOf } from './source-text.ts';

/** One problem per place; one without a place when it is written in a way that is not found again. */
function problemsAt(places: readonly string[], message: string): PolicyProblem[] {
  return places.length === 0 ? [{ message }] : places.map((place) => ({ place, message }));
}

/** The field that shares most letters: finds the usual typos, which swap, drop or double one. */
function closestField(word: string, fields: readonly string[]): string | undefined {
  const sharedLetters = (field: string): number =>
    [...new Set(word)].filter((letter) => field.includes(letter)).length /
    Math.max(new Set(word).size, new Set(field).size);
  const [best] = fields.toSorted((one, other) => sharedLetters(other) - sharedLetters(one));
  return best !== undefined && sharedLetters(best) >= 0.7 ? best : undefined;
}

/** To Cedar a set of strings is as good as any other; `"emial"` in a `forbid` would protect nothing. */
function unknownFields(
  text: string,
  policies: readonly ReadPolicy[],
  actions: readonly ActionDefinition[],
): PolicyProblem[] {
  const fields = [...new Set(actions.flatMap((action) => action.fields))];
  const named = [...comparedWith(policies, 'fields')].flatMap((side) => stringsIn(side));
  const unknown = [...new Set(named)].filter((name) => !fields.includes(name));
  return unknown.flatMap((name) => {
    const closest = closestField(name, fields);
    const hint = closest === undefined ? '' : `; did you mean \`${closest}\`?`;
    const pattern = `(?<!::\\s*|@\\w+\\s*\\(\\s*)${literalPattern(name)}`;
    return problemsAt(
      placesOf(text, new RegExp(pattern, 'g')),
      `no action has a field \`${name}\`${hint}`,
    );
  });
}

/** What a write requires is found by asking with people who do not exist yet: only their roles can matter. */
function namedPeople(text: string, policies: readonly ReadPolicy[]): PolicyProblem[] {
  return [...new Set(entitiesNamed(policies, 'Person'))].flatMap((id) =>
    problemsAt(
      placesOf(text, new RegExp(`\\bPerson\\s*::\\s*${literalPattern(id)}`, 'g')),
      `a policy names roles, not people: give \`${id}\` a role and name that`,
    ),
  );
}

const ENTITY_VARIABLES: readonly unknown[] = ['principal', 'action', 'resource'];

/** Roles of the requester are not known when policy is asked, so this would silently never hold. */
function deadMembership(text: string, policies: readonly ReadPolicy[]): PolicyProblem[] {
  const tests = policies
    .flatMap(({ json }) => [...nodesOf(json.conditions)])
    .flatMap((node) =>
      node['in'] === undefined ? [] : [node['in'] as { left?: { Var?: unknown } }],
    );
  const dead = tests.filter(({ left }) => !ENTITY_VARIABLES.includes(left?.Var));
  return dead.length === 0
    ? []
    : problemsAt(
        placesOf(text, /\bcontext\s*\.\s*\w+\s+in\b/g),
        'only principal, action and resource are `in` something; this would never hold',
      );
}

function repeatedNames(text: string, policies: readonly ReadPolicy[]): PolicyProblem[] {
  const names = policies.map(({ name }) => name);
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...repeated].flatMap((name) =>
    problemsAt(
      placesOf(text, new RegExp(`@id\\s*\\(\\s*${literalPattern(name)}`, 'g')).slice(1),
      `another policy has the id \`${name}\``,
    ),
  );
}

/** Mistakes that are valid Cedar and would make a policy silently mean less than it says. */
export function lintPolicies(
  text: string,
  policies: readonly ReadPolicy[],
  actions: readonly ActionDefinition[],
): PolicyProblem[] {
  return [
    ...unknownFields(text, policies, actions),
    ...namedPeople(text, policies),
    ...deadMembership(text, policies),
    ...repeatedNames(text, policies),
  ];
}
