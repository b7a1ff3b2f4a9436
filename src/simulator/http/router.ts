import express from 'express';
import type { Express, NextFunction, Request, Response } from 'express';
import { HubSpotError } from '../errors.ts';
import { handleRequest } from './pipeline.ts';
import type { Pipeline, Target } from './pipeline.ts';
import type { Method, Route, VersionedPath } from './route.ts';

type Entry = { version: VersionedPath['version']; byMethod: Map<Method, Route> };

/** One entry per path, so that a known path with a wrong method is a 405 and not a 404. */
function byPath(routes: readonly Route[]): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const route of routes)
    for (const { version, path } of route.paths) {
      const entry = entries.get(path) ?? { version, byMethod: new Map<Method, Route>() };
      entry.byMethod.set(route.method, route);
      entries.set(path, entry);
    }
  return entries;
}

/** Fixed words win over parameters: `/contacts/search` is not the contact "search". */
function byPrecision(paths: Iterable<string>): string[] {
  const parameters = (path: string): number => path.split('/:').length;
  return [...paths].sort((a, b) => parameters(a) - parameters(b));
}

function targetOf(entry: Entry, request: Request): Target {
  const route = entry.byMethod.get(request.method as Method);
  if (!route) return { kind: 'wrong_method', allowed: [...entry.byMethod.keys()] };
  const params = request.params as Record<string, string>;
  return { kind: 'route', route, version: entry.version, params };
}

/** The API as an Express app: Express finds the path, the pipeline does everything else. */
export function createApiApp(pipeline: Pipeline, routes: readonly Route[]): Express {
  const app = express();
  app.disable('x-powered-by');
  app.enable('case sensitive routing');
  const entries = byPath(routes);
  for (const path of byPrecision(entries.keys())) {
    const entry = entries.get(path);
    if (!entry) continue;
    app.all(path, (request, response) =>
      handleRequest(pipeline, request, response, targetOf(entry, request)),
    );
  }
  app.use((request, response) => handleRequest(pipeline, request, response, { kind: 'nothing' }));
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent || response.destroyed) {
      next(error);
      return;
    }
    const fields = { message: 'The request could not be read.', category: 'VALIDATION_ERROR' };
    response.status(400).json(new HubSpotError(400, fields).toBody());
  });
  return app;
}
