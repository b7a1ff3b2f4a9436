/** Plain text in the engine's visibility store, so never personal data. All are Keywords. */
export const SEARCH_ATTRIBUTES = {
  agent: 'SallyportAgent',
  action: 'SallyportAction',
  connection: 'SallyportConnection',
} as const;

/** As a namespace has to know them. */
export const KEYWORD_ATTRIBUTES: Readonly<Record<string, 'Keyword'>> = Object.fromEntries(
  Object.values(SEARCH_ATTRIBUTES).map((name) => [name, 'Keyword']),
);
