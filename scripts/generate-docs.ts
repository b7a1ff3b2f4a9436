// Writes docs/errors.md and docs/openapi.json from the code; with --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { API_VERSION } from '../src/api/create-app.ts';
import { errorPages } from '../src/api/error-pages.ts';
import { openApiDocument } from '../src/api/openapi.ts';
import { ROUTES } from '../src/api/routes/all-routes.ts';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));
const isCheck = process.argv.includes('--check');

const DOCUMENTS: readonly (readonly [string, string])[] = [
  ['errors.md', errorPages()],
  ['openapi.json', `${JSON.stringify(openApiDocument(ROUTES, API_VERSION), null, 2)}\n`],
];

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const stale = DOCUMENTS.filter(([name, text]) => read(`${docs}${name}`) !== text);
for (const [name, text] of stale) {
  if (isCheck) console.error(`docs/${name} is not what the code says: run npm run docs`);
  else writeFileSync(`${docs}${name}`, text);
}
if (isCheck && stale.length > 0) process.exit(1);
