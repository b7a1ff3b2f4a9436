import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { LoggedRequest } from '../request-log.ts';
import type { Reply } from './route.ts';

export const JSON_TYPE = 'application/json;charset=utf-8';

/** Writes a reply whole. HubSpot puts a correlation id on every one. */
export function sendReply(response: ServerResponse, entry: LoggedRequest, reply: Reply): void {
  entry.status = reply.status;
  const headers: Record<string, string> = {
    'X-HubSpot-Correlation-Id': randomUUID(),
    ...reply.headers,
  };
  if (reply.body === undefined) {
    response.writeHead(reply.status, headers).end();
    return;
  }
  const text = JSON.stringify(reply.body);
  response.writeHead(reply.status, {
    'Content-Type': JSON_TYPE,
    'Content-Length': String(Buffer.byteLength(text)),
    ...headers,
  });
  response.end(text);
}
