import type { Request, RequestHandler } from 'express';
import { StepUpOptionsSchema } from '../contracts/step-up.ts';
import { ApiProblem } from './api-client.ts';
import type { Frame } from './frame.ts';
import { noteOf } from './notes.ts';
import type { RosterDraft } from './pages/roster-change.ts';
import { STEP_UP_CODES, stepUpIn } from './step-up.ts';
import {
  comeBack,
  type Form,
  frameOf,
  type House,
  ownForm,
  sendPage,
  statusOf,
  type Visit,
} from './visit.ts';

const namesIn = (text = ''): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** What the form asks for: signed and sent as the same. Whatever is no change the API refuses. */
export function changeIn({ change, id, name, groups, email, roles }: Form): object {
  if (change === 'add_agent') return { change, name: name ?? '', groups: namesIn(groups) };
  if (change === 'add_person')
    return { change, name: name ?? '', email: (email ?? '').trim(), roles: namesIn(roles) };
  if (change === 'change_roles') return { change, id, roles: namesIn(roles) };
  return { change, id };
}

export const optionsFor = ({ api }: Visit, change: object) =>
  api({
    ...{ method: 'POST', path: '/v1/roster/passkey-options', body: change },
    answer: StepUpOptionsSchema,
  });

/** The words of these routes, where the API's code has others elsewhere. */
const CODES: Readonly<Record<string, string>> = {
  ...STEP_UP_CODES,
  'person.forbidden': 'roster.forbidden',
  'policy.denied': 'roster.own_agent',
};

function draftOf(form: Form, { code, detail }: ApiProblem): RosterDraft {
  const note = noteOf(CODES[code] ?? code);
  const more = code === 'request.malformed' || code === 'person.unknown_role' ? detail : undefined;
  const said = [note?.text ?? code, more ?? ''].filter((text) => text !== '');
  return { values: form, problem: said.join(' ') };
}

type Made = Visit & { readonly form: Form };

export interface Kind {
  /** What is sent, and what the reader sees of it then: a page, or the list with this note. */
  readonly send: (made: Made, change: object) => Promise<((frame: Frame) => string) | string>;
  readonly again: (
    made: Made,
    frame: Frame,
    draft: RosterDraft,
  ) => Promise<string | undefined> | string;
}

/** A form of the reader's own page; what the API refuses comes back in the form with what it held. */
export const submits =
  (house: House, kindOf: (request: Request) => Kind | undefined): RequestHandler =>
  async (request, response, next) => {
    const made = ownForm(house, request);
    const kind = kindOf(request);
    if (kind === undefined) {
      next();
      return;
    }
    const framed = async (): Promise<Frame> => ({
      ...(await frameOf(house, made, { request, status: await statusOf(made) })),
      note: undefined,
    });
    try {
      const change = changeIn(made.form);
      const signed = await stepUpIn(made.form, () => optionsFor(made, change));
      const show = await kind.send(made, { ...change, ...signed });
      if (typeof show === 'string') comeBack(response, '/console/agents', show);
      else sendPage(response, show(await framed()), 201);
    } catch (error) {
      const isSaid = error instanceof ApiProblem && noteOf(CODES[error.code] ?? error.code);
      if (!isSaid) throw error;
      const again = await kind.again(made, await framed(), draftOf(made.form, error));
      if (again === undefined) next();
      else sendPage(response, again, error.status);
    }
  };

/** Its kind is said by the path. */
export const bodyOf = (change: object): object =>
  Object.fromEntries(Object.entries(change).filter(([name]) => name !== 'change' && name !== 'id'));
