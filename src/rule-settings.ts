import { z } from 'zod';
import {
  parseRuleSetting,
  RULE_NAMES,
  type RuleName,
  RULES,
  type RuleSetting,
  WINDOW_MAX_MS,
} from './core/detection-rules.ts';

/** What is looked for in the log, as settings have it: `100 in 60s: slow`. */

const rule = (name: RuleName) =>
  z
    .string()
    .refine((value) => parseRuleSetting(name, value) !== undefined, {
      error: `must be as ${JSON.stringify(RULES[name].default)}: more than so many in so many seconds (${WINDOW_MAX_MS / 1000} at most), and what is done then (docs/operations.md)`,
    })
    .default(RULES[name].default);

export const RULE_SETTINGS = {
  SALLYPORT_RULE_HUBSPOT_ERROR: rule('hubspot_error'),
  SALLYPORT_RULE_CONTACT_READS: rule('contact_reads'),
  SALLYPORT_RULE_CONTACT_READS_ALL: rule('contact_reads_all'),
  SALLYPORT_RULE_COMPANIES_READ: rule('companies_read'),
  SALLYPORT_RULE_HUBSPOT_UNAUTHORIZED: rule('hubspot_unauthorized'),
  SALLYPORT_RULE_REFUSALS: rule('refusals'),
  SALLYPORT_RULE_DENIED_WRITES: rule('denied_writes'),
  SALLYPORT_RULE_HASTY_APPROVALS: rule('hasty_approvals'),
  SALLYPORT_RULE_RUBBER_STAMPING: rule('rubber_stamping'),
  SALLYPORT_RULE_DECOY_TOUCHED: rule('decoy_touched'),
  SALLYPORT_RULE_LOG_BEHIND: rule('log_behind'),
  SALLYPORT_RULE_STORE_TAMPERED: rule('store_tampered'),
  SALLYPORT_RULE_RADAR_FOUND: rule('radar_found'),
  SALLYPORT_RULE_RADAR_BLIND: rule('radar_blind'),
  SALLYPORT_RULE_DOORS_FORCED: rule('doors_forced'),
} as const satisfies Record<`SALLYPORT_RULE_${Uppercase<RuleName>}`, z.ZodType>;

type RuleTexts = Readonly<Record<keyof typeof RULE_SETTINGS, string>>;

const settingName = (name: RuleName): keyof RuleTexts =>
  `SALLYPORT_RULE_${name.toUpperCase() as Uppercase<RuleName>}`;

export function rulesFrom(texts: RuleTexts): Readonly<Record<RuleName, RuleSetting>> {
  const rules = RULE_NAMES.map((name) => [name, parseRuleSetting(name, texts[settingName(name)])]);
  return Object.fromEntries(rules) as Record<RuleName, RuleSetting>;
}

const DECOY = /^(?:contacts|companies|deals|tickets|notes|tasks|calls|emails|meetings)\/\d{1,20}$/;

/** Records that no honest agent reads: `contacts/20001,companies/30002`. */
export const decoyRecords = z
  .string()
  .transform((value) => value.split(',').map((part) => part.trim()))
  .refine((parts) => parts.every((part) => DECOY.test(part)), {
    error: 'must be records such as contacts/20001, parted by commas',
  });
