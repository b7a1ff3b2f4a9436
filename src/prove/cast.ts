import { z } from 'zod';
import type { Policy } from '../policy/policy.ts';
import {
  findReader,
  findWriter,
  type Likeness,
  likenesses,
  type Reader,
  type Writer,
} from './probes.ts';
import type { CommandResult } from './product.ts';
import type { Roster } from './store-file.ts';

/** Scratch agents and people: made for this run, with ids and keys that match nothing real. */
export interface ScratchAgent extends Likeness {
  readonly id: string;
  readonly key: string;
}

export interface ScratchPerson {
  readonly id: string;
  readonly email: string;
  readonly key: string;
}

export interface WritingCast extends Writer {
  readonly agent: ScratchAgent;
  /** As like the first as two agents can be. */
  readonly other: ScratchAgent;
  /** Each holds every role that the policy asks of an approver. */
  readonly approvers: readonly ScratchPerson[];
}

export interface ReadingCast extends Reader {
  readonly agent: ScratchAgent;
}

export interface Cast {
  /** Undefined when the policy lets none that is like anybody known write with people's approval. */
  readonly writing: WritingCast | undefined;
  readonly reading: ReadingCast | undefined;
  /** Everybody else the user's agents and policy know of: what they may not, they must not get. */
  readonly crowd: readonly ScratchAgent[];
  /** In no group that any policy names. */
  readonly nobody: ScratchAgent;
  readonly operator: ScratchPerson;
  /** With a role that nobody asks for. */
  readonly watcher: ScratchPerson;
}

type Command = (...args: readonly string[]) => Promise<CommandResult>;

/** The most that a policy can ask for, and one who leaves (`policy/requirement.ts`). */
const APPROVERS = 4;
const CROWD_MAX = 3;
const NO_GROUP = 'prove-no-group';
const NO_ROLE = 'prove-no-role';

async function enroll<T>(
  command: Command,
  schema: z.ZodType<T>,
  args: readonly string[],
): Promise<T> {
  const { status, out, err } = await command(...args, '--json');
  if (status !== 0) throw new Error(`sallyport ${args.slice(0, 2).join(' ')} failed: ${err}`);
  return schema.parse(JSON.parse(out));
}

const AddedAgentSchema = z.object({ id: z.string(), key: z.string() });
const AddedPersonSchema = z.object({ id: z.string(), email: z.string(), key: z.string() });

async function addAgent(command: Command, { name, groups }: Likeness): Promise<ScratchAgent> {
  const given = groups.length === 0 ? [NO_GROUP] : groups;
  const options = given.flatMap((group) => ['--group', group]);
  const added = await enroll(command, AddedAgentSchema, [
    'agent',
    'add',
    name,
    '--same-name',
    ...options,
  ]);
  return { ...added, name, groups: given };
}

function addPerson(
  command: Command,
  name: string,
  roles: readonly string[],
): Promise<ScratchPerson> {
  const options = roles.flatMap((role) => ['--role', role]);
  const args = ['person', 'add', name, '--email', `${name}@prove.test`, '--new-role', ...options];
  return enroll(command, AddedPersonSchema, args);
}

const sameLikeness = (one: Likeness, other: Likeness): boolean =>
  one.name === other.name && JSON.stringify(one.groups) === JSON.stringify(other.groups);

/** At most so many at once, the others in their order. */
function createLanes(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  const lanes: Promise<unknown>[] = Array.from({ length: count }, () => Promise.resolve());
  let next = 0;
  return (work) => {
    const lane = next % count;
    next += 1;
    const done = (lanes[lane] ?? Promise.resolve()).then(work);
    // The first failure is told by whoever waits for it; the lane goes on.
    lanes[lane] = done.catch(() => undefined);
    return done;
  };
}

/** Every role that the policy asks of an approver; any word where it asks for none. */
function rolesFor(writer: Writer): readonly string[] {
  const { roles } = writer.requirement;
  return roles.length === 0 ? ['approver'] : roles;
}

interface Enrolling {
  readonly agent: (likeness: Likeness) => Promise<ScratchAgent>;
  readonly person: (name: string, roles: readonly string[]) => Promise<ScratchPerson>;
}

/** Two at a time: each is a process, and a small machine has other work. */
function createEnrolling(command: Command): Enrolling {
  const enrolling = createLanes(2);
  return {
    agent: (likeness) => enrolling(() => addAgent(command, likeness)),
    person: (name, roles) => enrolling(() => addPerson(command, name, roles)),
  };
}

async function enrollWriting(add: Enrolling, writer: Writer | undefined): Promise<Cast['writing']> {
  if (writer === undefined) return undefined;
  const roles = rolesFor(writer);
  const names = Array.from({ length: APPROVERS }, (_, i) => `prove-approver-${i}`);
  const [agent, other, approvers] = await Promise.all([
    add.agent(writer.likeness),
    add.agent(writer.likeness),
    Promise.all(names.map((name) => add.person(name, roles))),
  ]);
  return { ...writer, agent, other, approvers };
}

/** The writer reads too when the policy lets one agent do both. */
async function enrollReading(
  add: Enrolling,
  reader: Reader | undefined,
  writing: Promise<Cast['writing']>,
): Promise<Cast['reading']> {
  if (reader === undefined) return undefined;
  const writer = await writing;
  const isOneAgent = writer !== undefined && sameLikeness(writer.likeness, reader.likeness);
  return { ...reader, agent: isOneAgent ? writer.agent : await add.agent(reader.likeness) };
}

/** Enrolls, by the command line, whom the user's policy and roster say there can be. */
export async function enrollCast(
  command: Command,
  of: {
    readonly policy: Policy;
    readonly policyText: string;
    readonly roster: Roster;
    readonly connection: string;
  },
): Promise<Cast> {
  const { policy, roster, connection } = of;
  const known = likenesses(roster.agents, of.policyText);
  const writer = findWriter(policy, known, connection);
  const reader = findReader(policy, known, connection);
  const taken = [writer?.likeness, reader?.likeness].filter((each) => each !== undefined);
  const rest = known.filter((each) => !taken.some((one) => sameLikeness(one, each)));
  const add = createEnrolling(command);
  const startedWriting = enrollWriting(add, writer);
  const [writing, reading, nobody, operator, watcher, crowd] = await Promise.all([
    startedWriting,
    enrollReading(add, reader, startedWriting),
    add.agent({ name: 'prove-nobody', groups: [NO_GROUP] }),
    add.person('prove-operator', ['operator']),
    add.person('prove-watcher', [NO_ROLE]),
    Promise.all(rest.slice(0, CROWD_MAX).map(add.agent)),
  ]);
  return { writing, reading, crowd, nobody, operator, watcher };
}
