import type { Card } from '../contracts/card.ts';
import { spellOutUnseen } from './unseen.ts';

/** Text as it is, with invisible and direction-changing characters spelled out. */
export const visible = spellOutUnseen;

/** The same for what has one line of its own: a record's name with a line break could write a second card. */
const inLine = (text: string): string => visible(text).replaceAll('\n', '<U+000A>');

/** Where values begin: two blanks, a label of twelve, one blank. */
const VALUE_COLUMN = ' '.repeat(15);

const indent = (text: string): string => visible(text).split('\n').join(`\n${VALUE_COLUMN}`);

function changeLines(card: Card): string[] {
  return card.changes.flatMap(({ label, before, after }) => {
    const then = `${inLine(label).padEnd(12)} ${indent(after)}`;
    return before === null
      ? [`  ${then}`]
      : [`  ${then}`, `  ${'was'.padStart(12)} ${indent(before)}`];
  });
}

/** Whose values these are, where they are not the agent's. */
const changedLines = ({ changed }: Card): string[] =>
  changed === undefined
    ? []
    : [
        `  ${'Changed by'.padEnd(12)} ${inLine(changed.by.name)}: ${changed.fields.map(inLine).join(', ')}`,
        `${VALUE_COLUMN}(the agent asked for ${changed.from})`,
      ];

/** What can be taken back afterwards, and what cannot. */
const effectLines = ({ effects }: Card): string[] =>
  effects === undefined
    ? []
    : [
        `  ${'If sent'.padEnd(12)} ${inLine(effects.undo)}`,
        `${VALUE_COLUMN}${inLine(effects.remains)}`,
      ];

/** "2 people", "1 person with role sales-lead". */
function requirementText({ approvals, roles, passkey }: Card['requires']): string {
  const people = approvals === 1 ? '1 person' : `${approvals} people`;
  const withRole = roles.length === 0 ? '' : ` with role ${roles.map(inLine).join(' or ')}`;
  return `${people}${withRole}${passkey ? ', with a passkey' : ''}`;
}

/**
 * The card as plain lines for terminals. Everything is shown in full; the agent's
 * own words come last and are marked as such.
 */
export function cardLines(card: Card): string[] {
  const records = card.records.map(
    ({ name, object_type, id }) => `${inLine(name)} (${object_type} ${id ?? 'new'})`,
  );
  return [
    inLine(card.sentence),
    ...(records.length === 0 ? [] : [`  ${'Record'.padEnd(12)} ${records.join(', ')}`]),
    ...changeLines(card),
    ...changedLines(card),
    '',
    `  ${'Asked by'.padEnd(12)} agent ${inLine(card.agent.name)} on connection ${card.connection}`,
    `  ${'Needs'.padEnd(12)} ${requirementText(card.requires)}`,
    ...card.requires.reasons.map((reason) => `  ${''.padEnd(12)} ${inLine(reason)}`),
    `  ${'Until'.padEnd(12)} ${card.expires_at}`,
    ...effectLines(card),
    `  ${'Digest'.padEnd(12)} ${card.digest.slice(0, 16)}`,
    `  ${'Log'.padEnd(12)} ${card.log.size} entries, root ${card.log.root_prefix || '(none yet)'}`,
    '',
    '  The agent says (not checked):',
    `  ${'for'.padEnd(12)} ${indent(card.claimed.user_id)}`,
    `  ${'prompt'.padEnd(12)} ${indent(card.claimed.prompt)}`,
    ...(card.signals ?? []).map((signal) => `  ${'beware'.padEnd(12)} ${inLine(signal)}`),
  ];
}
