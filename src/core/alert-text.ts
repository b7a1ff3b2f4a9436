import type { AlertFacts as Facts } from '../contracts/alert.ts';
import type { AlertResponse } from './detection-rules.ts';

/** The words of an alert, once for command line, console and what people are told: of the facts that the log has. */
type AlertFacts = Omit<Facts, 'entries' | 'requests'> & { readonly entries: readonly number[] };

const NAMED_MAX = 5;

const DONE: Readonly<Record<AlertResponse, string>> = {
  // Nobody may be there to be told, and who was told stands with the notices.
  notify: 'nothing was stopped',
  slow: 'it was slowed down',
  freeze_agent: 'the agent was frozen',
  open_incident: 'an incident is open',
};

/** What was done beside telling. */
export function doneText({
  response,
  freeze,
  incident,
  failed_with: code,
  late,
}: Pick<AlertFacts, 'response' | 'freeze' | 'incident' | 'failed_with' | 'late'>): string {
  if (code !== null) {
    const kept =
      freeze === null
        ? 'nothing was stopped'
        : `the connection was frozen (${freeze}) in its place`;
    return `${response} failed with ${code}: ${kept}`;
  }
  const place = incident ?? freeze;
  return `${DONE[response]}${place === null ? '' : ` (${place})`}${late ? ', found late' : ''}`;
}

export const countedText = ({
  rule,
  count,
  window_ms: windowMs,
}: Pick<AlertFacts, 'rule' | 'count' | 'window_ms'>): string =>
  rule === 'entries_unlooked' ? `${count} entries` : `${count} in ${windowMs / 1_000} s`;

/** The newest of the entries that caused it. */
export function entriesText({ rule, entries }: Pick<AlertFacts, 'rule' | 'entries'>): string {
  if (rule === 'entries_unlooked') return entries.join(' to ');
  const newest = entries.slice(-NAMED_MAX).join(', ');
  return entries.length > NAMED_MAX ? `${newest} and ${entries.length - NAMED_MAX} before` : newest;
}

/** An alert in a few lines, without its title. Names are other people's words. */
export function alertLines(
  alert: Omit<AlertFacts, 'person'>,
  who: { readonly agent: string | null; readonly person: string | null },
): readonly string[] {
  const done = doneText(alert);
  return [
    ...(who.agent === null ? [] : [`Agent: ${who.agent}`]),
    ...(who.person === null ? [] : [`Person: ${who.person}`]),
    `Seen: ${countedText(alert)}, the last at ${alert.at} (UTC)`,
    `Done: ${done}`,
    `Entries of the log: ${entriesText(alert)}`,
  ];
}
