import type { Approval, DecisionView } from '../contracts/approval.ts';
import { changedTo } from '../core/changed.ts';
import { errorCodeOf, GatewayError } from '../core/gateway-error.ts';
import type { DecisionRecord, PersonRecord, RequestRecord } from '../core/records.ts';
import { isTerminal } from '../core/request-state.ts';
import { absencesAt, fromStandingPlaces } from '../gate/absences.ts';
import { isChangeable } from '../gate/changes.ts';
import { placeToDecide, type Waiting } from '../gate/eligible.ts';
import { isOutOfDate, placeToRenew, renewalOf } from '../gate/renewals.ts';
import { requesterIn } from '../gate/requester.ts';
import type { Store } from '../ports/store.ts';
import type { ApiContext } from './api-context.ts';

/** Until when something was allowed ahead; of a grant that does not open that it was. */
async function grantOf(
  { grants }: Pick<Store, 'grants'>,
  { proof, reason, validUntil }: DecisionRecord,
): Promise<Pick<DecisionView, 'grant'>> {
  if (proof !== 'grant' || reason === null) return {};
  const grant = await grants.get(reason).catch(() => undefined);
  return { grant: { id: reason, ends_at: (grant?.endsAt ?? validUntil).toISOString() } };
}

export async function decisionViews(
  store: Pick<Store, 'grants'>,
  decisions: readonly DecisionRecord[],
  people: readonly PersonRecord[],
): Promise<DecisionView[]> {
  const named = (person: string) => {
    const name = people.find(({ id }) => id === person)?.name;
    return { person, ...(name === undefined ? {} : { name }) };
  };
  const views = decisions.map(async (made): Promise<DecisionView> => {
    const { personId, decision, proof, decidedAt, reason, inPlaceOf } = made;
    return {
      ...named(personId),
      ...(inPlaceOf === null ? {} : { in_place_of: named(inPlaceOf) }),
      decision,
      proof,
      decided_at: decidedAt.toISOString(),
      ...(await grantOf(store, made)),
      ...(decision === 'reject' && reason !== null ? { reason } : {}),
    };
  });
  return Promise.all(views);
}

/** Of an open request what it waits for, of one that has ended why. */
function codeOf({
  code,
  detail,
  status,
}: RequestRecord): Pick<Approval, 'code' | 'detail' | 'waiting_for'> {
  if (code === null) return {};
  if (!isTerminal(status)) return { waiting_for: code };
  // Of one that was changed it names the successor, which is told by itself.
  return detail === null || status === 'changed' ? { code } : { code, detail };
}

interface InItsPlace {
  readonly successor: string;
  readonly by: string;
}

function inItsPlace({ successor, by }: InItsPlace, people: readonly PersonRecord[]) {
  const name = people.find(({ id }) => id === by)?.name;
  return { successor, by, ...(name === undefined ? {} : { name }) };
}

/** Of a request that was changed, into which and by whom. */
function changedOf(
  request: RequestRecord,
  people: readonly PersonRecord[],
): Pick<Approval, 'changed'> {
  const changed = changedTo(request);
  return changed === undefined ? {} : { changed: inItsPlace(changed, people) };
}

/** Of a request that was out of date, its new card, or whether the reader may have one made. */
async function renewalView(
  { log }: Pick<Store, 'log'>,
  of: Waiting,
  reader: PersonRecord,
): Promise<Pick<Approval, 'can_renew' | 'renewed'>> {
  if (!isOutOfDate(of.request)) return { can_renew: false };
  const renewal = await renewalOf(log, of.request.id);
  if (renewal !== undefined) return { can_renew: false, renewed: inItsPlace(renewal, of.people) };
  return { can_renew: typeof placeToRenew(of, reader) !== 'string' };
}

function readerView(place: ReturnType<typeof placeToDecide>): Approval['you'] {
  if (typeof place === 'string') return { can_decide: false, code: place };
  const { absence, holder, own } = place;
  if (own !== undefined) {
    if (!own.isMade) return { can_decide: true, own: { delay_seconds: own.delayMs / 1000 } };
    const counts_from = own.countsFrom.toISOString();
    return { can_decide: false, code: 'approval.already_decided', own: { counts_from } };
  }
  return { can_decide: true, ...(absence === null ? {} : { in_place_of: holder.id }) };
}

/** Makes approvals as this person sees them. Throws `approval.not_found` for a request without a card. */
export async function approvalViews(
  {
    store,
    policy,
    askPolicy,
    settings,
  }: Pick<ApiContext, 'store' | 'policy' | 'askPolicy' | 'settings'>,
  reader: PersonRecord,
): Promise<(request: RequestRecord) => Promise<Approval>> {
  // For people to look at: one damaged row of the roster must not hide what waits.
  const { rows: people } = await store.people.legible();
  const absences = await absencesAt(store, new Date());
  return async (request) => {
    const { id, status, card, createdAt, updatedAt } = request;
    if (card === null) throw new GatewayError('approval.not_found');
    const [earlier, agent] = await Promise.all([
      store.decisions.of(id),
      store.agents.get(request.agentId),
    ]);
    const now = new Date();
    const requester = await requesterIn(store, request.submission.userId, people);
    const { selfApprovalMs } = settings;
    const of = {
      request,
      agent,
      people,
      requester,
      earlier: await fromStandingPlaces(store, earlier),
      absences,
      policy: policy(),
      now,
      askPolicy,
      selfApprovalMs,
    };
    const renewal = await renewalView(store, of, reader);
    return {
      id,
      status,
      ...codeOf(request),
      asked_at: createdAt.toISOString(),
      updated_at: updatedAt.toISOString(),
      card,
      can_change: status === 'awaiting_approval' && isChangeable(request),
      ...changedOf(request, people),
      ...renewal,
      decisions: await decisionViews(store, earlier, people),
      you: readerView(placeToDecide(of, reader)),
    };
  };
}

/** Those of many that open, and the ids of the others: decisions that do not open, a card that is gone. */
export async function legibleApprovals(
  context: Pick<ApiContext, 'store' | 'policy' | 'askPolicy' | 'settings'>,
  reader: PersonRecord,
  requests: readonly RequestRecord[],
): Promise<{ readonly approvals: Approval[]; readonly damaged: string[] }> {
  const viewOf = await approvalViews(context, reader);
  const viewOrId = async (request: RequestRecord): Promise<Approval | string> => {
    try {
      return await viewOf(request);
    } catch (error) {
      const code = errorCodeOf(error);
      if (code === 'plan.tampered' || code === 'approval.not_found') return request.id;
      throw error;
    }
  };
  const views = await Promise.all(requests.map(viewOrId));
  return {
    approvals: views.filter((view) => typeof view !== 'string'),
    damaged: views.filter((view) => typeof view === 'string'),
  };
}
