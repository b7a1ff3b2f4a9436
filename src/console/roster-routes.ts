import { type Request, type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { AgentIdSchema, PersonIdSchema } from '../contracts/ids.ts';
import { AddedAgentSchema, AddedPersonSchema } from '../contracts/roster-change.ts';
import { type AgentList, AgentListSchema } from '../contracts/roster-view.ts';
import { StepUpOptionsSchema } from '../contracts/step-up.ts';
import { ApiProblem } from './api-client.ts';
import type { Frame } from './frame.ts';
import { noteOf } from './notes.ts';
import { reads } from './pages-routes.ts';
import {
  addAgentPage,
  addedAgentPage,
  addedPersonPage,
  addPersonPage,
  revokePage,
  type RosterDraft,
  type RosterOne,
} from './pages/roster-change.ts';
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

const Anything = z.unknown();

const namesIn = (text = ''): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** What the form asks for: signed and sent as the same. Whatever is no change the API refuses. */
function changeIn({ change, id, name, groups, email, roles }: Form): object {
  if (change === 'add_agent') return { change, name: name ?? '', groups: namesIn(groups) };
  if (change === 'add_person')
    return { change, name: name ?? '', email: (email ?? '').trim(), roles: namesIn(roles) };
  return { change, id };
}

const optionsFor = ({ api }: Visit, change: object) =>
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

interface Kind {
  /** What is sent, and what the reader sees of it then; undefined: back to the list. */
  readonly send: (made: Made, change: object) => Promise<((frame: Frame) => string) | undefined>;
  readonly again: (
    made: Made,
    frame: Frame,
    draft: RosterDraft,
  ) => Promise<string | undefined> | string;
}

/** A form of the reader's own page; what the API refuses comes back in the form with what it held. */
const submits =
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
      if (show === undefined) comeBack(response, '/console/agents', 'roster.revoked');
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
const bodyOf = (change: object): object =>
  Object.fromEntries(Object.entries(change).filter(([name]) => name !== 'change' && name !== 'id'));

const agentsOf = ({ api }: Visit): Promise<AgentList> =>
  api({ method: 'GET', path: '/v1/agents', answer: AgentListSchema });

const groupsOf = async (visit: Visit): Promise<string[]> =>
  (await agentsOf(visit)).agents.flatMap(({ groups }) => groups);

function adding(house: House, router: Router): void {
  router.get(
    '/agents/add',
    reads(house, async ({ visit, frame }) => addAgentPage(frame, await groupsOf(visit))),
  );
  router.get(
    '/people/add',
    reads(house, ({ frame }) => Promise.resolve(addPersonPage(frame))),
  );
  const addAgent: Kind = {
    send: async ({ api }, change) => {
      const body = bodyOf(change);
      const of = { method: 'POST', path: '/v1/agents', body } as const;
      const added = await api({ ...of, answer: AddedAgentSchema });
      return (frame) => addedAgentPage(frame, added);
    },
    again: async (made, frame, draft) => addAgentPage(frame, await groupsOf(made), draft),
  };
  const addPerson: Kind = {
    send: async ({ api }, change) => {
      const body = bodyOf(change);
      const of = { method: 'POST', path: '/v1/people', body } as const;
      const added = await api({ ...of, answer: AddedPersonSchema });
      return (frame) => addedPersonPage(frame, added);
    },
    again: (_made, frame, draft) => addPersonPage(frame, draft),
  };
  router.post(
    '/agents/add',
    submits(house, () => addAgent),
  );
  router.post(
    '/people/add',
    submits(house, () => addPerson),
  );
}

/** One that stands, by the id of the page. */
async function standing(
  visit: Visit,
  frame: Frame,
  { kind, id }: Omit<RosterOne, 'name'>,
): Promise<RosterOne | undefined> {
  const all = kind === 'agent' ? (await agentsOf(visit)).agents : frame.people;
  const found = all.find((one) => one.id === id && one.revoked_at === null);
  return found && { kind, id, name: found.name };
}

const PLACES = [
  ['agents', 'agent', AgentIdSchema],
  ['people', 'person', PersonIdSchema],
] as const;

function revoking(house: House, router: Router): void {
  for (const [place, kind, Id] of PLACES) {
    const oneIn = (request: Request): Omit<RosterOne, 'name'> | undefined => {
      const id = Id.safeParse(request.params['id']).data;
      return id === undefined ? undefined : { kind, id };
    };
    router.get(
      `/${place}/:id/revoke`,
      reads(house, async ({ visit, request, frame }) => {
        const one = oneIn(request);
        const found = one && (await standing(visit, frame, one));
        return found && revokePage(frame, found);
      }),
    );
    router.post(
      `/${place}/:id/revoke`,
      submits(house, (request) => {
        const one = oneIn(request);
        return (
          one && {
            send: async ({ api }, change) => {
              const of = { method: 'DELETE', path: `/v1/${place}/${one.id}` } as const;
              await api({ ...of, body: bodyOf(change), answer: Anything });
              return undefined;
            },
            again: async (made, frame, draft) => {
              const found = await standing(made, frame, one);
              return found && revokePage(frame, found, draft);
            },
          }
        );
      }),
    );
  }
}

/** Agents and people that come and go: forms whose passkey signs exactly what they hold. */
export function rosterRoutes(house: House): Router {
  const router = Router();
  router.post('/roster/passkey-options', async (request, response) => {
    const made = ownForm(house, request);
    const { nonce, options } = await optionsFor(made, changeIn(made.form));
    response.json({ ...options, nonce });
  });
  adding(house, router);
  revoking(house, router);
  return router;
}
