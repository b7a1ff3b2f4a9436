import type { SimulatorProcess } from '../support/simulator.ts';

export type ApiReply = {
  status: number;
  headers: Headers;
  /** The parsed body; tests read the fields they expect. */
  body: Record<string, never> & ReplyFields;
};

/** The fields these tests look at, over all kinds of replies. */
export type ReplyFields = {
  status: string;
  message: string;
  category: string;
  correlationId: string;
  context: Record<string, string[]>;
  errors: {
    code?: string;
    message: string;
    category?: string;
    context: Record<string, string[]>;
  }[];
  numErrors: number;
  errorType: string;
  policyName: string;
  groupName: string;
  requestId: string;
  id: string;
  archived: boolean;
  new: boolean;
  total: number;
  properties: Record<string, string | null>;
  propertiesWithHistory: Record<string, Record<string, unknown>[]>;
  associations: Record<string, { results: { id: string; type: string }[] }>;
  paging?: { next: { after: string; link: string } };
  results: (ReplyFields & Record<string, unknown>)[];
  [other: string]: unknown;
};

export type Api = (method: string, path: string, body?: unknown) => Promise<ApiReply>;

/** Calls the simulator as an app with this token would; `null` = without any. */
export function createApi(sim: Pick<SimulatorProcess, 'url'>, token: string | null): Api {
  return async (method, path, body) => {
    const response = await fetch(`${sim.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as ApiReply['body'],
    };
  };
}

export const OBJECTS = '/crm/objects/2026-09';

export const DANA = '20001';
export const ACME = '10001';

export function noteOn(contactId: string, text: string) {
  return {
    properties: { hs_timestamp: '2026-11-22T10:00:00Z', hs_note_body: text },
    associations: [
      {
        to: { id: contactId },
        types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 202 }],
      },
    ],
  };
}

/** The ids a search answers with, in order. */
export const idsOf = (reply: ApiReply): string[] => reply.body.results.map((each) => each.id);

export const filtering = (...filters: Record<string, unknown>[]) => ({
  filterGroups: [{ filters }],
});
