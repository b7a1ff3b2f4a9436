import { z } from 'zod';

const ANSWER_MAX_MS = 70_000;

const BodySchema = z.looseObject({
  id: z.string().optional(),
  /** A request's state, or a problem's HTTP status. */
  status: z.union([z.string(), z.number()]).optional(),
  code: z.string().optional(),
  retryable: z.boolean().optional(),
  digest: z.string().optional(),
  created_at: z.string().optional(),
  expires_at: z.string().optional(),
  requires: z.looseObject({ approvals: z.number() }).optional(),
  problem: z.looseObject({ code: z.string() }).optional(),
  result: z.unknown().optional(),
  card: z
    .looseObject({
      digest: z.string(),
      changes: z.array(z.looseObject({ property: z.string(), after: z.string() })),
    })
    .optional(),
});

/** What the API said. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: z.infer<typeof BodySchema>;
  /** The request's state, when the answer shows a request. */
  readonly state: string | undefined;
  /** The code of what went wrong, of the answer or of the request it shows. */
  readonly code: string | undefined;
}

export interface Ask {
  readonly key?: string | undefined;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

function parse(text: string): z.infer<typeof BodySchema> {
  try {
    return BodySchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

export async function ask(
  api: string,
  method: string,
  path: string,
  { key, body, headers = {} }: Ask = {},
): Promise<Answer> {
  const response = await fetch(`${api}${path}`, {
    method,
    signal: AbortSignal.timeout(ANSWER_MAX_MS),
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed = parse(text);
  return {
    status: response.status,
    text,
    body: parsed,
    state: typeof parsed.status === 'string' ? parsed.status : undefined,
    code: parsed.code ?? parsed.problem?.code,
  };
}
