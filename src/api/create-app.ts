import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { GatewayError } from '../core/gateway-error.ts';
import { answerErrors } from './answer-error.ts';
import type { ApiContext } from './api-context.ts';
import type { Route } from './define-route.ts';
import { errorPages } from './error-pages.ts';
import { nameExchange } from './exchange.ts';
import { expressPath, mountRoute } from './mount-route.ts';
import { openApiDocument } from './openapi.ts';
import { ROUTES } from './routes/all-routes.ts';

export const API_VERSION = '0.1.0';

/** 405 with Allow for a known path, so that a wrong method is told from a wrong path. */
function refuseMethod(path: string): RequestHandler {
  const allowed = ROUTES.filter((route) => route.path === path).map(({ method }) =>
    method.toUpperCase(),
  );
  return (_request, response) => {
    response.set('Allow', allowed.join(', '));
    throw new GatewayError('request.method_not_allowed');
  };
}

function mountDocuments(app: Express): void {
  const document = JSON.stringify(openApiDocument(ROUTES, API_VERSION));
  const pages = errorPages();
  app.get('/openapi.json', (_request, response) => {
    response.type('application/json').send(document);
  });
  app.get('/errors', (_request, response) => {
    response.type('text/markdown').send(pages);
  });
}

function mountRoutes(app: Express, context: ApiContext, routes: readonly Route[]): void {
  for (const route of routes) {
    app[route.method](expressPath(route.path), ...mountRoute(context, route));
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    app.all(expressPath(path), refuseMethod(path));
  }
}

/** Who types the bare address into a browser looks for the console; a program gets the answer of any other path. */
const toConsole: RequestHandler = (request, response, next) => {
  if (request.accepts(['json', 'html']) === 'html') response.redirect(302, '/console');
  else next();
};

/** The HTTP API, and at `/console` whatever is given. Holds no state of its own: everything is in the context. */
export function createApp(context: ApiContext, pages?: RequestHandler): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(nameExchange);
  app.use(helmet({ contentSecurityPolicy: { directives: { defaultSrc: ["'none'"] } } }));
  app.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  mountDocuments(app);
  mountRoutes(app, context, ROUTES);
  if (pages !== undefined) {
    app.use('/console', pages);
    app.get('/', toConsole);
  }
  app.use(() => {
    throw new GatewayError('request.not_found');
  });
  app.use(answerErrors(context));
  return app;
}
