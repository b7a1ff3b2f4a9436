import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { NOTICE_STATES, type NoticeRecord } from '../core/notices.ts';
import { resendNotice } from '../gate/notices.ts';
import { withContext } from './context.ts';
import { type JsonOption, withJson } from './options.ts';
import { CommandError, oneLine, print, printJson, printTable } from './output.ts';

const PAGE_MAX = 200;

interface ListOptions extends JsonOption {
  readonly dead?: true;
}

const stateText = ({ state, dueAt, error }: NoticeRecord): string => {
  const why = error === null ? '' : `: ${oneLine(error)}`;
  return state === 'due' ? `due ${dueAt.toISOString()}${why}` : `${state}${why}`;
};

const hasChannel = ({ slack, mail, webhook }: Config): boolean =>
  slack !== undefined || mail !== undefined || webhook !== undefined;

function sayHowToSetUp(): void {
  print(
    'No way to tell people is set up here, so what waits stands in the console alone. To set one up:',
  );
  print('  Slack           docs/slack-setup.md');
  print('  mail            docs/operations.md, "By mail"');
  print('  another system  docs/webhooks.md');
}

async function list({ dead, json }: ListOptions): Promise<void> {
  const states = dead === true ? (['dead'] as const) : NOTICE_STATES;
  const { notices, config } = await withContext(async (context) => ({
    notices: await context.store.notices.list({ states, limit: PAGE_MAX }),
    config: context.config,
  }));
  if (json) {
    printJson(notices);
    return;
  }
  if (notices.length === 0) {
    print(dead === true ? 'Nothing could not be delivered.' : 'Nobody was told of anything yet.');
    if (!hasChannel(config)) sayHowToSetUp();
    return;
  }
  printTable(
    ['ID', 'ABOUT', 'CHANNEL', 'TO', 'KIND', 'TRIES', 'STATE'],
    notices.map((notice) => [
      notice.id,
      notice.subject,
      notice.channel,
      oneLine(notice.recipient),
      notice.kind,
      String(notice.attempts),
      stateText(notice),
    ]),
  );
}

async function resend(id: string): Promise<void> {
  const isDue = await withContext(({ store }) =>
    store.commit((tx) => resendNotice(tx, { id, by: 'operator' })),
  );
  if (!isDue)
    throw new CommandError(
      `There is no dead notice ${oneLine(id)}.`,
      '`npx sallyport notices --dead` lists them.',
    );
  print(`${id} is due: the running gateway sends it within seconds.`);
}

export function addNoticeCommands(program: Command): void {
  const notices = withJson(
    program.command('notices').description('what people were told, newest first'),
  )
    .option('--dead', 'those that could not be delivered')
    .action(list);
  notices
    .command('resend <id>')
    .description('try a dead notice again, as if it were new')
    .action(resend);
}
