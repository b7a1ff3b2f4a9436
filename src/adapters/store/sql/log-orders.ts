import type { AuditEntry } from '../../../contracts/audit-entry.ts';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { GrantRecord } from '../../../core/grants.ts';
import type { AbsenceRecord, FreezeRecord } from '../../../core/records.ts';
import {
  entryOf,
  lastRow,
  opens,
  TABLE,
  tallyAfter,
  tallyBefore,
  VOUCHED,
  type VouchedRow,
} from './log-row.ts';
import type { Orders } from './log-scan.ts';
import type { Reader } from './unit.ts';

const NONE: Orders = {
  key: '',
  freezes: new Map(),
  credentials: new Map(),
  links: new Map(),
  grants: new Map(),
  absences: new Map(),
  revoked: new Map(),
  roles: new Map(),
};

const ROW_LOST = 'its row in the store was changed or taken out; the log has it';

/**
 * What the log says of standing freezes, credentials in use, Slack users, grants, absences, revocations and changed
 * roles, whatever their rows say. Each entry's voucher names the newest order before it, so they are found one by one from the end of
 * the log, and once in the life of a process. Throws `freeze.active` when one of them is gone, or the end of the log
 * is, or does not open: that may be a freeze.
 */
export async function ordersOf(reader: Reader): Promise<Orders> {
  const known = await knownOrders(reader);
  if (known.kind !== 'all') throw orderLost(known.lostAt);
  return known.orders;
}

/** Who was revoked, and who was given other roles, as far as it is known. */
export interface KnownOfRoster extends Pick<Orders, 'revoked' | 'roles'> {
  /** An order is lost, and this process has begun after that: somebody else may be among them. */
  readonly isUnsure: boolean;
}

/** Does not throw for an order that is lost: who is told of that has to be known all the same. */
export async function knownOfRoster(reader: Reader): Promise<KnownOfRoster> {
  const known = await knownOrders(reader);
  const { revoked, roles } = known.orders;
  return { revoked, roles, isUnsure: known.kind === 'newest' };
}

/** `lostAt` is the index of an order that is gone or does not open. */
type KnownOrders =
  | { readonly kind: 'all'; readonly orders: Orders }
  /** Those that this process knew before one was lost, and those since. */
  | { readonly kind: 'some'; readonly orders: Orders; readonly lostAt: number }
  /** Those since one was lost: this process has begun after that. */
  | { readonly kind: 'newest'; readonly orders: Orders; readonly lostAt: number };

async function knownOrders(reader: Reader): Promise<KnownOrders> {
  const { scan, isCommitted } = reader;
  const last = await lastRow(reader);
  const kept = scan.orders();
  const end = endOf(last);
  // Everybody who comes is looked up by them: where the log ends as it did, nothing is opened again.
  if (kept?.end === end && !isCutOff(reader, last)) return { kind: 'all', orders: kept.orders };
  const walk = await walkOrders(reader, last, kept?.orders);
  if (walk.kind === 'whole') {
    const orders = walk.later.reduce(applied, walk.known);
    // Those of a unit may yet be undone.
    if (isCommitted) scan.keepOrders({ orders, end });
    return { kind: 'all', orders };
  }
  const { later, lostAt } = walk;
  const kind = kept === undefined ? 'newest' : 'some';
  return { kind, orders: later.reduce(applied, kept?.orders ?? NONE), lostAt };
}

