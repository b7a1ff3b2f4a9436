import {
  type Check,
  type CheckName,
  type Clock,
  firstPersonOf,
  type IncidentRecord,
  type IncidentStage,
} from './incident.ts';

/** The words of an incident, once for console, command line and Temporal's UI. */

export const STAGE_TITLES: Readonly<Record<IncidentStage, string>> = {
  containing: 'Contain',
  rotating: 'Revoke and rotate the key in HubSpot',
  verifying: 'Verify',
  assessing: 'Assess',
  reverting: 'Revert',
  resuming: 'Resume',
  closed: 'Closed',
};

export const CHECK_TITLES: Readonly<Record<CheckName, string>> = {
  old_key_dead: 'Old key refused',
  same_account: 'Same account',
  exact_scopes: 'Exactly the scopes we need',
  rotation_seen: 'Rotation in HubSpot’s security log',
  canary: 'Write, read back, remove',
  log_whole: 'Log without a gap',
};

/** What has come to its end when a clock stops. */
export const CLOCK_TITLES: Readonly<Record<Clock, string>> = {
  contained: 'contained',
  supplied: 'new key stored',
  old_key_dead: 'old key dead',
  verified: 'new key verified',
  assessed: 'assessed',
  reverted: 'set back',
  closed: 'closed',
};

/** How the line about a later edit begins: by it the console knows which value is kept (law 12). */
export const laterEditStart = (objectType: string, objectId: string, property: string): string =>
  `${objectType} ${objectId}: ${property} was changed since`;

/** The part of HubSpot where a key is rotated; its address holds nothing but the account's number. */
export const keyPage = (portalId: number): string =>
  `https://app.hubspot.com/private-apps/${portalId}`;

/** The step that only a person can do: HubSpot has no API that revokes a key. */
export function rotateSteps(portalId: number | undefined): readonly string[] {
  const account = portalId === undefined ? 'your HubSpot account' : `HubSpot account ${portalId}`;
  const page = portalId === undefined ? '' : ` Private app: ${keyPage(portalId)}`;
  return [
    `Open the key in ${account}. Service key: Development › Keys › Service keys.${page}`,
    'Choose “Rotate and expire now”. Not “later”: the old key would live for 7 more days. We will notice if it does.',
    'Store the new key: in the console, or with npx sallyport secret set hubspot/main. It is never shown again.',
  ];
}

const checkLine = ({ name, state, detail }: Check): string =>
  `${{ passed: '✓', failed: '✗', waiting: '…', not_possible: '–' }[state]} ${CHECK_TITLES[name]}: ${detail}`;

/** What a clean look says nothing about: never a check mark for what was not checked. */
export const NOT_LOOKED_AT =
  'Not looked at: associations, merges and erasures. HubSpot keeps no history of them.';

/** How each stage stands, and who has to do what. */
export const STAGE_WORDS: Readonly<
  Record<IncidentStage, (incident: IncidentRecord, portalId?: number) => string[]>
> = {
  containing: () => ['Frozen. What had not begun is being ended.'],
  rotating: (_, portalId) => [
    'A person’s step: rotate the key. HubSpot offers no way for us to do this.',
    ...rotateSteps(portalId).map((step, index) => `${index + 1}. ${step}`),
  ],
  verifying: () => ['The new key is being verified.'],
  assessing: () => ['Every change under our key is being matched with the log.'],
  reverting: ({ takeBacks }) => [
    `A person’s step: decide on what is to be set back (${takeBacks.length} open or ended).`,
  ],
  resuming: (incident) => {
    const first = firstPersonOf(incident);
    const but = first === undefined ? '' : ` Not ${first}: nobody opens alone what they shut.`;
    return [
      `A second person’s step: resume.${but}`,
      'In the console; or, who has no passkey, with npx sallyport incident resume --key-file <their key>.',
    ];
  },
  closed: () => ['Closed. Calls start again.'],
};

/** Of a key that is kept nothing had to be found out: that it still works is as it should be. */
function checkLines({ isFalseAlarm, checks }: IncidentRecord): string[] {
  return isFalseAlarm ? ['It was a false alarm: the key is kept.'] : checks.map(checkLine);
}

/** How it stands, and who has to do what. */
export function describeIncident(incident: IncidentRecord, portalId?: number): readonly string[] {
  const { id, stage } = incident;
  return [
    `Incident ${id}: ${STAGE_TITLES[stage]}`,
    ...STAGE_WORDS[stage](incident, portalId),
    ...checkLines(incident),
  ];
}
