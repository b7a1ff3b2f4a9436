import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Approval, DecisionView } from '../../src/contracts/approval.ts';
import type { Card, CardChange } from '../../src/contracts/card.ts';
import type { ChangeableField } from '../../src/contracts/change.ts';
import type { Freeze } from '../../src/contracts/freeze.ts';
import type {
  RequestDetail,
  RequestSummary,
  TimeLineEntry,
} from '../../src/contracts/request-history.ts';
import type { AgentView } from '../../src/contracts/roster-view.ts';
import type { Frame } from '../../src/console/frame.ts';
import { CSP } from '../../src/console/session.ts';
import { agentsPage } from '../../src/console/pages/agents.ts';
import { changePage } from '../../src/console/pages/change.ts';
import {
  addAgentPage,
  addedAgentPage,
  addedPersonPage,
  addPersonPage,
  revokePage,
} from '../../src/console/pages/roster-change.ts';
import { cardPage } from '../../src/console/pages/card.ts';
import { incidentPage } from '../../src/console/pages/incident.ts';
import { drillPage } from '../../src/console/pages/drill.ts';
import { alertsPage } from '../../src/console/pages/alerts.ts';
import { closedLogPage, logPage } from '../../src/console/pages/log.ts';
import { incidentsPage } from '../../src/console/pages/incidents.ts';
import { postMortemPage } from '../../src/console/pages/post-mortem.ts';
import { historyPage } from '../../src/console/pages/history.ts';
import { queuePage } from '../../src/console/pages/queue.ts';
import { requestPage } from '../../src/console/pages/request.ts';
import { togetherPage } from '../../src/console/pages/together.ts';
import { cardFor, requestId } from '../adapters/store/fixtures.ts';
import { findChromium, launchChromium } from '../e2e/chromium.ts';
import { scaled } from '../faults/scale.ts';
import { HOSTILE } from '../support/hostile.ts';
import { createSeededRandom } from '../support/seeded-random.ts';
import {
  approvalOf,
  auditPageWith,
  cardsWith,
  frameWith,
  grantsWith,
  alertsWith,
  incidentsWith,
  quietWith,
  scorecardWith,
} from './made-pages.ts';

const executable = findChromium();
const ORIGIN = 'http://localhost:8480';
const SEED = 20_261_126;
const READING = readFileSync('test/console/reading.js', 'utf8');
const BATCH = 50;

declare const reading: any;

/** Where in `cardsWith` the connection stands, which the strip of each page names. */
const CONNECTION_AT = 2;
/** Sentence, agent, the changes, and for whom: what a queue row shows of a card. */
const IN_ROW = [0, 1, 5, 6, 7, 8, 9, 10, 12];

interface Maker {
  readonly make: (text: string) => string;
  /** Whether the text is to be read on that page. */
  readonly isShown: boolean;
}

const onCard = (approval: Approval): string => cardPage(frameWith(), approval);
const inQueue = (approval: Approval): string => queuePage(frameWith(), { approvals: [approval] });

const batches = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / BATCH) }, (_, at) =>
    items.slice(at * BATCH, (at + 1) * BATCH),
  );

/** As the gateway writes it: in code, on one line, without what would end either. */
const postMortemWith = (text: string): string => {
  const code = `\`${text.replaceAll('`', 'ˋ').replaceAll('|', '¦').replaceAll(/\s+/g, ' ')}\``;
  return [
    `# Incident ${code}`,
    '',
    `Opened by ${code}.`,
    '',
    `| check | ${code} |`,
    '| --- | --- |',
    `| ${code} | ${code} |`,
    '',
    `- ${code}`,
    // What is left alone stands as it came.
    `- ${text.replaceAll(/[\r\n]/g, ' ')}`,
  ].join('\n');
};

const FIELDS: readonly ChangeableField[] = [
  { field: 'note', label: 'Label', kind: 'text', is_required: true, asked: '' },
  { field: 'subject', label: 'Subject', kind: 'line', is_required: false, asked: '' },
];

/** The form for other values: as it opens, and as it comes back. */
function changePagesWith(text: string, card: Card): string[] {
  const fields = FIELDS.map((field) => ({ ...field, asked: text }));
  const values = new Map(fields.map(({ field }) => [field, text]));
  const errors = new Map(fields.map(({ field }) => [field, text]));
  const draft = { values, errors, reason: text, problem: text };
  const approval = approvalOf(card);
  return [
    changePage(frameWith(text), approval, fields),
    changePage(frameWith(text), approval, fields, draft),
  ];
}

/** A group of one, which is looked at by itself. */
const togetherWith = (approval: Approval): string =>
  togetherPage(frameWith(), {
    ...{ agent: approval.card.agent.id, action: approval.card.action, more: true },
    ...{ approvals: [approval], sample: [approval.id] },
  });

