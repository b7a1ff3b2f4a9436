import type { Request, Response } from 'express';
import { z } from 'zod';
import { type GateStatus, GateStatusSchema } from '../contracts/gate-status.ts';
import { PersonListSchema, PersonViewSchema } from '../contracts/roster-view.ts';
import { type ApiAddress, type ApiClient, createApiClient } from './api-client.ts';
import type { Assets } from './assets.ts';
import { noteOf } from './notes.ts';
import type { Frame } from './frame.ts';
import { markRefused, type RefusedStep } from './refusals.ts';
import { formToken, isFormToken, isFromConsole, sessionToken } from './session.ts';
import { versionOf } from './version.ts';
import { zoneOf } from './zone.ts';

export interface ConsoleOptions {
  /** Where people reach the console: decides the cookie and whose forms count. */
  readonly origin: string;
  readonly api: ApiAddress;
  /** For the operator's log: each step that was refused. */
  readonly onRefused: (step: RefusedStep) => void;
}

export interface House extends ConsoleOptions {
  readonly assets: Assets;
}

/** One visit by somebody with a session. */
export interface Visit {
  readonly api: ApiClient;
  readonly session: string;
}

/** Thrown where there is no session; one that the API does not accept is an `ApiProblem`. */
export class SignInNeeded extends Error {
  constructor() {
    super('nobody is signed in');
    this.name = 'SignInNeeded';
  }
}

/** Thrown for a form that no page of this session made. */
export class ForeignForm extends Error {
  constructor() {
    super('the form is not of this session');
    this.name = 'ForeignForm';
  }
}

export const openApi = (house: House): ApiClient => createApiClient(house.api, undefined);

export function visitOf(house: House, request: Request): Visit {
  const session = sessionToken(request, house.origin);
  if (session === undefined) throw new SignInNeeded();
  return { session, api: createApiClient(house.api, session) };
}

/** Nothing is changed but by a page of this origin; with a session, by a form of that session. */
export function assertOwnPage(house: House, request: Request): void {
  if (!isFromConsole(request.headers, house.origin)) throw new ForeignForm();
}

const FormSchema = z.record(z.string(), z.string());
export type Form = Readonly<Record<string, string>>;

export function formOf(request: Request): Form {
  const parsed = FormSchema.safeParse(request.body ?? {});
  return parsed.success ? parsed.data : {};
}

/** A form of this reader's own page, checked before anything in it is looked at. */
export function ownForm(house: House, request: Request): Visit & { readonly form: Form } {
  assertOwnPage(house, request);
  const visit = visitOf(house, request);
  const form = formOf(request);
  const given = form['form_token'] ?? request.get('x-form-token');
  if (!isFormToken(visit.session, given)) throw new ForeignForm();
  return { ...visit, form };
}

/** The gate's state, asked before anything else of a page: what is asked later is at least as new. */
export const statusOf = ({ api }: Visit): Promise<GateStatus> =>
  api({ method: 'GET', path: '/v1/status', answer: GateStatusSchema });

/** What stands around every page: who reads, the gate's state, names. */
export async function frameOf(
  house: House,
  { api, session }: Visit,
  of: { readonly request: Request; readonly status: GateStatus },
): Promise<Frame> {
  const [reader, roster] = await Promise.all([
    api({ method: 'GET', path: '/v1/people/me', answer: PersonViewSchema }),
    api({ method: 'GET', path: '/v1/people', answer: PersonListSchema }),
  ]);
  return {
    assets: house.assets,
    reader,
    status: of.status,
    people: roster.people,
    formToken: formToken(session),
    now: new Date(),
    zone: zoneOf(of.request),
    note: noteOf(of.request.query['note']),
  };
}

/** However still it is, a page is made anew this often: the log's position stands still while nobody publishes it. */
const WHOLE_LOOK_EVERY_MS = 30_000;

/**
 * Changes whenever a page may say something else: whatever people see is in the log. Undefined while the log cannot be
 * read, and then every look is a whole one.
 */
export function tagOf(status: GateStatus, { session }: Visit, request: Request) {
  if (status.log === null) return undefined;
  const look = Math.floor(Date.now() / WHOLE_LOOK_EVERY_MS);
  return `"${versionOf([status, formToken(session), request.originalUrl, zoneOf(request), look])}"`;
}

export function sendPage(response: Response, text: string, status = 200): void {
  response.status(status).type('text/html; charset=utf-8').send(text);
}

/** Back to a page of the console, with what became of the step. */
export function comeBack(response: Response, path: string, note = ''): void {
  const said = noteOf(note);
  if (said?.colour === 'stop' && said.isDone !== true) markRefused(response, note);
  const query = note === '' ? '' : `?${new URLSearchParams({ note }).toString()}`;
  response.redirect(303, `${path}${query}`);
}
