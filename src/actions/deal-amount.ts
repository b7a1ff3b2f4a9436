import type { PresentRecord } from './define-action.ts';

/** A deal without an amount holds none; one whose amount was not read, or is no number, may hold any. */
function amountOf({ properties: { amount } }: PresentRecord): number {
  if (amount === null || amount === '') return 0;
  const held = Math.abs(Number(amount));
  return Number.isNaN(held) ? Infinity : held;
}

/**
 * A deal is as large as it is now or as the write makes it: also its name is changed for that much.
 * `Infinity` when it cannot be told: more people look then. Before it was read, what the input names.
 */
export function dealMoney(
  dealId: string,
  named: { readonly amount?: number },
  present: readonly PresentRecord[] | undefined,
): { readonly isAmountHeld: true; readonly amount?: number } {
  if (present === undefined) return { isAmountHeld: true, ...named };
  const deal = present.find(({ object_type, id }) => object_type === 'deals' && id === dealId);
  const held = deal === undefined ? Infinity : amountOf(deal);
  return { isAmountHeld: true, amount: Math.max(held, named.amount ?? 0) };
}
