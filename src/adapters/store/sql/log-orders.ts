import type { AuditEntry } from '../../../contracts/audit-entry.ts';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { GrantRecord } from '../../../core/grants.ts';
import type { AbsenceRecord, FreezeRecord } from '../../../core/records.ts';
import {
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
};

const ROW_LOST = 'its row in the store was changed or taken out; the log has it';

/**
 * What the log says of standing freezes, credentials in use, Slack users, grants, absences and revocations, whatever their rows say. Each entry's
 * voucher names the newest order before it, so they are found one by one from the end of the log, and
 * once in the life of a process. Throws `freeze.active` when one of them is gone, or the end of the log is,
 * or does not open: that may be a freeze.
 */
export async function ordersOf(reader: Reader): Promise<Orders> {
  const { orders, lost } = await knownOrders(reader);
  if (lost !== undefined) throw lost;
  return orders ?? NONE;
}

/** Who was revoked, as far as it is known. */
export interface Revoked {
  readonly ids: Orders['revoked'];
  /** An order is lost, and this process has begun after that: somebody else may be among them. */
  readonly isUnsure: boolean;
}

/** Does not throw for an order that is lost: who is told of that has to be known all the same. */
export async function revokedIn(reader: Reader): Promise<Revoked> {
  const { orders, lost } = await knownOrders(reader);
  return { ids: (orders ?? NONE).revoked, isUnsure: orders === undefined && lost !== undefined };
}

interface KnownOrders {
  /** Where one is lost, those that this process knew before, and what opened since; undefined when it knew none. */
  readonly orders: Orders | undefined;
  readonly lost: GatewayError | undefined;
}

async function knownOrders(reader: Reader): Promise<KnownOrders> {
  const { scan, isCommitted } = reader;
  const last = await lastRow(reader);
  const kept = scan.orders();
  const end = endOf(last);
  // Everybody who comes is looked up by them: where the log ends as it did, nothing is opened again.
  if (kept?.end === end && sizeWith(last) >= scan.known().to)
    return { orders: kept.orders, lost: undefined };
  const { known, later, lost } = await walkOrders(reader, last, kept?.orders);
  const before = known ?? (lost === undefined ? NONE : kept?.orders);
  if (before === undefined) return { orders: undefined, lost };
  const orders = later.reduce(applied, before);
  // Those of a unit may yet be undone.
  if (isCommitted && lost === undefined) scan.keepOrders({ orders, end });
  return { orders, lost };
}

/** Each entry has a nonce, so that no two logs end in the same way. */
function endOf(last: VouchedRow | undefined): string {
  if (last === undefined) return '';
  const { leaf, voucher, ...clear } = last;
  return [JSON.stringify(clear), ...[leaf, voucher].map(base64)].join(' ');
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const sizeWith = (last: VouchedRow | undefined): number => (last === undefined ? 0 : last.idx + 1);

interface Walk {
  /** Those up to where an earlier walk ended; undefined where this one began at the first. */
  readonly known: Orders | undefined;
  /** What opened after that, the oldest first. */
  readonly later: readonly VouchedRow[];
  readonly lost: GatewayError | undefined;
}

async function walkOrders(
  reader: Reader,
  last: VouchedRow | undefined,
  kept: Orders | undefined,
): Promise<Walk> {
  const later: VouchedRow[] = [];
  let index = newestIn(reader, last);
  while (typeof index === 'number') {
    const row = await rowAt(reader, index);
    if (row !== undefined && kept?.key === keyOf(row))
      return { known: kept, later, lost: undefined };
    if (row === undefined || !opens(reader, row))
      return { known: undefined, later, lost: orderLost(index) };
    later.unshift(row);
    index = tallyBefore(reader, row)?.orders ?? null;
  }
  return { known: undefined, later, lost: index ?? undefined };
}

/** Where the newest order is, or may be, in a log that ends with this row. */
function newestIn(reader: Reader, last: VouchedRow | undefined): number | GatewayError | null {
  const size = sizeWith(last);
  if (size < reader.scan.known().to) return orderLost(size);
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

const entryOf = ({ leaf }: VouchedRow): AuditEntry =>
  JSON.parse(Buffer.from(leaf).toString('utf8')) as AuditEntry;

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
  return { key: keyOf(row), freezes, credentials, links, grants, absences, revoked };
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
