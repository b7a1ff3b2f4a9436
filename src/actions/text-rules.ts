import { z } from 'zod';

/** An emoji as Unicode lists it may join and colour its parts with characters that are invisible elsewhere. */
const EMOJI = /\p{RGI_Emoji}/gv;

/** Controls, format characters (zero-width, bidi), blanks that look like nothing, lone surrogates. */
const UNSEEN_IN_A_LINE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Cs}]/v;

/**
 * Longer text keeps line breaks, tabs and the joiners that Persian, Arabic and Indic scripts are written
 * with. Bidi overrides and isolates (they reorder what an approver reads), Unicode tags and variation
 * selectors (they carry hidden instructions) have no place in it.
 */
const UNSEEN_IN_TEXT =
  /[[\p{Cc}--[\n\t]]\p{Zl}\p{Zp}\p{Cs}\u202A-\u202E\u2066-\u2069\u{E0000}-\u{E0FFF}]/v;

function unseenCharacter(text: string, unseen: RegExp): string | undefined {
  const found = unseen.exec(text.replaceAll(EMOJI, ''))?.[0].codePointAt(0);
  return found === undefined ? undefined : `U+${found.toString(16).toUpperCase().padStart(4, '0')}`;
}

const refuseUnseen =
  (unseen: RegExp) =>
  (text: string, context: z.core.$RefinementCtx<string>): void => {
    const character = unseenCharacter(text, unseen);
    if (character === undefined) return;
    context.addIssue({
      code: 'custom',
      message: `carries a character that people cannot see (${character})`,
      input: text,
    });
  };

/** One visible line: names, subjects, search words. Outer blanks are cut off. `maxChars` in UTF-16 units. */
export const oneLine = (maxChars: number): z.ZodString =>
  z.string().trim().min(1).max(maxChars).superRefine(refuseUnseen(UNSEEN_IN_A_LINE));

/** Text of several lines. Windows line ends become `\n`, outer blanks are cut off. */
export const multiLine = (maxChars: number): z.ZodString =>
  z
    .string()
    .overwrite((text) => text.replaceAll('\r\n', '\n'))
    .trim()
    .min(1)
    .max(maxChars)
    .superRefine(refuseUnseen(UNSEEN_IN_TEXT));

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
