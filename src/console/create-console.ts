import express, { Router } from 'express';
import { absenceRoutes } from './absence-routes.ts';
import { loadAssets } from './assets.ts';
import { changeRoutes } from './change-routes.ts';
import { doorRoutes } from './door-routes.ts';
import { grantRoutes } from './grant-routes.ts';
import { incidentRoutes } from './incident-routes.ts';
import { logRoutes } from './log-routes.ts';
import { pageRoutes } from './pages-routes.ts';
import { troublePage } from './pages/trouble.ts';
import { tellRefusals } from './refusals.ts';
import { guardPages, leadToName } from './session.ts';
import { rosterRoutes } from './roster-routes.ts';
import { stepRoutes } from './step-routes.ts';
import { togetherRoutes } from './together-routes.ts';
import { answerTrouble } from './trouble.ts';
import { type ConsoleOptions, type House, sendPage } from './visit.ts';

const FORM_MAX_BYTES = 64 * 1024;

/**
 * The web console, to be mounted at `/console`: pages made on the server from the public API's answers, with the
 * reader's own token. It holds no state and has no powers: what the API refuses, it cannot do.
 */
export function createConsole(options: ConsoleOptions): Router {
  const house: House = { ...options, assets: loadAssets() };
  const router = Router();
  router.use(leadToName(house.origin), guardPages, tellRefusals(house.onRefused));
  router.get('/assets/:version/:name', house.assets.send);
  router.use(express.urlencoded({ extended: false, limit: FORM_MAX_BYTES }));
  router.use(express.json({ limit: FORM_MAX_BYTES }));
  router.use(doorRoutes(house), pageRoutes(house), changeRoutes(house), grantRoutes(house));
  router.use(incidentRoutes(house), rosterRoutes(house), stepRoutes(house));
  router.use(togetherRoutes(house), absenceRoutes(house), logRoutes(house));
  router.use((_request, response) => {
    sendPage(response, troublePage(house.assets, 404, undefined), 404);
  });
  router.use(answerTrouble(house));
  return router;
}
