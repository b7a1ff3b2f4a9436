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

/** Replies that come instead of any work: nothing was committed. */
function plainError(mode: FaultMode): Reply | undefined {
  switch (mode) {
    case '401':
      return { status: 401, body: missingCredentials().toBody() };
    case '423':
      return errorReply(423, 'The resource is locked. Wait at least 2 seconds.');
    case '429':
      return { status: 429, body: burstLimitFor(0).toBody() };
    case '477':
      return errorReply(477, 'This account is being migrated between data centres.', {
        'Retry-After': '60',
      });
    case '500':
      return errorReply(500, 'internal error');
    case '502':
      return errorReply(502, 'bad gateway');
    case '503':
      return errorReply(503, 'service unavailable');
    default:
      return undefined;
  }
}

/**
 * Answers a disturbed request that is never worked on.
 * @returns whether the request is done with; false = work on it and ask `answerInstead`
 */
export function answerBefore(
  fault: Fault,
  response: ServerResponse,
  entry: LoggedRequest,
): boolean {
  const reply = plainError(fault.mode);
  if (reply) {
    sendReply(response, entry, reply);
    return true;
  }
  switch (fault.mode) {
    case 'drop':
      response.destroy();
      return true;
    case 'hang':
      return true;
    case 'html':
      sendText(response, entry, 502, BAD_GATEWAY_PAGE, { 'Content-Type': 'text/html' });
      return true;
    case 'no_content_type':
      sendText(response, entry, 502, '{"status":"error"}', {});
      return true;
    case 'redirect': {
      const location = fault.location ?? '/redirected';
      sendText(response, entry, 302, '', { Location: location });
      return true;
    }
    default:
      return false;
  }
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
  switch (fault.mode) {
    case 'commit_then_drop':
      response.destroy();
      return true;
    case 'commit_then_hang':
      return true;
    case 'commit_then_500':
      sendReply(response, entry, errorReply(500, 'internal error'));
      return true;
    case 'commit_then_502':
      sendText(response, entry, 502, BAD_GATEWAY_PAGE, { 'Content-Type': 'text/html' });
      return true;
    case 'truncate':
      sendHalf(response, entry, reply);
      return true;
    case 'bad_json':
      sendText(response, entry, reply.status === 204 ? 200 : reply.status, '{"id": "1', {
        'Content-Type': JSON_TYPE,
      });
      return true;
    default:
      return false;
  }
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
