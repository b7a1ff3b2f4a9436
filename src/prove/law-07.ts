import { ACTIONS } from '../actions/catalogue.ts';
import { grantedFields } from '../policy/requirement.ts';
import type { ScratchAgent } from './cast.ts';
import type { Law, Tally } from './guarantee.ts';
import { callsDuring, submitWrite, writing } from './moves.ts';
import { type Action, queryFor, requirementOf, READS, touchesOf, WRITES } from './probes.ts';
import type { Rig } from './rig.ts';
import { NotApplicableError } from './unproven.ts';

const everybody = ({ cast }: Rig): readonly ScratchAgent[] => {
  const { writing: writer, reading: reader, crowd, nobody } = cast;
  return [writer?.agent, reader?.agent, ...crowd, nobody].filter((agent) => agent !== undefined);
};

/** Fields by HubSpot's own names, with a value in each that is nowhere else. */
const planted = (mark: string): Readonly<Record<string, string>> => ({
  firstname: `${mark}firstname`,
  lastname: `${mark}lastname`,
  email: `${mark}email@prove.test`,
  phone: `+49 ${mark}phone`,
  company: `${mark}company`,
  jobtitle: `${mark}jobtitle`,
});

/** Ways to ask for one planted contact. */
function questions(id: string, properties: Readonly<Record<string, string>>): readonly Action[] {
  const { firstname = '', lastname = '', email = '', company = '' } = properties;
  return [
    { action: 'get_contact', contact_id: id },
    { action: 'get_contact', email },
    { action: 'search_contact', name: `${firstname} ${lastname}` },
    { action: 'search_contact', company },
    { action: 'search_contact', email },
  ];
}

/** What the policy itself says of one field alone, beside what the question needs. */
function grantedTo(rig: Rig, agent: ScratchAgent, question: Action): readonly string[] {
  const query = queryFor(agent, question, rig.config.connection);
  if (query === undefined) return [];
  const answers = touchesOf(question)?.answers ?? [];
  return [...query.fields, ...grantedFields(rig.policy, query, answers)];
}

async function fieldsOnly(rig: Rig, tally: Tally): Promise<void> {
  const mark = rig.text().replaceAll('-', '');
  const properties = planted(mark);
  const id = await rig.simulator.edit({ object_type: 'contacts', create: properties });
  let tried = 0;
  for (const agent of everybody(rig)) {
    for (const question of questions(id, properties)) {
      if (requirementOf(rig.policy, agent, question, rig.config.connection)?.approvals !== 0)
        continue;
      const granted = grantedTo(rig, agent, question);
      const { status, text } = await rig.submit(question, { key: agent.key });
      tally.sure(status === 200, `${question.action} got ${status} where the policy allows it`);
      for (const field of Object.keys(properties).filter((name) => !granted.includes(name))) {
        tried += 1;
        const isOut = !text.includes(`${mark}${field}`);
        tally.held(isOut, `${agent.name} got ${field} by ${question.action}`);
      }
    }
  }
  if (tried === 0)
    throw new NotApplicableError(
      'no agent that can be tried reads contacts, or your policy grants those that do every field',
    );
}

/** What an agent may in no case: by the policy's own word, whoever approves. */
function forbidden(rig: Rig, agent: ScratchAgent): readonly Action[] {
  const all = [...READS, ...WRITES.map((write) => write(rig.text(), rig.turn()))];
  return all.filter(
    (action) => requirementOf(rig.policy, agent, action, rig.config.connection) === undefined,
  );
}

async function actionsRefused(rig: Rig, tally: Tally): Promise<void> {
  for (const agent of everybody(rig)) {
    for (const action of forbidden(rig, agent)) {
      let told = '';
      const calls = await callsDuring(rig, async () => {
        const { status, code } = await rig.submit(action, { key: agent.key });
        told = `${status} ${code ?? ''}`;
      });
      const isRefused = told === '403 policy.denied' && calls === 0;
      tally.held(isRefused, `${agent.name} got ${told} for ${action.action}, with ${calls} calls`);
    }
  }
}

/** The catalogue is closed: what is not in it has no name. */
async function notExpressible(rig: Rig, tally: Tally): Promise<void> {
  const { agent } = rig.cast.writing ?? rig.cast.reading ?? { agent: rig.cast.nobody };
  const names = [
    'merge_contacts',
    'delete_contact',
    'gdpr_delete',
    'archive_contact',
    'batch_update',
  ];
  const known = new Set(ACTIONS.map(({ name }) => name));
  const asks: Action[] = [
    ...[...names, '__proto__', 'constructor'].map((action) => ({ action, contact_id: '20001' })),
    ...READS.slice(0, 2).map((action) => ({ ...action, properties: ['phone'] })),
    { action: 'get_contact', contact_id: '../contacts/20001' },
    { action: 'get_contact', contact_id: '20001?archived=true' },
  ].filter(({ action }) => action !== 'get_contact' || known.has(action));
  for (const action of asks) {
    const calls = await callsDuring(rig, async () => {
      const { status, code } = await rig.submit(action, { key: agent.key });
      const what = `${JSON.stringify(action)} got ${status} ${code ?? ''}`;
      tally.held(status >= 400 && status < 500, what);
    });
    tally.held(calls === 0, `${JSON.stringify(action)} reached HubSpot`);
  }
}

const withoutIds = (text: string): string => text.replaceAll(/(act|req)_[0-9a-z]+/g, 'id');

async function othersAreAbsent(rig: Rig, tally: Tally): Promise<void> {
  const { other } = writing(rig);
  const waiting = await submitWrite(rig);
  const missing = `act_${'0'.repeat(waiting.id.length - 4)}`;
  for (const method of ['GET', 'DELETE']) {
    const [theirs, none] = await Promise.all(
      [waiting.id, missing].map((id) => rig.ask(method, `/v1/actions/${id}`, { key: other.key })),
    );
    if (theirs === undefined || none === undefined) continue;
    const isSame = theirs.status === 404 && withoutIds(theirs.text) === withoutIds(none.text);
    const what = `${method} of another agent's request: ${theirs.status}, of a missing one: ${none.status}`;
    tally.held(isSame, what);
  }
  const listed = await rig.ask('GET', '/v1/actions?limit=100', { key: other.key });
  tally.held(!listed.text.includes(waiting.id), 'another agent’s list shows it');
}

export const LAW_07: Law = {
  number: 7,
  title: 'An agent gets only what policy grants it',
  guarantees: [
    {
      id: 'L07.1',
      title: 'a field that is not granted is in no answer, whichever way it is asked for',
      prove: fieldsOnly,
    },
    {
      id: 'L07.2',
      title: 'an action that is not granted is refused before any call',
      prove: actionsRefused,
    },
    {
      id: 'L07.3',
      title: 'what the catalogue does not have is refused before any call',
      prove: notExpressible,
    },
    {
      id: 'L07.4',
      title: 'another agent’s request is as absent as one that never was, byte for byte',
      prove: othersAreAbsent,
    },
  ],
};
