import type { ServerResponse } from 'node:http';
import { HubSpotError, missingCredentials } from '../errors.ts';
import type { Fault, FaultMode } from '../faults.ts';
import { burstLimitFor } from '../rate-limits.ts';
import type { LoggedRequest } from '../request-log.ts';
import type { Reply } from './route.ts';
import { JSON_TYPE, sendReply } from './send.ts';

const BAD_GATEWAY_PAGE =
  '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr><center>cloudflare</center></body></html>';

function errorReply(status: number, message: string, headers: Record<string, string> = {}): Reply {
  return { status, body: new HubSpotError(status, { message }).toBody(), headers };
}

type Answer = (response: ServerResponse, entry: LoggedRequest, fault: Fault) => void;

const withReply =
  (reply: () => Reply): Answer =>
  (response, entry) => {
    sendReply(response, entry, reply());
  };

const withText =
  (text: string, headers: Record<string, string>): Answer =>
  (response, entry) => {
    sendText(response, entry, 502, text, headers);
  };

const cut: Answer = (response) => {
  response.destroy();
};

/** The connection stays open and silent until one side gives up. */
const hang: Answer = () => undefined;

const BAD_GATEWAY = withText(BAD_GATEWAY_PAGE, { 'Content-Type': 'text/html' });

/** Answers that come instead of any work: nothing was committed. */
const BEFORE: Partial<Record<FaultMode, Answer>> = {
  '401': withReply(() => ({ status: 401, body: missingCredentials().toBody() })),
  '423': withReply(() => errorReply(423, 'The resource is locked. Wait at least 2 seconds.')),
  '429': withReply(() => ({ status: 429, body: burstLimitFor(0).toBody() })),
  '477': withReply(() =>
    errorReply(477, 'This account is being migrated.', { 'Retry-After': '60' }),
  ),
  '500': withReply(() => errorReply(500, 'internal error')),
  '502': withReply(() => errorReply(502, 'bad gateway')),
  '503': withReply(() => errorReply(503, 'service unavailable')),
  drop: cut,
  hang,
  html: BAD_GATEWAY,
  no_content_type: withText('{"status":"error"}', {}),
  redirect: (response, entry, fault) => {
    sendText(response, entry, 302, '', { Location: fault.location ?? '/redirected' });
  },
};

type Spoil = (response: ServerResponse, entry: LoggedRequest, reply: Reply) => void;

/** Answers that spoil a true one: its effect is already on disk. */
const INSTEAD: Partial<Record<FaultMode, Spoil>> = {
  commit_then_drop: (response) => {
    response.destroy();
  },
  commit_then_hang: () => undefined,
  commit_then_500: (response, entry) => {
    sendReply(response, entry, errorReply(500, 'internal error'));
  },
  commit_then_502: (response, entry) => {
    sendText(response, entry, 502, BAD_GATEWAY_PAGE, { 'Content-Type': 'text/html' });
  },
  truncate: sendHalf,
  bad_json: (response, entry, reply) => {
    const status = reply.status === 204 ? 200 : reply.status;
    sendText(response, entry, status, '{"id": "1', { 'Content-Type': JSON_TYPE });
  },
};

/**
 * Answers a disturbed request that is never worked on.
 * @returns whether the request is done with; false = work on it and ask `answerInstead`
 */
export function answerBefore(
  fault: Fault,
  response: ServerResponse,
  entry: LoggedRequest,
): boolean {
  const answer = BEFORE[fault.mode];
  answer?.(response, entry, fault);
  return answer !== undefined;
}

/**
 * Spoils the answer to a request whose effect is already on disk.
 * @returns whether an answer was given (or withheld); false = send the true one
 */
export function answerInstead(
  fault: Fault,
  response: ServerResponse,
  entry: LoggedRequest,
  reply: Reply,
): boolean {
  const spoil = INSTEAD[fault.mode];
  spoil?.(response, entry, reply);
  return spoil !== undefined;
}

function sendText(
  response: ServerResponse,
  entry: LoggedRequest,
  status: number,
  text: string,
  headers: Record<string, string>,
): void {
  entry.status = status;
  response.writeHead(status, headers).end(text);
}

/** Promises the full length, sends half of it and cuts the connection. */
function sendHalf(response: ServerResponse, entry: LoggedRequest, reply: Reply): void {
  entry.status = reply.status;
  const bytes = Buffer.from(JSON.stringify(reply.body ?? {}));
  response.writeHead(reply.status, {
    'Content-Type': JSON_TYPE,
    'Content-Length': String(bytes.length + 1),
  });
  response.write(bytes.subarray(0, bytes.length >> 1), () => {
    response.destroy();
  });
}
