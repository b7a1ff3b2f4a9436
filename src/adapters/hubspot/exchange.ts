import { Client } from '@hubspot/api-client';
import type { Operation } from '../../contracts/plan.ts';
import type { CrmAnswer } from '../../ports/crm.ts';
import { answerOf, answerOfFailure, readText } from './answers.ts';
import { hear, type Heard } from './rate-heard.ts';

export type WireRequest = Pick<Operation, 'method' | 'path' | 'query' | 'body'>;

export interface Exchanged {
  readonly answer: CrmAnswer;
  /** What the answer said about HubSpot's limits; nothing when none came. */
  readonly heard: Heard;
}

/**
 * HubSpot through its own SDK's raw `apiRequest` (its typed methods know no dated paths). One client a
 * call: `setAccessToken` leaves earlier API objects on the old token, and retries are a process-wide
 * singleton that must never be configured, since they repeat POSTs.
 */
export async function exchange(
  baseUrl: string,
  token: string,
  request: WireRequest & { readonly isSearch?: boolean },
): Promise<Exchanged> {
  const client = new Client({ accessToken: token, basePath: baseUrl });
  try {
    const response = await client.apiRequest({
      method: request.method,
      path: request.path,
      headers: { 'Content-Type': 'application/json' },
      defaultJson: false,
      ...(Object.keys(request.query).length === 0 ? {} : { qs: request.query }),
      ...(request.body === null ? {} : { body: request.body }),
    });
    const text = await readText(response.body);
    const { status, headers } = response;
    const answer = answerOf(status, headers.get('content-type') ?? '', text, request.isSearch);
    const code = answer.kind === 'answered' ? undefined : answer.code;
    return { answer, heard: hear(status, headers, code, new Date()) };
  } catch (error) {
    return { answer: answerOfFailure(error), heard: {} };
  }
}

/** A clock beside undici's, whose timers are coarse. The exchange goes on unheard and ends by itself. */
export async function withDeadline(
  exchanging: Promise<CrmAnswer>,
  deadlineMs: number,
): Promise<CrmAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CrmAnswer>((resolve) => {
    timer = setTimeout(() => {
      resolve({ kind: 'lost', code: 'hubspot.timeout' });
    }, deadlineMs);
  });
  try {
    return await Promise.race([exchanging, late]);
  } finally {
    clearTimeout(timer);
  }
}
