import type { Risk } from '../core/risk.ts';
import { type Html, html } from './html.ts';

export const riskMark = ({ level, reason }: Risk, isShort = false): Html =>
  html`<span class="risk risk--${level}"
    ><span class="risk__pips" aria-hidden="true"><i></i><i></i><i></i></span>Risk
    ${level}${reason === '' || isShort ? '' : `: ${reason}`}</span
  >`;
