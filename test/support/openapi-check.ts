import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { API_VERSION } from '../../src/api/create-app.ts';
import { openApiDocument } from '../../src/api/openapi.ts';
import { ROUTES } from '../../src/api/routes/all-routes.ts';

interface Operation {
  readonly responses: Record<
    string,
    { readonly content?: Record<string, { readonly schema: object }> }
  >;
}

const document = openApiDocument(ROUTES, API_VERSION) as {
  paths: Record<string, Record<string, Operation>>;
};
const ajv = new Ajv2020({ strict: false, validateFormats: false });
const compiled = new Map<object, ValidateFunction>();

const patterns = Object.keys(document.paths).map((path) => ({
  path,
  pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}));

function validatorOf(schema: object): ValidateFunction {
  const known = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, known);
  return known;
}

/**
 * Holds an answer against the published OpenAPI document: a status, media type or body that is not in
 * it fails the test that got it. Every call of every suite goes through here.
 */
export function assertDocumented(
  method: string,
  url: string,
  answer: { readonly status: number; readonly contentType: string; readonly body: unknown },
): void {
  const path = url.split('?')[0] ?? '';
  const found = patterns.find(({ pattern }) => pattern.test(path));
  const operation =
    found === undefined ? undefined : document.paths[found.path]?.[method.toLowerCase()];
  if (operation === undefined) return;
  const where = `${method} ${path} -> ${answer.status}`;
  const response = operation.responses[String(answer.status)];
  if (response === undefined) throw new Error(`${where} is not in the OpenAPI document`);
  const [media] = Object.entries(response.content ?? {});
  if (media === undefined) {
    if (answer.body !== '') throw new Error(`${where} has a body and should have none`);
    return;
  }
  const [type, { schema }] = media;
  if (!answer.contentType.startsWith(type))
    throw new Error(`${where} is ${answer.contentType}, not ${type}`);
  const validate = validatorOf(schema);
  if (!validate(answer.body)) throw new Error(`${where}: ${ajv.errorsText(validate.errors)}`);
}