function rosterPagesWith(text: string): string[] {
  const frame = frameWith(text);
  const values = { name: text, groups: text, email: text, roles: text };
  const draft = { values, problem: text };
  const person = { ...frame.reader, roles: [text] };
  const at = '2026-11-01T10:00:00.000Z';
  return [
    addAgentPage(frame, [text], draft),
    addPersonPage({ ...frame, people: [person] }, draft),
    revokePage(frame, { kind: 'agent', id: 'agt_00000000001', name: text }, draft),
    revokePage(frame, { kind: 'person', id: 'per_00000000001', name: text }, draft),
    addedAgentPage(frame, { id: 'agt_00000000001', name: text, groups: [text], key: text }),
    addedPersonPage(frame, { person, enrolment: { link: text, expires_at: at } }),
  ];
}

/** The log as it is, with nothing found and more to look through, and for whoever may not read it. */
function logPagesWith(frame: Frame, text: string, agent: AgentView): string[] {
  const nothing = { who: '', event: '', action: '', record: '', code: '' };
  const none = { ...nothing, from: '', to: '', before: '7' };
  const words = { ...none, action: text, record: text, code: text, before: '' };
  const found = auditPageWith(text);
  return [
    logPage(frame, words, { found, agents: [agent] }),
    // The way on has the words in its address.
    logPage(frame, none, { found: { ...found, entries: [], signed: null, next: 7 }, agents: [] }),
    closedLogPage(frame),
  ];
}

/** Each page that shows words of agents, records or people, with `text` in all its places. */
function pagesWith(text: string): string[] {
  const frame = frameWith(text);
  const [card] = cardsWith(text).toReversed();
  const id = requestId(1);
  const agent = { id: 'agt_00000000001', name: text };
  const at = '2026-11-01T10:00:00.000Z';
  const summary: RequestSummary = {
    id,
    status: 'rejected',
    action: 'create_note',
    risk: 'write',
    agent,
    sentence: text,
    user_id: text,
    created_at: at,
    updated_at: at,
    code: 'approval.rejected',
  };
  const decision: DecisionView = {
    person: 'per_00000000002',
    name: text,
    decision: 'reject',
    proof: 'session',
    decided_at: at,
    reason: text,
  };
  const freeze: Freeze = {
    id: 'frz_00000000001',
    target: { kind: 'agent', id: agent.id },
    reason: text,
    placed_by: text,
    placed_at: at,
    lifted_at: null,
  };
  const entry: TimeLineEntry = {
    index: 1,
    timestamp: at,
    event: 'request.accepted',
    actor: text,
    code: null,
    digest: null,
    hubspot_endpoint: text,
    response_status: 200,
    facts: { proof: text },
  };
  const agentView: AgentView = {
    ...agent,
    groups: [text],
    is_own: false,
    created_at: at,
    revoked_at: null,
    requests_30_days: 1,
    ...{ requests_today: 1, last_request_at: at, waiting: 1 },
    freeze,
    grants: [],
  };
  const rejected = approvalOf(card!, { status: 'rejected', decisions: [decision] });
  const frozen: Frame = {
    ...frame,
    people: [{ ...frame.reader, id: 'per_00000000003' }],
    status: {
      ...frame.status,
      freezes: [{ ...freeze, target: { kind: 'connection', id: 'main' } }],
    },
  };
  const detail: RequestDetail = {
    ...summary,
    prompt: text,
    digest: 'd1'.repeat(32),
    detail: text,
    card: card!,
    decisions: [decision],
    settlements: [],
    time_line: [entry],
  };
  const history = { requests: [summary], damaged: [], looked_through: 1 };
  return [
    cardPage(frozen, rejected),
    queuePage(frozen, { approvals: [approvalOf(card!)] }),
    requestPage(frame, detail),
    historyPage(frame, { q: text, status: '', agent: '' }, history, [agentView]),
    historyPage(frame, { q: text, status: '', agent: '' }, { ...history, requests: [] }, []),
    queuePage(frame, { approvals: [] }, quietWith(history.requests)),
    agentsPage(
      frozen,
      { agents: [agentView] },
      { ahead: { grants: grantsWith(text) }, habits: [] },
    ),
    ...incidentsWith(text).map((incident) =>
      incidentPage(
        { ...frame, people: [{ ...frame.reader, id: 'per_00000000003' }] },
        {
          incident,
          takeBacks: [{ id, approval: approvalOf(card!) }],
          agents: new Map([[incident.findings?.exposures[0]?.agent_id ?? '', text]]),
        },
      ),
    ),
    incidentsPage(frame, incidentsWith(text), {
      drills: [scorecardWith(text)],
      alerts: alertsWith(text),
    }),
    alertsPage(
      frame,
      { alerts: alertsWith(text), next_before: 5 },
      new Map([['agt_00000000001', text]]),
    ),
    ...logPagesWith(frame, text, agentView),
    drillPage(frame, scorecardWith(text)),
    cardPage(frozen, {
      ...rejected,
      ...{ status: 'changed', code: 'approval.changed', decisions: [] },
      changed: { successor: id, by: 'per_00000000002', name: text },
    }),
    requestPage(frame, { ...detail, status: 'changed', successor: id }),
    ...changePagesWith(text, card!),
    togetherWith(approvalOf(card!)),
    ...rosterPagesWith(text),
    postMortemPage(frame, 'inc_00000000001', postMortemWith(text)),
  ];
}

