/** HubSpot's published limits, one name each. Counts are per call unless the name says otherwise. */
export const LIMITS = {
  batchInputsMax: 100,
  batchInputsWithHistoryMax: 50,
  listPageMax: 100,
  listPageDefault: 10,
  ownersPageMax: 500,
  ownersPageDefault: 100,
  associationsPageMax: 500,
  activityPageMax: 100,
  searchPageMax: 200,
  searchPageDefault: 10,
  searchResultsMax: 10_000,
  searchBodyCharactersMax: 3_000,
  filterGroupsMax: 5,
  filtersPerGroupMax: 6,
  filtersTotalMax: 18,
  uniquePropertiesPerObjectMax: 10,
  historyVersionsMax: 45,
  propertyValueCharactersMax: 65_536,
  requestBodyBytesMax: 10 * 1024 * 1024,
  requestLogEntriesMax: 200_000,
} as const;

/** The account every token of the simulator belongs to. */
export const PORTAL = {
  portalId: 47_110_815,
  timeZone: 'America/New_York',
  companyCurrency: 'USD',
  uiDomain: 'app.hubspot.com',
  dataHostingLocation: 'na1',
} as const;
