import { z } from 'zod';
import { ProblemSchema } from '../contracts/problem.ts';
import { ERRORS, type ErrorCode } from '../core/errors.ts';
import { WebhookEventSchema } from '../contracts/webhook.ts';
import type { Door, Route } from './define-route.ts';
import { retryHeaders } from './problem.ts';

type Json = Record<string, unknown>;

const DOOR_ERRORS: Readonly<Record<Door, readonly ErrorCode[]>> = {
  agent: ['agent.unauthenticated'],
  person: ['person.unauthenticated'],
  stranger: ['rate.limited'],
  anyone: [],
};
const BODY_ERRORS: readonly ErrorCode[] = [
  'request.malformed',
  'request.too_large',
  'request.unsupported_media',
];

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const document = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  delete document['$schema'];
  return document;
};

function parameters(place: 'path' | 'query' | 'header', schema: z.ZodType | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

/** What an answer that may be tried again says of when; of some codes alone where a status has several. */
const RETRY_AFTER: Json = {
  'Retry-After': {
    description: 'Whole seconds until it is worth trying again (RFC 9110, 10.2.3).',
    schema: { type: 'integer', minimum: 1 },
  },
};

const saysWhen = (code: ErrorCode): boolean => Object.keys(retryHeaders(code)).length > 0;

function problemResponses(codes: readonly ErrorCode[]): Json {
  const byStatus = Map.groupBy(new Set(codes), (code) => ERRORS[code].status);
  const content = { 'application/problem+json': { schema: jsonSchema(ProblemSchema, 'output') } };
  const entries = [...byStatus].map(([status, list]) => [
    String(status),
    {
      description: list.map((code) => `\`${code}\` ${ERRORS[code].title}`).join('\n\n'),
      ...(list.some(saysWhen) ? { headers: RETRY_AFTER } : {}),
      content,
    },
  ]);
  return Object.fromEntries(entries) as Json;
}

function goodResponses(route: Route): Json {
  const entries = Object.entries(route.replies).map(([status, { is, body }]) => [
    status,
    {
      description: is,
      ...(body === null
        ? {}
        : { content: { 'application/json': { schema: jsonSchema(body, 'output') } } }),
    },
  ]);
  return Object.fromEntries(entries) as Json;
}

function errorsOf(route: Route): ErrorCode[] {
  const malformed: ErrorCode[] =
    route.raw !== undefined ||
    route.body !== undefined ||
    route.query !== undefined ||
    route.headers !== undefined
      ? ['request.malformed']
      : [];
  return [
    ...DOOR_ERRORS[route.door],
    ...malformed,
    ...(bodyOf(route) === undefined ? [] : BODY_ERRORS),
    ...(route.params === undefined ? [] : (['request.not_found'] as const)),
    ...route.errors,
    'internal.unexpected',
  ];
}

const isOpen = (door: Door): boolean => door === 'anyone' || door === 'stranger';
const bodyOf = ({ body, raw }: Route) =>
  raw ?? (body === undefined ? undefined : { type: 'application/json', schema: body });

function operation(route: Route): Json {
  const body = bodyOf(route);
  return {
    summary: route.summary,
    operationId: `${route.method}${route.path.replaceAll(/[^a-zA-Z]+(.)?/g, (_, next: string | undefined) => (next ?? '').toUpperCase())}`,
    security: isOpen(route.door) ? [] : [{ [`${route.door}Key`]: [] }],
    parameters: [
      ...parameters('path', route.params),
      ...parameters('query', route.query),
      ...parameters('header', route.headers),
    ],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { [body.type]: { schema: jsonSchema(body.schema, 'input') } },
          },
        }),
    responses: { ...problemResponses(errorsOf(route)), ...goodResponses(route) },
  };
}

/** What is sent, not answered: https://spec.openapis.org/oas/v3.1.0#oas-webhooks */
const toldApproval = (): Json => ({
  summary:
    'What another system is told of, where an address is set. Signed as Standard Webhooks has it.',
  parameters: ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
    name,
    in: 'header',
    required: true,
    schema: { type: 'string' },
  })),
  requestBody: {
    required: true,
    content: { 'application/json': { schema: jsonSchema(WebhookEventSchema, 'output') } },
  },
  responses: { '2XX': { description: 'Heard. Anything else is sent again, or never again.' } },
});

const bearer = (description: string): Json => ({ type: 'http', scheme: 'bearer', description });

/** OpenAPI 3.1 from the routes themselves: nothing is written twice. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sallyport',
      version,
      description: 'A guarded gateway between AI agents and a HubSpot CRM.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    webhooks: { approval: { post: toldApproval() } },
    components: {
      securitySchemes: {
        agentKey: bearer('A key from `sallyport agent add`.'),
        personKey: bearer('A key from `sallyport person add`, or the token of a session.'),
      },
    },
  };
}