describe.skipIf(executable === undefined)('the pages as Chromium reads them', () => {
  let browser: Browser;
  let page: Page;
  let shownPage: string;

  beforeAll(async () => {
    browser = await launchChromium(executable!);
    page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    // The sheet and the modules as they are; the page as the console would answer it, under its own policy.
    await page.route('**/*', async (route) => {
      const name = /\/console\/assets\/0\/([\w.]+)$/.exec(route.request().url())?.[1];
      if (name === undefined)
        await route.fulfill({
          contentType: 'text/html; charset=utf-8',
          headers: { 'content-security-policy': CSP },
          body: shownPage,
        });
      else if (name === 'simplewebauthn.js')
        await route.fulfill({ contentType: 'text/javascript', body: '' });
      else await route.fulfill({ path: `src/console/browser/${name}` });
    });
    shownPage = cardPage(frameWith(), approvalOf(cardFor(requestId(1))));
    await page.goto(`${ORIGIN}/console`);
    await page.evaluate(READING);
  });
  afterAll(() => browser.close());

  const skeletonOf = (htmls: readonly string[]): Promise<any[]> =>
    page.evaluate((all) => all.map((one) => reading.skeleton(reading.parse(one))), htmls);

  it(
    'P3: hostile text is read as it is, and adds no link, script, image, form or attribute',
    async () => {
      const one = (render: (approval: Approval) => string, at: number): Maker => ({
        make: (text) => render(approvalOf(cardsWith(text)[at]!)),
        // A row leaves out what is not of the change; then it is opened to be read.
        isShown: render === onCard ? at !== CONNECTION_AT : IN_ROW.includes(at),
      });
      const kinds = cardsWith('').map((_, at) => at);
      const made = new Map<string, readonly string[]>();
      const pageOf = (text: string, at: number): string => {
        const pages = made.get(text) ?? pagesWith(text);
        made.set(text, pages);
        return pages[at]!;
      };
      const makers: Maker[] = [
        ...kinds.map((at) => one(onCard, at)),
        ...kinds.map((at) => one(inQueue, at)),
        ...pagesWith('').map((_, at, all) => ({
          make: (text: string) => pageOf(text, at),
          // The report, which is the last, has one line for each value, and code marks of its own.
          isShown: at < all.length - 1,
        })),
      ];
      // What honest texts of every shape make of the same page: short, hiding something, of several lines.
      const honest = [
        'Acme Corp',
        'Acme\u200bCorp br\u0430nd',
        `Two\nlines, ${'and long '.repeat(30)}`,
      ];
      let read = 0;
      for (const { make, isShown } of makers) {
        const bare = await skeletonOf(honest.map(make));
        const attributes = new Set(bare.flatMap((one) => one.attributes as string[]));
        const active = bare.map((one) =>
          JSON.stringify(one.active).replaceAll(/name="[^"]*"/g, ''),
        );
        for (const texts of batches(HOSTILE)) {
          const found = await page.evaluate(
            (all) =>
              all.map(({ html, text }) => {
                const made = reading.parse(html);
                const places = [
                  reading.text(made.body),
                  ...[...made.querySelectorAll('input,[data-says]')].map((e: any) => e.value ?? ''),
                ];
                return {
                  ...reading.skeleton(made),
                  isRead: places.some((place: string) => place.includes(text)),
                };
              }),
            texts.map((text) => ({ html: make(text), text })),
          );
          for (const [at, each] of found.entries()) {
            const text = texts[at]!;
            read += 1;
            expect([text, active.includes(JSON.stringify(each.active))]).toEqual([text, true]);
            expect([text, each.attributes.filter((name: string) => !attributes.has(name))]).toEqual(
              [text, []],
            );
            expect([text, each.isRead || !isShown]).toEqual([text, true]);
          }
        }
      }
      console.log('P3 console', { strings: HOSTILE.length, pages: read, active: 0 });
      expect(HOSTILE.length).toBeGreaterThanOrEqual(200);
    },
    scaled(600_000, 3_600_000),
  );

  it('P3: runs nothing and asks nobody when such a page is really opened', async () => {
    const complaints: string[] = [];
    const asked: string[] = [];
    const opened = await browser.newPage();
    opened.on('console', (message) => complaints.push(message.text()));
    opened.on('pageerror', (error) => complaints.push(String(error)));
    opened.on('dialog', (dialog) => complaints.push(dialog.message()));
    let body = '';
    await opened.route('**/*', async (route) => {
      const url = route.request().url();
      asked.push(url);
      const name = /\/console\/assets\/0\/([\w.]+)$/.exec(url)?.[1];
      if (name === undefined) {
        const headers = { 'content-security-policy': CSP };
        await route.fulfill({ contentType: 'text/html; charset=utf-8', headers, body });
      } else if (name === 'simplewebauthn.js')
        await route.fulfill({ contentType: 'text/javascript', body: '' });
      else await route.fulfill({ path: `src/console/browser/${name}` });
    });
    for (const text of HOSTILE.filter((_, at) => at % 14 === 0)) {
      for (const each of pagesWith(text)) {
        body = each;
        await opened.goto(`${ORIGIN}/console`);
      }
    }
    expect(complaints).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(`${ORIGIN}/console`))).toEqual([]);
  }, 300_000);

  it(
    'P2: draws every changed field with its before and after, or lets it be opened only',
    async () => {
      const { below, pick, chance } = createSeededRandom(SEED);
      const UNSEEN = [
        '\u202e',
        '\u200b',
        '\u2066',
        '\u00ad',
        '\u{e0041}',
        '\u00a0',
        '\u3000',
        '\t',
      ];
      const value = (): string =>
        Array.from({ length: chance(0.05) ? below(4_000) : below(60) }, () =>
          chance(0.03) ? pick(UNSEEN) : 'abc &<>\nдеф é  '.charAt(below(15)),
        ).join('');
      const literal = ['nothing', 'empty', ' ', '  ', '\n', 'a  b', ' a', 'a ', 'a\n', '0'];
      const some = (): string => (chance(0.1) ? pick(literal) : value());
      const count = scaled(2_000, 10_000);
      let fields = 0;
      let inRow = 0;
      for (const [batch, cards] of batches(Array.from({ length: count })).entries()) {
        const isPhone = batch % 2 === 0;
        await page.setViewportSize({ width: isPhone ? 390 : 1280, height: 844 });
        const made = cards.map(() => {
          const changes: CardChange[] = Array.from(
            { length: chance(0.1) ? below(40) + 1 : below(5) + 1 },
            (_, at) => {
              const before = chance(0.4) ? null : some();
              const after = before !== null && chance(0.05) ? before : some();
              return {
                ...{ label: `Field ${at}`, property: `p${at}`, before, after },
                // Nobody names what is empty.
                ...(chance(0.2) && before ? { before_name: `n${value().slice(0, 200)}` } : {}),
                ...(chance(0.2) && after ? { after_name: `n${value().slice(0, 200)}` } : {}),
              };
            },
          );
          const approval = approvalOf({ ...cardFor(requestId(1)), changes });
          return {
            changes,
            htmls: [
              cardPage(frameWith(), approval),
              queuePage(frameWith(), { approvals: [approval] }),
              togetherWith(approval),
            ],
          };
        });
        const pages = await page.evaluate(
          (all) =>
            all.map((htmls) =>
              htmls.map((html) => {
                const main = reading.parse(html).getElementById('main')!;
                (globalThis as any).document.getElementById('main').replaceWith(main);
                const offers = main.querySelector('[data-key="a"]') !== null;
                return { offers, rows: reading.rows(main) };
              }),
            ),
          made.map(({ htmls }) => htmls),
        );
        for (const [at, { changes }] of made.entries()) {
          const [onCard, onRow, together] = pages[at] as any[];
          const own = (word: string, isDrawn = true) => ({ text: null, own: word, isDrawn });
          const read = (text: string, name?: string) => ({
            ...{ text: name ?? text, own: undefined, isDrawn: true },
            ...(name === undefined ? {} : { raw: text }),
          });
          const expected = changes.map(({ label, before, after, before_name, after_name }) => ({
            label: read(label),
            before: before === null || before === '' ? own('nothing') : read(before, before_name),
            // On a phone one line stands for both.
            after:
              before === after
                ? own('stays as it is', !isPhone)
                : after === ''
                  ? own('empty')
                  : read(after, after_name),
          }));
          expect(onCard.rows).toEqual(expected);
          expect(together.rows).toEqual(expected);
          if (onRow.offers || onRow.rows.length > 0) {
            inRow += 1;
            expect(onRow.rows).toEqual(expected);
          }
          fields += changes.length;
        }
      }
      console.log('P2 console', {
        seed: SEED,
        cards: count,
        fields,
        decidedInRow: inRow,
        hidden: 0,
      });
      expect(inRow).toBeGreaterThan(count / 20);
      expect(inRow).toBeLessThan(count);
    },
    scaled(600_000, 3_600_000),
  );
});
