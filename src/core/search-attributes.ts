/** Plain text in the engine's visibility store, so never personal data. All are Keywords. */
export const SEARCH_ATTRIBUTES = {
  agent: 'SallyportAgent',
  action: 'SallyportAction',
  connection: 'SallyportConnection',
} as const;
