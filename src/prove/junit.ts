import type { GuaranteeResult } from './guarantee.ts';
import { LAWS } from './laws.ts';
import type { Report } from './run.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** XML 1.0 has no way to write most control characters. */
const escape = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex -- these are the characters that XML cannot hold
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '?')
    .replaceAll(/[&<>"]/g, (character) => ESCAPES[character] ?? character);

/** JUnit knows passed, failed, error and skipped: what was not shown is an error, never a pass. */
const ELEMENTS = { failed: 'failure', not_shown: 'error', not_applicable: 'skipped' } as const;

function testCase({ id, title, verdict, tried, held, ms, reasons }: GuaranteeResult): string {
  const open = `    <testcase classname="${id}" name="${escape(`${id} ${title}`)}" time="${(ms / 1000).toFixed(3)}"`;
  const counts = `<system-out>${held} of ${tried} held</system-out>`;
  if (verdict === 'shown') return `${open}>${counts}</testcase>`;
  const message = escape(reasons.join('\n'));
  return `${open}><${ELEMENTS[verdict]} message="${message}"/>${counts}</testcase>`;
}

function testSuite(number: number, title: string, results: readonly GuaranteeResult[]): string {
  const count = (verdict: GuaranteeResult['verdict']): number =>
    results.filter((result) => result.verdict === verdict).length;
  const seconds = results.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  const name = escape(`L${String(number).padStart(2, '0')} ${title}`);
  return [
    `  <testsuite name="${name}" tests="${results.length}" failures="${count('failed')}" errors="${count('not_shown')}" skipped="${count('not_applicable')}" time="${seconds.toFixed(3)}">`,
    ...results.map(testCase),
    '  </testsuite>',
  ].join('\n');
}

/** One suite for each law, one case for each guarantee. */
export function toJUnit({ results }: Report): string {
  const suites = LAWS.flatMap(({ number, title }) => {
    const own = results.filter(({ law }) => law === number);
    return own.length === 0 ? [] : [testSuite(number, title, own)];
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="sallyport prove">\n${suites.join('\n')}\n</testsuites>\n`;
}
