import type { GateStatus } from '../contracts/gate-status.ts';
import type { PersonView } from '../contracts/roster-view.ts';
import type { Assets } from './assets.ts';
import { type Html, html } from './html.ts';
import type { Note } from './notes.ts';

/** What every page after the door knows. */
export interface Frame {
  readonly assets: Assets;
  readonly reader: PersonView;
  readonly status: GateStatus;
  /** Everybody on the roster, for names. */
  readonly people: readonly PersonView[];
  readonly formToken: string;
  readonly now: Date;
  /** The reader's time zone. */
  readonly zone: string;
  readonly note: Note | undefined;
}

export type Place = 'waiting' | 'requests' | 'agents' | 'incidents' | 'log' | 'none';

export const isFrozen = ({ status }: Frame): boolean =>
  status.freezes.some(({ target }) => target.kind === 'connection');

export const tokenField = ({ formToken }: Frame): Html =>
  html`<input type="hidden" name="form_token" value="${formToken}" />`;

/** A form with one button, for what needs nothing else. */
export const oneButton = (
  frame: Frame,
  of: { readonly action: string; readonly fields?: Html; readonly button: Html },
): Html =>
  html`<form method="post" action="${of.action}">
    ${tokenField(frame)}${of.fields}${of.button}
  </form>`;
