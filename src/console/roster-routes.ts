import { type Request, Router } from 'express';
import { z } from 'zod';
import { AgentIdSchema, PersonIdSchema } from '../contracts/ids.ts';
import { AddedAgentSchema, AddedPersonSchema } from '../contracts/roster-change.ts';
import {
  type AgentList,
  AgentListSchema,
  type PersonView,
  PersonViewSchema,
} from '../contracts/roster-view.ts';
import type { Frame } from './frame.ts';
import { reads } from './pages-routes.ts';
import { bodyOf, changeIn, type Kind, optionsFor, submits } from './roster-form.ts';
import {
  addAgentPage,
  addedAgentPage,
  addedPersonPage,
  addPersonPage,
  changeRolesPage,
  revokePage,
  type RosterOne,
} from './pages/roster-change.ts';
import { type House, ownForm, type Visit } from './visit.ts';

const Anything = z.unknown();

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
              return 'roster.revoked';
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

const standingPerson = ({ people }: Frame, id: string | undefined): PersonView | undefined =>
  people.find((one) => one.id === id && one.revoked_at === null);

const personIn = ({ params }: Request): string | undefined =>
  PersonIdSchema.safeParse(params['id']).data;

function changingRoles(house: House, router: Router): void {
  router.get(
    '/people/:id/roles',
    reads(house, ({ request, frame }) => {
      const found = standingPerson(frame, personIn(request));
      return Promise.resolve(found && changeRolesPage(frame, found));
    }),
  );
  const kindFor = (id: string): Kind => ({
    send: async ({ api }, change) => {
      const of = { method: 'POST', path: `/v1/people/${id}/roles` } as const;
      await api({ ...of, body: bodyOf(change), answer: PersonViewSchema });
      return 'roster.roles_changed';
    },
    again: (_made, frame, draft) => {
      const found = standingPerson(frame, id);
      return Promise.resolve(found && changeRolesPage(frame, found, draft));
    },
  });
  router.post(
    '/people/:id/roles',
    submits(house, (request) => {
      const id = personIn(request);
      return id === undefined ? undefined : kindFor(id);
    }),
  );
}

/** Agents and people that come and go, and people's roles: forms whose passkey signs exactly what they hold. */
export function rosterRoutes(house: House): Router {
  const router = Router();
  router.post('/roster/passkey-options', async (request, response) => {
    const made = ownForm(house, request);
    const { nonce, options } = await optionsFor(made, changeIn(made.form));
    response.json({ ...options, nonce });
  });
  adding(house, router);
  revoking(house, router);
  changingRoles(house, router);
  return router;
}
