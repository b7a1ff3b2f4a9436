import type { VaultAnswer, VaultExchange, VaultQuestion } from './vault-exchange.ts';
import type { Lease, VaultLogin } from './vault-login.ts';
import { renewLease } from './vault-login.ts';

export const SESSION_LIMITS = {
  /** Of a token's time: after it, it is renewed, with as much left for tries that fail. */
  renewShare: 0.5,
  retryMs: 1_000,
  /** Between two logins that a refused token is the reason for: a policy that lacks a path is not mended by them. */
  loginEveryMs: 2_000,
  /** The longest that Node's timers take. */
  timerMaxMs: 2 ** 31 - 1,
} as const;

interface Held extends Lease {
  readonly sinceMs: number;
}

export interface VaultSession {
  /**
   * Asks with a token that holds. One that is refused is exchanged for another at once, and the question is asked
   * again, once. Throws `secret.unavailable`.
   */
  ask(question: VaultQuestion): Promise<VaultAnswer>;
}

const endsIn = ({ sinceMs, ttlMs }: Held): number =>
  ttlMs === undefined ? Infinity : sinceMs + ttlMs - performance.now();

/**
 * One login for all questions of this process, renewed by the clock and not by use: a gateway that nobody asks
 * anything for a day must still hold its token. Logins and renewals are made one at a time.
 */
export function createVaultSession(exchange: VaultExchange, login: VaultLogin): VaultSession {
  let held: Held | undefined;
  let entering: Promise<Held> | undefined;
  let clock: NodeJS.Timeout | undefined;
  let replacedAt = -Infinity;

  const wake = (afterMs: number): void => {
    clearTimeout(clock);
    const waitMs = Math.min(
      Math.max(afterMs, SESSION_LIMITS.retryMs / 2),
      SESSION_LIMITS.timerMaxMs,
    );
    clock = setTimeout(() => void keepAlive(), waitMs).unref();
  };

  const hold = (lease: Lease, sinceMs: number): Held => {
    clearTimeout(clock);
    if (lease.ttlMs !== undefined) wake(lease.ttlMs * SESSION_LIMITS.renewShare);
    held = { ...lease, sinceMs };
    return held;
  };

  const enter = (way: VaultLogin): Promise<Held> => {
    const sinceMs = performance.now();
    entering ??= way()
      .then((lease) => hold(lease, sinceMs))
      .finally(() => (entering = undefined));
    return entering;
  };

  /** Tried again until the token has ended; from then on, whoever asks logs in anew. */
  const keepAlive = async (): Promise<void> => {
    if (held === undefined || endsIn(held) <= 0) return;
    const present = held;
    try {
      await enter(() => renewed(exchange, present, login));
    } catch {
      wake(SESSION_LIMITS.retryMs);
    }
  };

  /** Undefined: one was made for this reason a moment ago, and another would be refused as well. */
  const another = async (refused: string): Promise<string | undefined> => {
    if (held !== undefined && held.token !== refused) return held.token;
    if (entering !== undefined) return (await entering).token;
    const now = performance.now();
    if (now - replacedAt < SESSION_LIMITS.loginEveryMs) return undefined;
    replacedAt = now;
    return (await enter(login)).token;
  };

  return {
    async ask(question) {
      const { token } =
        held !== undefined && endsIn(held) > 0 ? held : await (entering ?? enter(login));
      const answer = await exchange.ask({ ...question, token });
      if (answer.status !== 403) return answer;
      const other = await another(token);
      return other === undefined ? answer : exchange.ask({ ...question, token: other });
    },
  };
}

/** A renewal that is refused, or that comes close to the token's last day, is a login; where that fails, what is left counts. */
async function renewed(exchange: VaultExchange, present: Held, login: VaultLogin): Promise<Lease> {
  const lease = present.isRenewable ? await renewLease(exchange, present.token) : undefined;
  if (lease === undefined) return login();
  const isEnough = (lease.ttlMs ?? Infinity) >= (present.ttlMs ?? 0) / 2;
  return isEnough ? lease : login().catch(() => lease);
}
