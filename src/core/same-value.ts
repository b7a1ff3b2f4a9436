/**
 * Whether two texts are one value to HubSpot, which keeps values in a form of its own: numbers with or
 * without decimals, times in ISO 8601 or as milliseconds, e-mail addresses in lower case. Whoever asks
 * settles or takes back a write by it, so what is not surely the same is another value.
 * https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide#property-type-and-fieldtype-values
 */
type Form = (text: string) => string | undefined;

const NUMBER = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/;
const INTEGER = /^\d{1,20}$/;
const MILLISECONDS = /^-?\d{1,16}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** With `Z` or an offset: a time without one would be another in another zone. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/** Digit by digit: as a float, two amounts could become one. */
function numberForm(text: string): string | undefined {
  const [, sign = '', whole, decimals = ''] = NUMBER.exec(text.trim()) ?? [];
  if (whole === undefined) return undefined;
  const digits = decimals === '' ? whole : `${whole}.${decimals}`;
  return /[1-9]/.test(digits) ? `${sign}${digits}` : '0';
}

/** Milliseconds since 1970; a day alone is its midnight in UTC, as HubSpot keeps one. */
function instantForm(text: string): string | undefined {
  if (MILLISECONDS.test(text)) return String(Number(text));
  if (!DAY.test(text) && !INSTANT.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : String(ms);
}

const emailForm: Form = (text) => text.trim().toLowerCase();
/** People write one number with and without blanks; any other difference is another number. */
const phoneForm: Form = (text) => text.replaceAll(/\s/g, '');
const idForm: Form = (text) => (INTEGER.test(text.trim()) ? text.trim() : undefined);

/** HubSpot property -> its values in one form. One that is not here is compared as it is written. */
const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['amount', numberForm],
  ['hs_call_duration', numberForm],
  ['closedate', instantForm],
  ['hs_timestamp', instantForm],
  ['email', emailForm],
  ['domain', emailForm],
  ['phone', phoneForm],
  ['hubspot_owner_id', idForm],
]);

/** Null, undefined and `""` are all "no value". A value whose form is not known is itself alone. */
export function isSameValue(
  property: string,
  one: string | null | undefined,
  other: string | null | undefined,
): boolean {
  const [a, b] = [one ?? '', other ?? ''];
  if (a === b) return true;
  if (a === '' || b === '') return false;
  const form = FORMS.get(property);
  const inForm = form?.(a);
  return inForm !== undefined && inForm === form?.(b);
}
