import type { CallPurpose, CrmAnswer } from '../../ports/crm.ts';

/** Of a HubSpot that hangs a read is given up so early that the agent is told within two seconds. */
const HANGING_MS = 1_500;
/** So often one is given its whole time all the same: what is slow and not hanging is found out by it. */
const WHOLE_TIME_EVERY_MS = 30_000;
/** An answer may take so many times as long as the slowest of these last reads. */
const SLACK = 3;
const READS_REMEMBERED = 50;
/** What an agent waits for that asks: what it reads, and what the card of its write shows. */
const WAITED_FOR: ReadonlySet<CallPurpose | undefined> = new Set(['read', 'card']);

/** One exchange, as it went. */
export interface HeardCall {
  readonly connection: string;
  readonly purpose: CallPurpose | undefined;
  readonly answer: CrmAnswer;
  readonly tookMs: number;
}

/** How long to wait for HubSpot. Of one process; safe for concurrent use. */
export interface Patience {
  /** For this call, ms. */
  deadlineFor(connection: string, purpose: CallPurpose | undefined): number;
  /** What came of one. */
  heard(call: HeardCall): void;
}

interface Manners {
  /** Of the last reads, oldest first, ms. */
  readonly tookMs: number[];
  /** When the call that was answered last in the order of sending was sent. */
  answeredSentMs: number;
  /** While it hangs: when a call was last given its whole time. */
  hangingSinceMs: number | undefined;
}

const isTimeout = (answer: CrmAnswer): boolean =>
  answer.kind === 'lost' && answer.code === 'hubspot.timeout';

/**
 * Agents who ask while HubSpot hangs are to be told so at once, and a search that takes its time is to be waited for.
 * So a read that an agent waits for gets three times what the slowest of the last ones took, and at least a second and a
 * half: the first one of a process, of which nothing is known, its whole time. One that is late although a call sent after it
 * was answered was slow; else HubSpot hangs, and reads are short until it answers anything. What nobody waits for, and
 * everything that writes, keeps its time: there a short one would only make more answers unknown.
 */
export function createPatience(deadlineMs: number, nowMs = () => performance.now()): Patience {
  const connections = new Map<string, Manners>();

  const mannersOf = (connection: string): Manners => {
    const known = connections.get(connection);
    if (known !== undefined) return known;
    const made = { tookMs: [], answeredSentMs: -Infinity, hangingSinceMs: undefined };
    connections.set(connection, made);
    return made;
  };

  const usual = ({ tookMs }: Manners): number =>
    tookMs.length === 0 ? deadlineMs : Math.max(HANGING_MS, SLACK * Math.max(...tookMs));

  return {
    deadlineFor: (connection, purpose) => {
      if (!WAITED_FOR.has(purpose)) return deadlineMs;
      const manners = mannersOf(connection);
      const { hangingSinceMs } = manners;
      if (hangingSinceMs === undefined) return Math.min(deadlineMs, usual(manners));
      if (nowMs() - hangingSinceMs < WHOLE_TIME_EVERY_MS) return Math.min(deadlineMs, HANGING_MS);
      manners.hangingSinceMs = nowMs();
      return deadlineMs;
    },
    heard: ({ connection, purpose, answer, tookMs }) => {
      const manners = mannersOf(connection);
      const sentMs = nowMs() - tookMs;
      const isAnswered = 'status' in answer;
      const isSlow = isTimeout(answer) && sentMs < manners.answeredSentMs;
      if (WAITED_FOR.has(purpose) && (isAnswered || isSlow)) {
        manners.tookMs.push(tookMs);
        if (manners.tookMs.length > READS_REMEMBERED) manners.tookMs.shift();
      }
      if (isAnswered) {
        manners.answeredSentMs = Math.max(manners.answeredSentMs, sentMs);
        manners.hangingSinceMs = undefined;
      } else if (isTimeout(answer) && !isSlow) manners.hangingSinceMs ??= nowMs();
    },
  };
}
