import { setTimeout as sleep } from 'node:timers/promises';
import { connectDependencies } from '../../src/dependencies.ts';
import type { Approval } from '../../src/contracts/approval.ts';
import type { RequestRecord } from '../../src/core/records.ts';
import { isTerminal } from '../../src/core/request-state.ts';
import type { TakeBackPlan } from '../../src/gate/divided-undos.ts';
import { planTakeBack, type TakeBackDependencies } from '../../src/gate/take-back-plan.ts';
import {
  requestTakeBack,
  type TakeBackAsked,
  type TakeBackOrder,
} from '../../src/gate/take-back-request.ts';
import type { TestGateway } from './gateway.ts';

const UNTIL_MAX_MS = 60_000;
const POLL_MS = 50;

/** What `sallyport revert` does, beside a gateway that runs in this process. */
export interface TakingBack {
  readonly deps: TakeBackDependencies;
  plan(ids: readonly string[]): Promise<TakeBackPlan>;
  ask(order: Pick<TakeBackOrder, 'of' | 'undo'> & Partial<TakeBackOrder>): Promise<TakeBackAsked>;
  /** Plans and asks for all of it; the ids of the requests. */
  askAll(ids: readonly string[]): Promise<string[]>;
  /** Its approval once its card is made. */
  card(id: string): Promise<Approval>;
  ended(id: string): Promise<RequestRecord>;
  /** Waits for the card, approves it and waits for the end. */
  carryOut(id: string): Promise<RequestRecord>;
  /** An agent's write, approved and executed; its id. */
  written(action: Record<string, unknown>): Promise<string>;
}

export function takingBack(gateway: TestGateway, hubspotUrl: string): TakingBack {
  const { crm } = connectDependencies(gateway.context, hubspotUrl);
  const store = () => gateway.context.store;
  const deps = () => ({ store: store(), crm, connection: 'main' });

  async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + UNTIL_MAX_MS;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
      await sleep(POLL_MS);
    }
  }

  const self: TakingBack = {
    get deps() {
      return deps();
    },
    plan: (ids) => planTakeBack(deps(), ids),
    ask: (order) => {
      const { policy, config } = gateway.context;
      const rules = { policy, approvalMs: config.timing.approvalMs, clock: () => new Date() };
      const of = { userId: 'operator', reason: 'It was wrong.', by: 'operator', ...order };
      return requestTakeBack(deps(), rules, of);
    },
    askAll: async (ids) => {
      const asked: string[] = [];
      for (const order of (await self.plan(ids)).to_take_back)
        asked.push((await self.ask(order)).requestId);
      return asked;
    },
    card: (id) =>
      until(`the card of ${id}`, async () => {
        const { status, body } = await gateway.approver.call('GET', `/v1/approvals/${id}`);
        const now = await store().requests.status(id);
        if (now !== undefined && isTerminal(now)) throw new Error(`${id} ended as ${now}`);
        return status === 200 && body.status === 'awaiting_approval' ? body : undefined;
      }),
    ended: (id) =>
      until(`the end of ${id}`, async () => {
        const request = await store().requests.get(id);
        return request !== undefined && isTerminal(request.status) ? request : undefined;
      }),
    carryOut: async (id) => {
      const { card } = await self.card(id);
      await gateway.approve(id, card.digest);
      return self.ended(id);
    },
    written: async (action) => {
      const { body } = await gateway.submit(action);
      if (body.status !== 'awaiting_approval') throw new Error(JSON.stringify(body));
      await gateway.approve(body.id, body.digest);
      const { status, code } = await self.ended(body.id);
      if (status !== 'succeeded') throw new Error(`${body.id} ended as ${status} ${code ?? ''}`);
      return body.id;
    },
  };
  return self;
}
