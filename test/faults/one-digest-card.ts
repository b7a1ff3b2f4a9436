import type { Card } from '../../src/contracts/card.ts';
import type { Plan } from '../../src/contracts/plan.ts';
import { unescape } from '../support/html.ts';

/** Reads the bytes that would be sent, and shares no code with what makes the card of them. */

/** HubSpot keeps notes as HTML; a person reads them as text. */
const isTextOf = (html: string, after: string): boolean =>
  html === after || html.split('<br>').map(unescape).join('\n') === after;

interface Body {
  readonly properties?: Readonly<Record<string, string>>;
  readonly associations?: readonly { readonly to: { readonly id: string } }[];
}

/** What of the plan is not on its card: values by their property, records by their id. */
export function missingOnCard({ operations }: Plan, { changes, records }: Card): string[] {
  const known = new Set(records.map(({ id }) => id));
  return operations.flatMap(({ body, path }, at) => {
    const step = operations.length > 1 ? `${at + 1}. ` : '';
    const { properties = {}, associations = [] } = JSON.parse(body ?? '{}') as Body;
    const ofStep = changes.filter(({ label }) => label.startsWith(step));
    const unseen = Object.entries(properties).filter(
      ([property, value]) =>
        !ofStep.some((one) => one.property === property && isTextOf(value, one.after)),
    );
    const inPath = [...path.matchAll(/\/(\d+)(?=\/|$)/g)].map(([, id]) => id!);
    const touched = [...inPath, ...associations.map(({ to }) => to.id)];
    return [
      ...unseen.map(([property]) => `${step}${property}`),
      ...touched.filter((id) => !known.has(id)).map((id) => `${step}record ${id}`),
    ];
  });
}
