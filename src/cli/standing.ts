import { type ErrorCode, isErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { Approval } from './door.ts';

/** Who asked may be kept from saying yes and still be the one who stops it: the gateway itself answers that. */
const STOPS_APPROVAL_ALONE: readonly ErrorCode[] = ['approval.delay_too_long'];

/** What the code does not say by itself. */
function detailOf(code: ErrorCode, { status }: Approval): string | undefined {
  if (code === 'approval.closed') return `the request is ${status}`;
  return undefined;
}

/**
 * Throws why this person's decision would not count, as the gateway knows it when it shows the card: nobody is asked
 * for a yes that is then refused. The decision itself is judged again.
 */
export function assertMayDecide(verb: 'approve' | 'reject', approval: Approval): void {
  const { you } = approval;
  if (you === undefined || you.can_decide) return;
  const code = you.code ?? '';
  if (!isErrorCode(code)) return;
  const mayStop = you.own !== undefined || STOPS_APPROVAL_ALONE.includes(code);
  if (verb === 'reject' && mayStop) return;
  throw new GatewayError(code, { detail: detailOf(code, approval) });
}

const yesesOf = ({ decisions }: Approval): number =>
  decisions.filter(({ decision }) => decision === 'approve').length;

/** "1 of 2 approvals"; undefined where one is enough. */
export function countWords(approval: Approval): string | undefined {
  const { approvals: needed } = approval.card.requires;
  return needed < 2 ? undefined : `${yesesOf(approval)} of ${needed} approvals`;
}

/** What a yes came to after which the request still waits. */
export function recordedWords(approval: Approval): string {
  const own = approval.you?.own?.counts_from;
  if (own !== undefined)
    return `Recorded. It was asked for by you, so it counts from ${own} on, unless you reject it before.`;
  const missing = approval.card.requires.approvals - yesesOf(approval);
  if (missing < 1) return 'Recorded. More people are needed.';
  const count = countWords(approval);
  const more = missing === 1 ? 'one more person is needed' : `${missing} more people are needed`;
  return count === undefined ? `Recorded: ${more}.` : `Recorded. ${count}: ${more}.`;
}
