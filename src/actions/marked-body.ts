/**
 * The operation marker: HubSpot has no idempotency keys and its search lags, so the new record carries
 * the request's id where a strongly consistent read can find it again after a lost answer.
 */
export const markerOf = (requestId: string): string => `[sallyport ${requestId}]`;

const HTML_ESCAPES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
  ['\n', '<br>'],
]);
const HTML_UNESCAPES = new Map([...HTML_ESCAPES].map(([text, html]) => [html, text]));

/** Engagement bodies are HTML in HubSpot: agent text must not become links, images or scripts there. */
const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"'\n]/g, (character) => HTML_ESCAPES.get(character) ?? character);

/** The HTML of an engagement body: the escaped text, if any, and the marker on a line of its own. */
export function bodyWithMarker(text: string | undefined, requestId: string): string {
  const lines = text === undefined ? '' : `${escapeHtml(text)}<br>`;
  return `${lines}${markerOf(requestId)}`;
}

/** The same for a property that is plain text in HubSpot. */
export const textWithMarker = (text: string | undefined, requestId: string): string =>
  [...(text === undefined ? [] : [text]), markerOf(requestId)].join('\n');

/** What a person reads of a body this file made: the inverse of `bodyWithMarker`, marker included. */
export const readableBody = (html: string): string =>
  html.replaceAll(/<br>|&(?:amp|lt|gt|quot|#39);/g, (part) => HTML_UNESCAPES.get(part) ?? part);
