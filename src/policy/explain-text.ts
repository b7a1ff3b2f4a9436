import type { ActionDefinition } from '../actions/define-action.ts';
import type { Requirement } from '../contracts/card.ts';
import {
  type Change,
  explainAgent,
  type ExplainedAgent,
  type ExplainOptions,
  type Grant,
} from './explain.ts';
import type { Policy } from './policy.ts';

const WIDTH_CHARS = 100;
const GAP = '  ';

/** "2 approvals by approver, with passkey". */
function needsInWords(needs: Requirement | undefined): string {
  if (needs === undefined) return 'denied';
  if (needs.approvals === 0) return 'allowed';
  const count = needs.approvals === 1 ? '1 approval' : `${needs.approvals} approvals`;
  const by = needs.roles.length === 0 ? '' : ` by ${needs.roles.join(' or ')}`;
  return `${count}${by}${needs.passkey ? ', with passkey' : ''}`;
}

const CHANGE_WORDS: Record<Change['of'], string> = {
  amount: 'an amount above',
  injectionRisk: 'a prompt risk above',
};

/** Policy counts in whole units, rounded up: what is above the last one that asks for less asks for this. */
const changeInWords = ({ of, from }: Change): string =>
  `with ${CHANGE_WORDS[of]} ${(from - 1).toLocaleString('en-US')}`;

/** Words into lines of at most so many characters; a longer word stands alone. */
function wrap(words: readonly string[], width: number): string[] {
  return words.reduce<string[]>((lines, word) => {
    const line = lines.at(-1);
    if (line === undefined) return [word];
    const longer = `${line} ${word}`;
    return longer.length <= width ? [...lines.slice(0, -1), longer] : [...lines, word];
  }, []);
}

type Row = readonly [string, string, string];

function rowsOf(grant: Grant, isFirst: boolean): Row[] {
  const fields = grant.fields.join(', ');
  return [
    [isFirst ? grant.action : '', needsInWords(grant.needs), fields],
    ...grant.changes.map((change): Row => ['', needsInWords(change.needs), changeInWords(change)]),
  ];
}

/** Columns as wide as their widest cell; the last one wraps under itself. */
function table(rows: readonly Row[]): string[] {
  const widthOf = (column: 0 | 1): number => Math.max(0, ...rows.map((row) => row[column].length));
  const [first, second] = [widthOf(0), widthOf(1)];
  const rest = Math.max(20, WIDTH_CHARS - first - second - 3 * GAP.length);
  return rows.flatMap(([one, two, three]) =>
    wrap(three.split(' '), rest).map((text, index) =>
      [
        GAP,
        (index === 0 ? one : '').padEnd(first),
        GAP,
        (index === 0 ? two : '').padEnd(second),
        GAP,
        text,
      ].join(''),
    ),
  );
}

const isDenied = ({ needs, changes }: Grant): boolean =>
  needs === undefined && changes.length === 0;

function agentInWords(agent: ExplainedAgent, grants: readonly Grant[]): string[] {
  const groups = agent.groups.length === 0 ? 'in no group' : `in ${agent.groups.join(', ')}`;
  const title = `${agent.name} (${agent.id}), ${groups}`;
  if (grants.every(isDenied)) return [title, `${GAP}may do nothing`];
  const rows = grants.flatMap((grant, index) =>
    rowsOf(grant, grants[index - 1]?.action !== grant.action),
  );
  return [title, ...table(rows)];
}

/** For each thing that takes approval, who can give it; and that it never runs when they are too few. */
function approversInWords(grants: readonly Grant[]): string[] {
  const waiting = grants.flatMap(({ needs, changes, approvers }) =>
    [needs, ...changes.map((change) => change.needs)].flatMap((each) =>
      each === undefined || each.approvals === 0 ? [] : [{ needs: each, approvers }],
    ),
  );
  const rows = waiting.map(({ needs, approvers }): Row => {
    const names = approvers.length === 0 ? 'nobody' : approvers.join(', ');
    const tooFew = approvers.length < needs.approvals ? ' (too few: such requests expire)' : '';
    return [needsInWords(needs), '', names + tooFew];
  });
  const distinct = [...new Map(rows.map((row) => [row.join('\n'), row])).values()];
  return distinct.length === 0 ? [] : ['Who can approve', ...table(distinct)];
}

/**
 * What policy means, in plain words for a terminal of 100 columns: per agent, each action with what it
 * takes and for which fields; then who can approve. Found by asking policy, not by reading its text.
 */
export function explainPolicy(
  policy: Policy,
  actions: readonly ActionDefinition[],
  agents: readonly ExplainedAgent[],
  options: ExplainOptions = {},
): string {
  const explained = agents.map((agent) => ({
    agent,
    grants: explainAgent(policy, options.actionsFor?.(agent) ?? actions, agent, options),
  }));
  const approvers =
    options.people === undefined ? [] : approversInWords(explained.flatMap(({ grants }) => grants));
  const blocks = [
    [`Policy ${policy.digest.slice(0, 12)}`],
    ...explained.map(({ agent, grants }) => agentInWords(agent, grants)),
    ...(approvers.length === 0 ? [] : [approvers]),
  ];
  return `${blocks.map((lines) => lines.map((line) => line.trimEnd()).join('\n')).join('\n\n')}\n`;
}
