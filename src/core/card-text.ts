import type { Card } from '../contracts/card.ts';
import { partsOf } from './card-rows.ts';
import { hubspotPage } from './notice-text.ts';
import { columnsIn, linesOf, type Row } from './ruled-rows.ts';
import { spellOutUnseen } from './unseen.ts';

/** Text as it is, with invisible and direction-changing characters spelled out. */
export const visible = spellOutUnseen;

const pageRows = ({ records }: Card): Row[] =>
  records.flatMap(({ url }) => {
    const page = hubspotPage(url);
    return page === undefined ? [] : [{ name: 'In HubSpot', own: page }];
  });

/**
 * The card as plain lines for terminals, all of it in full. A terminal breaks long lines by itself, and what goes on at
 * its left edge could pass for words of ours: values are broken and ruled before that. `width` is the terminal's, where
 * it is known.
 */
export function cardLines(card: Card, width?: number): string[] {
  const rows = partsOf(card).flatMap((part) => part.rows);
  const all = [...rows, { name: 'Until', own: card.expires_at }, ...pageRows(card)];
  return linesOf(all, columnsIn(width));
}
