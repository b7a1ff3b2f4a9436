import { z } from 'zod';
import { needlessUnseen } from '../core/unseen.ts';

/**
 * Tab, line feed, and the two marks that right-to-left text needs where directions meet: they turn no
 * letters around, and the card spells them out.
 */
const TAKEN_IN_TEXT: readonly string[] = ['U+0009', 'U+000A', 'U+200E', 'U+200F'];

/**
 * Refuses what an approver would not see or would read in another order, unless the text's own script
 * needs it; the card spells out the rest.
 */
const refuseUnseen =
  (taken: readonly string[]) =>
  (text: string, context: z.core.$RefinementCtx<string>): void => {
    const character = needlessUnseen(text).find((name) => !taken.includes(name));
    if (character === undefined) return;
    context.addIssue({
      code: 'custom',
      message: `carries a character that people cannot see (${character})`,
      input: text,
    });
  };

/** One visible line: names, subjects, search words. Outer blanks are cut off. `maxChars` in UTF-16 units. */
export const oneLine = (maxChars: number): z.ZodString =>
  z.string().trim().min(1).max(maxChars).superRefine(refuseUnseen([]));

/** Text of several lines. Windows line ends become `\n`, outer blanks are cut off. */
export const multiLine = (maxChars: number): z.ZodString =>
  z
    .string()
    .overwrite((text) => text.replaceAll('\r\n', '\n'))
    .trim()
    .min(1)
    .max(maxChars)
    .superRefine(refuseUnseen(TAKEN_IN_TEXT));

/** HubSpot keeps e-mail addresses in lower case and tells contacts apart by them. */
export const emailAddress = (): z.ZodEmail => z.email().max(254).toLowerCase();

/** RFC 3339 with `Z` or an offset; a date alone would be another day in another time zone. */
export const dateTime = (description: string): z.ZodISODateTime =>
  z.iso.datetime({ offset: true }).meta({
    description: `${description} RFC 3339 with offset, such as 2026-12-01T15:00:00Z.`,
  });

/** HubSpot ids are decimal numbers as text, written in one way only so that they compare as text. */
export const hubspotId = (description: string): z.ZodString =>
  z
    .string()
    .regex(/^[1-9]\d{0,19}$/, { error: 'is not a HubSpot id' })
    .meta({ description });