/** Each entry has a nonce, so that no two logs end in the same way. */
function endOf(last: VouchedRow | undefined): string {
  if (last === undefined) return '';
  const { leaf, voucher, ...clear } = last;
  return [JSON.stringify(clear), ...[leaf, voucher].map(base64)].join(' ');
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const sizeWith = (last: VouchedRow | undefined): number => (last === undefined ? 0 : last.idx + 1);

/** Whether this process has seen entries after the one with which the log ends now. */
const isCutOff = ({ scan }: Reader, last: VouchedRow | undefined): boolean =>
  sizeWith(last) < scan.known().to;

/** `later` is what opened on the way back from the end of the log, the oldest first. */
type Walk =
  /** As far as where an earlier walk ended, or to the first order: none was known before that. */
  | { readonly kind: 'whole'; readonly known: Orders; readonly later: readonly VouchedRow[] }
  | { readonly kind: 'broken'; readonly lostAt: number; readonly later: readonly VouchedRow[] };

async function walkOrders(
  reader: Reader,
  last: VouchedRow | undefined,
  kept: Orders | undefined,
): Promise<Walk> {
  const later: VouchedRow[] = [];
  if (isCutOff(reader, last)) return { kind: 'broken', lostAt: sizeWith(last), later };
  let index = newestIn(reader, last);
  while (index !== null) {
    const row = await rowAt(reader, index);
    if (row !== undefined && kept?.key === keyOf(row)) return { kind: 'whole', known: kept, later };
    if (row === undefined || !opens(reader, row)) return { kind: 'broken', lostAt: index, later };
    later.unshift(row);
    index = tallyBefore(reader, row)?.orders ?? null;
  }
  return { kind: 'whole', known: NONE, later };
}

/** Where the newest order is, or may be, in a log that ends with this row; null where it has none. */
function newestIn(reader: Reader, last: VouchedRow | undefined): number | null {
  if (last === undefined) return null;
  const tally = tallyAfter(reader, last);
  return tally === undefined ? last.idx : tally.orders;
}

/** Its nonce is of this one row alone: one that was undone and written anew has another. */
const keyOf = ({ voucher }: VouchedRow): string => base64(voucher);

const rowAt = ({ db }: Reader, index: number): Promise<VouchedRow | undefined> =>
  db.selectFrom(TABLE).select(VOUCHED).where('idx', '=', index).executeTakeFirst();

const orderLost = (index: number): GatewayError =>
  new GatewayError('freeze.active', {
    detail: `entry ${index} of the log, which may be a freeze, is gone or was changed; restore the store`,
  });

/** As `freezes.ts`, `credentials.ts`, `roster.ts` and `absences.ts` of the gate write them; its voucher has opened. */
interface OrderFacts {
  readonly freeze: string;
  readonly target: string;
  readonly connection: string;
  readonly version: number;
  readonly person: string;
  /** Absent where the entry is about another kind of sender. */
  readonly slack_user?: string;
  readonly absence: string;
  readonly delegate: string | null;
  readonly from: string;
  readonly until: string;
}

function applied(before: Orders, row: VouchedRow): Orders {
  const entry = entryOf(row);
  const freezes = new Map(before.freezes);
  const credentials = new Map(before.credentials);
  const links = new Map(before.links);
  const absences = new Map(before.absences);
  const { freeze, connection, version, absence, ...link } = entry.facts as unknown as OrderFacts;
  const { slack_user: slackUser, person: personId } = link;
  if (entry.event === 'freeze.placed') freezes.set(freeze, freezeOf(entry));
  if (entry.event === 'freeze.lifted') freezes.delete(freeze);
  if (entry.event === 'credential.activated') credentials.set(connection, version);
  if (slackUser !== undefined) {
    const linkedAt = new Date(entry.timestamp);
    if (entry.event === 'person.linked') links.set(slackUser, { slackUser, personId, linkedAt });
    if (entry.event === 'person.unlinked') links.delete(slackUser);
  }
  const grants = grantsAfter(before.grants, entry);
  if (entry.event === 'absence.noted') absences.set(absence, absenceOf(entry));
  if (entry.event === 'absence.ended') absences.delete(absence);
  const revoked = revokedAfter(before.revoked, entry);
  const roles = rolesAfter(before.roles, entry);
  return { key: keyOf(row), freezes, credentials, links, grants, absences, revoked, roles };
}

/** As `roster.ts`, `passkeys.ts` and `webhook-signers.ts` of the gate write them. */
interface RevocationFacts {
  readonly person?: string;
  readonly passkey?: string;
  /** Absent where a Slack user was unlinked. */
  readonly webhook_signer?: string;
}

function revokedAfter(
  before: ReadonlyMap<string, Date>,
  entry: AuditEntry,
): ReadonlyMap<string, Date> {
  const id = revokedBy(entry);
  return id == null ? before : new Map(before).set(id, new Date(entry.timestamp));
}

function revokedBy({ event, agent_id: agent, facts }: AuditEntry): string | null | undefined {
  const { person, passkey, webhook_signer: signer } = facts as RevocationFacts;
  if (event === 'agent.revoked') return agent;
  if (event === 'person.revoked') return person;
  if (event === 'passkey.revoked') return passkey;
  return event === 'person.unlinked' ? signer : undefined;
}

/** As `changeRoles` of the gate writes them. */
interface RolesFacts {
  readonly person: string;
  readonly roles: readonly string[];
}

function rolesAfter(
  before: ReadonlyMap<string, readonly string[]>,
  { event, facts }: AuditEntry,
): ReadonlyMap<string, readonly string[]> {
  if (event !== 'person.changed') return before;
  const { person, roles } = facts as unknown as RolesFacts;
  return new Map(before).set(person, roles);
}

/** As `gate/grants.ts` writes them. */
interface GrantFacts {
  readonly grant: string;
  readonly action: string;
  readonly person: string;
  readonly ends_at: string;
  readonly max_uses: number;
}

function grantsAfter(
  before: ReadonlyMap<string, GrantRecord>,
  { event, agent_id: agentId, timestamp, facts }: AuditEntry,
): ReadonlyMap<string, GrantRecord> {
  if (facts['grant'] === undefined) return before;
  const { grant: id, action, person, ...limits } = facts as unknown as GrantFacts;
  const grants = new Map(before);
  const known = before.get(id);
  if (event === 'grant.ended') grants.delete(id);
  else if (event === 'approval.granted' && known !== undefined)
    grants.set(id, { ...known, uses: known.uses + 1 });
  else if (event === 'grant.given')
    grants.set(id, {
      ...{ id, action, personId: person, agentId: agentId ?? '', maxUses: limits.max_uses },
      ...{ createdAt: new Date(timestamp), endsAt: new Date(limits.ends_at) },
      ...{ uses: 0, endedAt: null, endedBy: null },
    });
  return grants;
}

function absenceOf({ facts, timestamp }: AuditEntry): AbsenceRecord {
  const { absence, person, delegate, from, until } = facts as unknown as OrderFacts;
  return {
    id: absence,
    personId: person,
    delegateId: delegate,
    from: new Date(from),
    until: new Date(until),
    notedAt: new Date(timestamp),
    endedAt: null,
  };
}

function freezeOf({ facts, actor, timestamp }: AuditEntry): FreezeRecord {
  const { freeze, target } = facts as unknown as OrderFacts;
  const [kind, ...id] = target.split(':');
  return {
    id: freeze,
    target: { kind: kind === 'agent' ? 'agent' : 'connection', id: id.join(':') },
    reason: ROW_LOST,
    placedBy: actor,
    placedAt: new Date(timestamp),
    liftedAt: null,
  };
}
